#include "rule/explanation.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/json.h"

namespace kedge {
namespace {

std::string steps_text(const char* list, const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) text += fmt::format("  {:<8} {} {}\n", list, step.action, step.args.dump());
  return text;
}

std::string plan_text(const Decision& decision) {
  const Plan& plan = *decision.plan;
  std::string text = fmt::format("it fires ({}, {}): {}\ntarget: {}\nplan:\n", to_string(decision.policy.mode),
                                 to_string(decision.policy.severity), decision.policy.title, decision.target);
  const std::array<std::pair<const char*, const std::vector<Step>*>, 5> lists = {{{"isolate", &plan.isolate},
                                                                                  {"revert", &plan.revert},
                                                                                  {"replace", &plan.replace},
                                                                                  {"confirm", &plan.confirm},
                                                                                  {"release", &plan.release}}};
  for (const auto& [name, steps] : lists) text += steps_text(name, *steps);
  if (!plan.notify.empty()) text += fmt::format("  {:<8} {}\n", "notify", fmt::join(plan.notify, ", "));
  return text;
}

}  // namespace

Result<RuleExplanation> explain_rule(Evaluator& evaluator, size_t rule, const Event& event) {
  const Rule& known = evaluator.rules().rules().at(rule);
  auto pattern = explain(known.pattern, event);
  if (!pattern) return pattern.error();
  RuleExplanation explanation{known.id, *std::move(pattern), std::nullopt};
  if (explanation.pattern.holds) explanation.decision = evaluator.evaluate(rule, event);
  return explanation;
}

std::string why_not(const RuleExplanation& explanation) {
  if (!explanation.decision) return first_failed(explanation.pattern);
  switch (explanation.decision->kind) {
    case Decision::Kind::nothing:
      return fmt::format("`{}` said no", explanation.decision->reason);
    case Decision::Kind::failed:
      return explanation.decision->reason;
    case Decision::Kind::plan:
      break;
  }
  return "";
}

std::string to_text(const RuleExplanation& explanation) {
  const std::string text = fmt::format("rule {}\npattern:\n{}", explanation.rule, to_text(explanation.pattern));
  if (!explanation.decision) return text + "it does not fire: the pattern does not match\n";
  switch (explanation.decision->kind) {
    case Decision::Kind::nothing:
      return text + fmt::format("it does not fire: `{}` said no\n", explanation.decision->reason);
    case Decision::Kind::failed:
      return text + fmt::format("it fails: {}\n", explanation.decision->reason);
    case Decision::Kind::plan:
      break;
  }
  return text + plan_text(*explanation.decision);
}

}  // namespace kedge
