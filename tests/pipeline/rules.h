// A rule set of one rule, and an action that it may plan.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "rule/rule_set.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

class RulesForTests {
 public:
  explicit RulesForTests(const std::string& mode = "enforce", const std::string& when = "true") : catalog_(specs()) {
    set_ = load(mode, when);
  }
  std::shared_ptr<const RuleSet> set() const { return set_; }

  std::shared_ptr<const RuleSet> load(const std::string& mode, const std::string& when) {
    directory_.write("open.lua", R"lua(rule "open" {
      title = "opened", mode = ")lua" +
                                     mode + R"lua(",
      on = { detail = { eventName = { "PutBucketAcl" } } },
      when = function(event) return )lua" +
                                     when + R"lua( end,
      target = function(event) return "arn:aws:s3:::" .. event.detail.requestParameters.bucketName end,
      respond = function(event) return { revert = { action.test.close {
        bucket = event.detail.requestParameters.bucketName, ticket = event.detail.ticket } } } end,
    })lua");
    RuleSet::Options options;
    options.directory = directory_.path().string();
    options.actions = &catalog_;
    RuleSet::Loaded loaded = RuleSet::load(options);
    for (const RuleProblem& problem : loaded.problems) ADD_FAILURE() << to_string(problem);
    return loaded.rules;
  }

 private:
  static std::vector<ActionSpec> specs() {
    ActionSpec close;
    close.name = "test.close";
    close.arguments = {{"bucket", ArgumentType::string, true, false, "the bucket"},
                       {"ticket", ArgumentType::string, false, true, "a secret"}};
    return {close};
  }

  TemporaryDirectory directory_;
  ActionCatalog catalog_;
  std::shared_ptr<const RuleSet> set_;
};

}  // namespace kedge
