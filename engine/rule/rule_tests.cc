#include "rule/rule_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/nearest.h"
#include "event/decoder.h"
#include "rule/evaluator.h"
#include "rule/rule_reader.h"
#include "rule/rule_sandbox.h"
#include "rule/rule_set_parts.h"

namespace kedge {
namespace {

constexpr size_t kEventBytesMax = 4U << 20U;

// One test as it was written.
struct WrittenTest {
  std::string file;
  int line = 0;
  std::string name;
  Json fields;
};

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

Result<void> check_fields(const Json& fields) {
  static const std::vector<std::string_view> kFields = {"event", "fails", "fires",    "name",   "notify", "reason",
                                                        "rule",  "steps", "severity", "target", "title"};
  for (const auto& [name, value] : fields.items()) {
    if (std::find(kFields.begin(), kFields.end(), name) == kFields.end()) {
      return invalid(fmt::format("{}: is no field of a test{}; there are: {}", name, did_you_mean(name, kFields),
                                 fmt::join(kFields, ", ")));
    }
    const bool is_list = name == "steps" || name == "notify";
    const bool is_right = name == "event"   ? value.is_object() || value.is_string()
                          : name == "fires" ? value.is_boolean()
                          : is_list         ? value.is_array()
                                            : value.is_string();
    const char* const wanted = name == "event"   ? "a table, or the name of a JSON file beside the test"
                               : name == "fires" ? "true or false"
                               : is_list         ? "a list"
                                                 : "a string";
    if (!is_right) return invalid(fmt::format("{}: must be {}", name, wanted));
  }
  if (!fields.contains("event"))
    return invalid("event: is missing: a table, or the name of a JSON file beside the test");
  if (!fields.contains("fires") && !fields.contains("fails")) return invalid("fires: is missing: true or false");
  return {};
}

// What a plan's effects are compared with: names of actions, or steps with arguments.
std::string describe_steps(const Json& steps) {
  std::vector<std::string> texts;
  for (const Json& step : steps) {
    texts.push_back(step.is_string()
                        ? step.get<std::string>()
                        : fmt::format("{} {}", step.value("action", "?"), step.value("args", Json()).dump()));
  }
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

bool steps_are(const std::vector<const Step*>& decided, const Json& expected) {
  if (decided.size() != expected.size()) return false;
  for (size_t i = 0; i < decided.size(); ++i) {
    const Json& wanted = expected[i];
    if (wanted.is_string() ? wanted != decided[i]->action
                           : wanted.value("action", "") != decided[i]->action ||
                                 wanted.value("args", Json::object()) != decided[i]->args) {
      return false;
    }
  }
  return true;
}

Json steps_as_json(const std::vector<const Step*>& steps) {
  Json list = Json::array();
  for (const Step* step : steps) list.push_back({{"action", step->action}, {"args", step->args}});
  return list;
}

// What is wrong with the decision; empty when it is as the test says.
std::string difference(const Json& expected, const Decision& decision) {
  if (expected.contains("fails")) {
    const auto& part = expected["fails"].get_ref<const std::string&>();
    if (decision.kind != Decision::Kind::failed) return "expected the rule to fail, but it did not";
    if (decision.reason.find(part) != std::string::npos) return "";
    return fmt::format("expected an error that holds '{}', but it is: {}", part, decision.reason);
  }
  if (decision.kind == Decision::Kind::failed) return "the rule failed: " + decision.reason;
  const bool fired = decision.kind == Decision::Kind::plan;
  if (!expected["fires"].get<bool>()) {
    if (fired) return fmt::format("expected not to fire, but it fires for {}", decision.target);
    const std::string reason = expected.value("reason", decision.reason);
    return reason == decision.reason ? ""
                                     : fmt::format("expected not to fire because of '{}', but it is because of '{}'",
                                                   reason, decision.reason);
  }
  if (!fired) return fmt::format("expected to fire, but it does not, because of '{}'", decision.reason);
  const std::vector<std::tuple<const char*, std::string>> texts = {
      {"target", decision.target},
      {"title", decision.policy.title},
      {"severity", std::string(to_string(decision.policy.severity))}};
  for (const auto& [name, decided] : texts) {
    if (expected.contains(name) && expected[name] != decided) {
      return fmt::format("expected the {} '{}', but it is '{}'", name, expected[name].get<std::string>(), decided);
    }
  }
  const auto effects = decision.plan->effects();
  if (expected.contains("steps") && !steps_are(effects, expected["steps"])) {
    return fmt::format("expected the steps {}, but they are {}", describe_steps(expected["steps"]),
                       describe_steps(steps_as_json(effects)));
  }
  if (expected.contains("notify") && expected["notify"] != Json(decision.plan->notify)) {
    return fmt::format("expected to notify {}, but it is {}", expected["notify"].dump(),
                       Json(decision.plan->notify).dump());
  }
  return "";
}

// Is the file at `path` the one that is wanted, its rule's test, or below the folder that is wanted?
bool is_meant(const std::string& path, const std::string& wanted) {
  const std::string stem = path.substr(0, path.find('.', path.rfind('/') + 1));
  return path == wanted || stem + ".lua" == wanted || path.starts_with(wanted.ends_with('/') ? wanted : wanted + "/");
}

bool is_wanted(const std::string& path, const std::vector<std::string>& only) {
  return only.empty() ||
         std::any_of(only.begin(), only.end(), [&](const std::string& wanted) { return is_meant(path, wanted); });
}

}  // namespace

class RuleTests {
 public:
  RuleTests(const std::shared_ptr<const RuleSet>& rules, const std::vector<std::string>& only)
      : rules_(*rules), parts_(*rules->parts_), only_(only), evaluator_(rules), decoder_({}) {}

