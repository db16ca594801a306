// Why a rule acts on an event, or does not.
#pragma once

#include <optional>
#include <string>

#include "match/explain.h"
#include "plan/decision.h"
#include "rule/evaluator.h"

namespace kedge {

struct RuleExplanation {
  std::string rule;
  Explanation pattern;               // clause by clause, down to the first that failed
  std::optional<Decision> decision;  // what when, target and respond said; none where the pattern does not match

  bool operator==(const RuleExplanation&) const = default;
};

// `rule`: its index in evaluator.rules().rules(). As if the rule were not off. An error is one of the matcher.
Result<RuleExplanation> explain_rule(Evaluator& evaluator, size_t rule, const Event& event);

std::string to_text(const RuleExplanation&);  // for people

// In one line, why it does not fire: the first clause of the pattern that failed, or what the rule's functions said.
// Empty where it fires.
std::string why_not(const RuleExplanation&);

}  // namespace kedge
