#include "rule/rule_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rule/rule_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kOpened = R"({ ["detail-type"] = "Opened", source = "house", detail = { door = "front" } })";
constexpr const char* kGarden = R"({ ["detail-type"] = "Opened", source = "garden", detail = { door = "front" } })";

std::string test_text(const std::string& name, const std::string& event, const std::string& fields) {
  return "test '" + name + "' { event = " + event + ", " + fields + " }\n";
}

// The report on a rule "a" in a.lua and this test file.
RuleTestReport report_on(const std::string& tests, const std::string& rule = rule_text("a")) {
  RuleDirectory directory;
  directory.write("a.lua", rule);
  directory.write("a.test.lua", tests);
  directory.write("opened.json", R"({"detail-type":"Opened","source":"house","detail":{"door":"file"}})");
  return run_rule_tests(directory.rules());
}

TEST(RuleTests, PassWhenEverythingIsAsWritten) {
  const auto report = report_on(
      test_text("fires", kOpened,
                "fires = true, target = 'door:front', steps = { 'door.close' }, severity = 'medium', title = 'a', "
                "notify = { 'security' }") +
      test_text("with arguments", kOpened, "fires = true, steps = { action.door.close { door = 'front' } }") +
      test_text("from a file", "'opened.json'", "fires = true, target = 'door:file'") +
      test_text("elsewhere", kGarden, "fires = false, reason = 'pattern'"));
  EXPECT_TRUE(report.passed()) << to_text(report);
  EXPECT_EQ(report.results.size(), 4U);
  EXPECT_EQ(report.results[0], (RuleTestResult{"a.test.lua", 1, "a", "fires", true, ""}));
}

TEST(RuleTests, TellWhichRulesMadeAPlanAndWhomItWouldTell) {
  const auto report = report_on(test_text("fires", kOpened, "fires = true"));
  EXPECT_EQ(report.planned, (std::map<std::string, std::set<std::string>>{{"a", {"security"}}}));
  EXPECT_TRUE(report_on(test_text("elsewhere", kGarden, "fires = false")).planned.empty());
}

TEST(RuleTests, SayWhatWasExpectedAndWhatWasDecided) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"fires = false", "expected not to fire, but it fires for door:front"},
      {"fires = true, target = 'door:back'", "expected the target 'door:back', but it is 'door:front'"},
      {"fires = true, severity = 'low'", "expected the severity 'low', but it is 'medium'"},
      {"fires = true, steps = { 'door.open' }",
       "expected the steps [door.open], but they are [door.close {\"door\":\"front\"}]"},
      {"fires = true, steps = { action.door.close { door = 'b' } }",
       "expected the steps [door.close {\"door\":\"b\"}]"},
      {"fires = true, steps = {}", "expected the steps []"},
      {"fires = true, notify = {}", "expected to notify []"},
      {"fails = 'x'", "expected the rule to fail, but it did not"}};
  for (const auto& [fields, message] : cases) {
    const auto report = report_on(test_text("t", kOpened, fields));
    ASSERT_EQ(report.results.size(), 1U) << fields << to_text(report);
    EXPECT_FALSE(report.results[0].passed) << fields;
    EXPECT_THAT(report.results[0].message, HasSubstr(message));
  }
  EXPECT_THAT(report_on(test_text("t", kGarden, "fires = true")).results[0].message,
              HasSubstr("expected to fire, but it does not, because of 'pattern'"));
  EXPECT_THAT(report_on(test_text("t", kGarden, "fires = false, reason = 'when'")).results[0].message,
              HasSubstr("because of 'when', but it is because of 'pattern'"));
}

TEST(RuleTests, AFailingRuleCanBeExpected) {
  const std::string rule = rule_text("a", "when = function() error('broken lock') end,");
  EXPECT_TRUE(report_on(test_text("t", kOpened, "fails = 'broken lock'"), rule).results[0].passed);
  EXPECT_THAT(report_on(test_text("t", kOpened, "fires = true"), rule).results[0].message,
              HasSubstr("the rule failed: a.lua:"));
}

TEST(RuleTests, ARuleWithoutAFiringAndANonFiringTestIsReported) {
  const auto nothing = report_on("-- none");
  EXPECT_FALSE(nothing.passed());
  EXPECT_THAT(to_text(nothing), HasSubstr("a.lua:1: rule a: has no tests; write it in a.test.lua"));
  EXPECT_THAT(to_text(report_on(test_text("t", kOpened, "fires = true"))),
              HasSubstr("has no test in which it does not fire"));
  EXPECT_THAT(to_text(report_on(test_text("t", kGarden, "fires = false"))), HasSubstr("has no test in which it fires"));
}

