#!/usr/bin/env python3
"""Each rule of tidy.py, broken once in a small tree of its own: a rule that cannot fail is none."""

import pathlib
import tempfile
import unittest

import tidy

TABLE = {"base": [], "plan": ["base"], "ledger": ["base", "plan"], "app": ["*"]}
CLEAN = {
    "engine/base/CMakeLists.txt": "",
    "engine/base/clock.cc": "auto now() { return std::chrono::system_clock::now(); }\n",
    "engine/plan/CMakeLists.txt": "",
    "engine/plan/plan.h": '#pragma once\n#include <string>\n#include "base/clock.h"\n',
    "engine/plan/plan.cc": 'const auto text = "std::system(new x)"; // sleep_for(1)\nint n = 1\'000\'000;\n'
                           "std::unique_ptr<Plan> p(new Plan(1));\n"
                           "try { f(); } catch (...) { undo(); throw; }\n",
    "engine/ledger/CMakeLists.txt": "",
    "engine/app/CMakeLists.txt": "",
    "engine/app/main.cc": '#include "ledger/ledger.h"\nint main() { printf("hello"); }\n',
}


class TidyTest(unittest.TestCase):
    def breaches(self, changed=None, table=TABLE):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**CLEAN, **(changed or {})}.items():
                if text is not None:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_text(text)
            return list(tidy.check_tree(root, table))

    def expect(self, part, changed, table=TABLE):
        breaches = self.breaches(changed, table)
        self.assertEqual(len(breaches), 1, breaches)
        self.assertIn(part, breaches[0])

    def expect_in_code(self, code):
        breaches = self.breaches({"engine/plan/plan.cc": "int first_line;\n" + code + "\n"})
        self.assertEqual(len(breaches), 1, (code, breaches))
        self.assertTrue(breaches[0].startswith("engine/plan/plan.cc:2: "), breaches)

    def test_a_clean_tree_has_no_breach(self):
        self.assertEqual(self.breaches(), [])

    def test_an_include_that_the_table_does_not_allow(self):
        self.expect("does not let plan know ledger", {"engine/plan/plan.cc": '#include "ledger/ledger.h"\n'})

    def test_an_include_that_is_in_no_room(self):
        self.expect("is not in a room", {"engine/plan/plan.cc": '#include "step.h"\n'})

    def test_an_include_of_ours_in_angle_brackets(self):
        self.expect("is ours", {"engine/plan/plan.cc": "#include <base/clock.h>\n"})

    def test_an_include_in_a_comment_counts_for_nothing(self):
        self.assertEqual(self.breaches({"engine/plan/plan.cc": '// #include "ledger/ledger.h"\n'}), [])

    def test_headers_that_include_each_other(self):
        self.expect("plan/a.h -> plan/b.h -> plan/a.h", {
            "engine/plan/a.h": '#pragma once\n#include "plan/b.h"\n',
            "engine/plan/b.h": '#pragma once\n#include "plan/a.h"\n'})

    def test_a_row_that_looks_down_the_table(self):
        self.expect("does not stand above", {}, {**TABLE, "base": ["plan"]})

    def test_a_room_that_is_not_there(self):
        self.expect("the room ledger", {"engine/ledger/CMakeLists.txt": None})

    def test_a_folder_that_is_not_in_the_table(self):
        self.expect("engine/stray", {"engine/stray/stray.txt": ""})

    def test_forbidden_calls(self):
        for code in ["std::this_thread::sleep_for(t);", "sleep(1);", "usleep(1);", "std::system(x);", "popen(x, y);",
                     "std::cout << x;", "printf(x);", "std::fprintf(stderr, x);", "auto t = std::chrono::steady_clock::now();",
                     "clock_gettime(a, b);", "time(nullptr);", "std::random_device d;", "rand();", "auto* p = new Plan;",
                     "thread.detach();", "std::regex r;", "#include <regex>", "rd_kafka_consume_batch_queue(q, t, m, n);",
                     "rd_kafka_seek_partitions(h, l, t);", "rd_kafka_offsets_store(h, l);",
                     "rd_kafka_incremental_assign(h, l);"]:
            self.expect_in_code(code)

    def test_names_that_only_look_forbidden(self):
        for code in ["snprintf(b, n, f);", "rule.system(x);", "host.sleep(1);", "x.time(0);", "ecosystem(1);",
                     "owner.reset(new Plan);", "owner.reset(\n    new Plan);",
                     "return new Pool;  // tidy: the server owns it", "int newest;", "operand(1);"]:
            self.assertEqual(self.breaches({"engine/plan/plan.cc": code + "\n"}), [], code)

    def test_a_test_that_sleeps(self):
        self.expect("wait for the thing itself", {"tests/plan/plan_test.cc": "std::this_thread::sleep_for(t);\n"})

    def test_catch_all_that_does_not_throw_on(self):
        self.expect("catch (...) without throw;", {"engine/plan/plan.cc": "try { f(); } catch (...) { if (x) { g(); } }\nthrow;\n"})

    def test_a_header_without_pragma_once(self):
        self.expect("#pragma once", {"engine/plan/step.h": "struct Step {};\n"})

    def test_using_namespace_in_a_header(self):
        self.expect("using namespace", {"engine/plan/step.h": "#pragma once\nusing namespace std;\n"})

    def test_words_that_stand_nowhere(self):
        for text in ["// TO" + "DO: later", "see /wo" + "rk/main", "pypi.or" + "g", "# FIX" + "ME"]:
            self.expect("README.md:1", {"README.md": text + "\n"})

    def test_a_name_that_says_nothing(self):
        self.expect("says nothing", {"engine/plan/utils.cc": ""})
        self.expect("says nothing", {"tests/common/fake.cc": ""})


if __name__ == "__main__":
    unittest.main()
