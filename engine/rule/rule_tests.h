// Tests of rules: events, with what must be decided about them. They stand in NAME.test.lua beside NAME.lua:
//
//   test "a bucket opened by its ACL is closed again" {
//     rule   = "aws.s3.public-bucket",              -- may be left out where NAME.lua holds one rule
//     event  = { ... },                             -- or "FILE.json" beside the test; in any form that a source may
//     have fires  = true, target = "arn:aws:s3:::images",               -- what follows is compared where it is given
//     steps  = { "aws.s3.block_public_access",      -- an action's name, or a step with its arguments
//                action.aws.s3.remove_public_grants { bucket = "images" } },
//     severity = "high", title = "...", notify = { "security" },
//   }
//   test "a refused call changes nothing" { event = ..., fires = false, reason = "pattern" }   -- or "when"
//   test "..." { event = ..., fails = "part of the error" }
//
// The same tables, each with a `name`, may stand in the field `tests` of a rule. Modes are ignored: a rule that is off
// is tested too. A rule needs at least one test in which it fires and one in which it does not.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "rule/rule_set.h"

namespace kedge {

struct RuleTestResult {
  std::string file;
  int line = 0;
  std::string rule;
  std::string name;
  bool passed = false;
  std::string message;  // of a failed one: what was expected and what was decided

  bool operator==(const RuleTestResult&) const = default;
};

struct RuleTestReport {
  std::vector<RuleTestResult> results;  // by file, in the order in which they stand there
  std::vector<RuleProblem> problems;    // test files that cannot be read, tests that are not well-formed
  std::vector<RuleProblem> untested;    // rules without a firing or a non-firing test
  // Rules that made a plan in some test, by id, with the channels that their plans notify.
  std::map<std::string, std::set<std::string>> planned;
  std::map<std::string, std::vector<Plan>> plans;  // those, by the rule's id, in the order of the tests

  std::vector<std::string> unmatched;  // of `only`: at which there is neither a rule nor a test

  size_t failures() const;
  bool passed() const { return failures() == 0 && problems.empty() && untested.empty() && unmatched.empty(); }
};

// `only`: paths below the rule directory; tests of other files are left out. Empty: all of them. A path is a test's, a
// rule's or a folder's.
RuleTestReport run_rule_tests(const std::shared_ptr<const RuleSet>& rules, const std::vector<std::string>& only = {});

std::string to_text(const RuleTestReport&);   // for people
std::string to_tap(const RuleTestReport&);    // Test Anything Protocol, version 14
std::string to_junit(const RuleTestReport&);  // the XML that CI systems read

}  // namespace kedge