TEST(RuleTests, ARuleThatIsOffIsTestedAllTheSame) {
  const auto report = report_on(test_text("t", kOpened, "fires = true"), rule_text("a", "mode = 'off',"));
  EXPECT_TRUE(report.results[0].passed) << report.results[0].message;
}

TEST(RuleTests, MayStandInTheRule) {
  const auto report =
      report_on("", rule_text("a", std::string("tests = { { name = 'opened', event = ") + kOpened +
                                       ", fires = true }, { event = " + kGarden + ", fires = false } },"));
  EXPECT_TRUE(report.passed()) << to_text(report);
  ASSERT_EQ(report.results.size(), 2U);
  EXPECT_EQ(report.results[0].name, "opened");
}

TEST(RuleTests, MistakesInTestsAreProblems) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {test_text("t", kOpened, ""), "fires: is missing"},
      {test_text("t", kOpened, "fire = true"), "fire: is no field of a test (did you mean 'fires'?)"},
      {test_text("t", kOpened, "fires = 'yes'"), "fires: must be true or false"},
      {"test 't' { fires = true }", "event: is missing"},
      {test_text("t", "'../a.lua'", "fires = true"), "the file must lie beside the test"},
      {test_text("t", "'gone.json'", "fires = true"), "gone.json"},
      {test_text("t", kOpened, "fires = true, rule = 'b'"), "there is no rule 'b'"},
      {"test 't' { event = { Records = {} }, fires = true }", "holds 0 events"},
      {"test 't' { event = {", "a.test.lua:1: unexpected symbol"},
      {"test 't' { run = function() end }", "a test is data"}};
  for (const auto& [text, message] : cases) {
    const auto report = report_on(text);
    ASSERT_EQ(report.problems.size(), 1U) << text;
    EXPECT_THAT(to_string(report.problems[0]), HasSubstr(message));
    EXPECT_FALSE(report.passed());
  }
}

TEST(RuleTests, CanBeChosenByPath) {
  RuleDirectory directory;
  for (const char* folder : {"x", "y"}) {
    const std::string path(folder);
    directory.write(path + "/a.lua", rule_text(path));
    directory.write(path + "/a.test.lua",
                    test_text("t", kOpened, "fires = true") + test_text("u", kGarden, "fires = false"));
  }
  EXPECT_EQ(run_rule_tests(directory.rules()).results.size(), 4U);
  for (const char* only : {"x", "x/", "x/a.lua", "x/a.test.lua"}) {
    const auto report = run_rule_tests(directory.rules(), {only});
    EXPECT_EQ(report.results.size(), 2U) << only;
    EXPECT_TRUE(report.passed()) << only;
  }
  const auto report = run_rule_tests(directory.rules(), {"x", "z.lua"});
  EXPECT_EQ(report.unmatched, std::vector<std::string>{"z.lua"});
  EXPECT_FALSE(report.passed()) << "nothing tested is not nothing wrong";
}

TEST(RuleTestPrinters, EscapeWhatTheirFormatDemands) {
  RuleTestReport report;
  report.results = {{"a.test.lua", 3, "a", "one & \"two\"", true, ""},
                    {"a.test.lua", 7, "a", "b # c", false, "expected <x>\nbut \"y\""}};
  report.untested = {{"b.lua", 1, "b", "", "has no tests"}};
  EXPECT_EQ(to_tap(report), R"(TAP version 14
1..3
ok 1 - a: one & "two"
not ok 2 - a: b \# c
  ---
  message: "a.test.lua:7: expected <x> but \"y\""
  ...
not ok 3 - b.lua
  ---
  message: "b.lua:1: rule b: has no tests"
  ...
)");
  EXPECT_THAT(to_junit(report), HasSubstr(R"(<testsuite name="rules" tests="3" failures="2">)"));
  EXPECT_THAT(to_junit(report), HasSubstr(R"(name="a: one &amp; &quot;two&quot;")"));
  EXPECT_THAT(to_junit(report), HasSubstr(R"(<failure message="expected &lt;x&gt;&#10;but &quot;y&quot;"/>)"));
  EXPECT_THAT(to_text(report), HasSubstr("FAILED  a: b # c\n        a.test.lua:7: expected <x>"));
  EXPECT_THAT(to_text(report), HasSubstr("1 tests passed, 2 failed"));
}

}  // namespace
}  // namespace kedge
