// A rule directory in a test, with actions and host functions that only these tests have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "rule/rule_set.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

inline ActionCatalog test_actions() {
  ActionSpec close;
  close.name = "door.close";
  close.version = 3;
  close.arguments = {{"door", ArgumentType::string, true, false, "which one"},
                     {"locks", ArgumentType::string_list, false, false, "locks to turn"}};
  ActionSpec guard;
  guard.name = "door.guard";
  guard.arguments = {{"door", ArgumentType::string, true, false, "which one"}};
  guard.lease = true;
  ActionSpec brick_up;
  brick_up.name = "door.brick_up";
  brick_up.arguments = guard.arguments;
  brick_up.undoable = false;
  return ActionCatalog({close, guard, brick_up});
}

// The least that a rule needs, with `fields` added.
inline std::string rule_text(const std::string& id, const std::string& fields = "") {
  return "rule \"" + id + R"(" {
  on = { source = { "house" } },
  target = function(event) return "door:" .. event.detail.door end,
  respond = function(event, target)
    return { revert = { action.door.close { door = event.detail.door } }, notify = { "security" } }
  end,
)" + fields +
         "\n}\n";
}

class RuleDirectory {
 public:
  void write(const std::string& path, const std::string& text) { directory_.write(path, text); }

  RuleSet::Options options() const {
    RuleSet::Options options;
    options.directory = directory_.path().string();
    options.actions = &actions_;
    options.host_functions = {
        {"house.keys", "count", "how many keys there are",
         [](const Json& argument) -> Result<Json> { return argument.is_array() ? Json(argument.size()) : Json(0); }}};
    return options;
  }

  RuleSet::Loaded load() const { return RuleSet::load(options()); }

  // The rule set, or null with the problems printed by the test that uses it.
  std::shared_ptr<const RuleSet> rules() const { return load().rules; }

  // All problems as lines.
  std::vector<std::string> problems() const {
    std::vector<std::string> lines;
    for (const RuleProblem& problem : load().problems) lines.push_back(to_string(problem));
    return lines;
  }

 private:
  TemporaryDirectory directory_;
  const ActionCatalog actions_ = test_actions();
};

}  // namespace kedge