  RuleTestReport run() && {
    note_unmatched();
    read_test_files();
    read_tests_in_rules();
    for (const WrittenTest& test : written_) run(test);
    for (const Rule& rule : rules_.rules()) {
      if (is_wanted(rule.file, only_)) check_coverage(rule);
    }
    return std::move(report_);
  }

 private:
  // Nothing tested would look like nothing wrong.
  void note_unmatched() {
    const std::vector<std::string> tests = parts_.files.tests();
    for (const std::string& wanted : only_) {
      const auto is_below = [&](const std::string& path) { return is_meant(path, wanted); };
      const bool found = std::any_of(tests.begin(), tests.end(), is_below) ||
                         std::any_of(rules_.rules().begin(), rules_.rules().end(),
                                     [&](const Rule& rule) { return is_meant(rule.file, wanted); });
      if (!found) report_.unmatched.push_back(wanted);
    }
  }

  void read_test_files() {
    const auto sandbox = make_rule_sandbox(parts_.files, parts_.options, "test");
    if (!sandbox) return report_.problems.push_back({"", 0, "", "", sandbox.error().message});
    for (const std::string& path : parts_.files.tests()) {
      if (!is_wanted(path, only_)) continue;
      auto environment = (*sandbox)->open(lua_file(parts_.files, path));
      if (!environment) {
        report_.problems.push_back(problem_from_lua(path, environment.error().message));
        continue;
      }
      for (size_t i = 0; i < environment->declarations(); ++i) {
        auto test = environment->declaration(i);
        if (!test) {
          report_.problems.push_back(problem_from_lua(path, test.error().message));
        } else if (!test->functions.empty()) {
          problem({path, test->line, test->name, {}}, test->functions.front() + ": a test is data: no functions");
        } else {
          written_.push_back({path, test->line, test->name, std::move(test->data)});
        }
      }
    }
  }

  void read_tests_in_rules() {
    const auto sandbox = make_rule_sandbox(parts_.files, parts_.options, "rule");
    if (!sandbox) return;  // told already
    for (size_t i = 0; i < rules_.rules().size(); ++i) {
      const Rule& rule = rules_.rules()[i];
      if (!is_wanted(rule.file, only_) || !parts_.origins[i].has_tests) continue;
      auto environment = (*sandbox)->open(lua_file(parts_.files, rule.file));
      if (!environment) continue;  // it was loaded: it cannot fail here
      const auto declaration = environment->declaration(parts_.origins[i].declaration);
      for (Json test : declaration ? declaration->data["tests"] : Json::array()) {
        if (!test.is_object()) {
          problem({rule.file, rule.line, rule.id, {}}, "tests: must be a list of tables");
          continue;
        }
        test["rule"] = rule.id;
        const std::string name =
            test.contains("name") && test["name"].is_string() ? test["name"].get<std::string>() : "";
        written_.push_back({rule.file, rule.line, name.empty() ? rule.id : name, std::move(test)});
      }
    }
  }

  void problem(const WrittenTest& test, const std::string& message) {
    report_.problems.push_back({test.file, test.line, "", "", fmt::format("test '{}': {}", test.name, message)});
  }

  void run(const WrittenTest& test) {
    if (auto checked = check_fields(test.fields); !checked) return problem(test, checked.error().message);
    const auto rule = rule_of(test);
    if (!rule) return problem(test, rule.error().message);
    const auto decision = decide(test, *rule);
    if (!decision) return problem(test, decision.error().message);
    const std::string& id = rules_.rules()[*rule].id;
    if (decision->plan) {
      report_.planned[id].insert(decision->plan->notify.begin(), decision->plan->notify.end());
      report_.plans[id].push_back(*decision->plan);
    }
    const std::string message = difference(test.fields, *decision);
    report_.results.push_back({test.file, test.line, id, test.name, message.empty(), message});
    if (test.fields.contains("fires")) (test.fields["fires"].get<bool>() ? fires_ : spares_)[id] = true;
  }

  // The rule that the test names, or else the only one of the file beside it.
  Result<size_t> rule_of(const WrittenTest& test) {
    std::vector<std::string_view> known;
    std::optional<size_t> beside;
    const std::string file = test.file.substr(0, test.file.find('.', test.file.rfind('/') + 1)) + ".lua";
    const std::string wanted = test.fields.value("rule", "");
    for (size_t i = 0; i < rules_.rules().size(); ++i) {
      const Rule& rule = rules_.rules()[i];
      if (rule.id == wanted) return i;
      known.push_back(rule.id);
      if (!wanted.empty() || rule.file != file) continue;
      if (beside) return invalid(fmt::format("rule: is missing: {} holds several", file));
      beside = i;
    }
    if (beside) return *beside;
    if (wanted.empty()) return invalid(fmt::format("rule: is missing, and {} holds none", file));
    return invalid(fmt::format("rule: there is no rule '{}'{}", wanted, did_you_mean(wanted, known)));
  }

  Result<std::string> event_text(const WrittenTest& test) {
    const Json& event = test.fields["event"];
    if (event.is_object()) return event.dump();
    const std::filesystem::path name = event.get<std::string>();
    const bool leaves = name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end();
    if (leaves) return invalid("event: the file must lie beside the test, or below it");
    const auto folder = std::filesystem::path(rules_.directory()) / std::filesystem::path(test.file).parent_path();
    auto text = read_file((folder / name).string(), kEventBytesMax);
    if (!text) return text.error().with("event");
    return text;
  }

  Result<Decision> decide(const WrittenTest& test, size_t rule) {
    const auto text = event_text(test);
    if (!text) return text.error();
    std::vector<Event> events;
    if (const auto poison = decoder_.decode({*text, {}}, events)) return invalid("event: " + poison->message);
    if (events.size() != 1) return invalid(fmt::format("event: holds {} events, a test is about one", events.size()));
    std::vector<uint32_t> matched;
    if (auto done = rules_.matcher().match(events.front(), scratch_, matched); !done) return done.error();
    if (!std::binary_search(matched.begin(), matched.end(), static_cast<uint32_t>(rule))) {
      return Decision{Decision::Kind::nothing, "pattern", "", std::nullopt, {}};
    }
    return evaluator_.evaluate(rule, events.front());
  }

  void check_coverage(const Rule& rule) {
    const bool fires = fires_.contains(rule.id);
    const bool spares = spares_.contains(rule.id);
    if (fires && spares) return;
    const char* const missing = fires    ? "has no test in which it does not fire"
                                : spares ? "has no test in which it fires"
                                         : "has no tests";
    const std::string file = rule.file.substr(0, rule.file.size() - std::string_view("lua").size()) + "test.lua";
    report_.untested.push_back({rule.file, rule.line, rule.id, "", fmt::format("{}; write it in {}", missing, file)});
  }

  const RuleSet& rules_;
  const RuleSet::Parts& parts_;
  const std::vector<std::string>& only_;
  Evaluator evaluator_;
  Decoder decoder_;
  MatchScratch scratch_;
  std::vector<WrittenTest> written_;
  std::map<std::string, bool> fires_, spares_;  // by rule's id
  RuleTestReport report_;
};

size_t RuleTestReport::failures() const {
  return static_cast<size_t>(std::count_if(results.begin(), results.end(), [](const auto& r) { return !r.passed; }));
}

RuleTestReport run_rule_tests(const std::shared_ptr<const RuleSet>& rules, const std::vector<std::string>& only) {
  return RuleTests(rules, only).run();
}

}  // namespace kedge
