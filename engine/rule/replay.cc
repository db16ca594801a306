#include "rule/replay.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "base/json.h"

namespace kedge {
namespace {

// What a decision would do, without the version of the rule that made it.
Json effect_of(const Decision& decision) {
  if (decision.kind != Decision::Kind::plan) return Json{{"kind", static_cast<int>(decision.kind)}};
  Json plan = to_json(*decision.plan);
  plan.erase("rule");
  return Json{{"plan", plan}, {"policy", to_json(decision.policy)}};
}

std::string in_words(const std::optional<Decision>& decision) {
  if (!decision) return "no match";
  switch (decision->kind) {
    case Decision::Kind::nothing:
      return fmt::format("nothing ({})", decision->reason);
    case Decision::Kind::failed:
      return fmt::format("failed ({})", decision->reason);
    case Decision::Kind::plan:
      break;
  }
  std::vector<std::string> steps;
  for (const Step* step : decision->plan->effects()) steps.push_back(step->action + " " + step->args.dump());
  return fmt::format("{} {} {}: {}", to_string(decision->policy.mode), to_string(decision->policy.severity),
                     decision->target, steps.empty() ? "notify only" : fmt::format("{}", fmt::join(steps, ", ")));
}

}  // namespace

Replay::Replay(std::shared_ptr<const RuleSet> rules, Decoder::Options decoder)
    : evaluator_(std::move(rules)), decoder_(std::move(decoder)) {
  for (const Rule& rule : evaluator_.rules().rules()) counts_.rules[rule.id] = {};
}

Result<std::vector<ReplayedDecision>> Replay::replay(std::string_view message) {
  std::vector<ReplayedDecision> decisions;
  ++counts_.messages;
  events_.clear();
  if (const auto poison = decoder_.decode({message, {}}, events_)) {
    ++counts_.poison[std::string(to_string(poison->reason))];
    return decisions;
  }
  const RuleSet& rules = evaluator_.rules();
  for (const Event& event : events_) {
    ++counts_.events;
    if (auto done = rules.matcher().match(event, scratch_, matched_); !done) return done.error();
    for (const uint32_t index : matched_) {
      Decision decision = evaluator_.decide(index, event);
      RuleCount& count = counts_.rules[rules.rules()[index].id];
      ++count.matched;
      ++(decision.kind == Decision::Kind::plan      ? count.plans
         : decision.kind == Decision::Kind::nothing ? count.nothing
                                                    : count.failed);
      decisions.push_back(
          {counts_.messages, event.index, std::string(event.id), rules.rules()[index].id, std::move(decision)});
    }
  }
  return decisions;
}

std::vector<ReplayDifference> differences(const std::vector<ReplayedDecision>& before,
                                          const std::vector<ReplayedDecision>& after) {
  std::map<std::tuple<uint32_t, std::string>, ReplayDifference> pairs;
  const auto place = [&](const ReplayedDecision& one) -> ReplayDifference& {
    ReplayDifference& pair = pairs[{one.index, one.rule}];
    std::tie(pair.message, pair.index, pair.event_id, pair.rule) =
        std::tie(one.message, one.index, one.event_id, one.rule);
    return pair;
  };
  for (const ReplayedDecision& one : before) place(one).before = one.decision;
  for (const ReplayedDecision& one : after) place(one).after = one.decision;
  std::vector<ReplayDifference> found;
  for (auto& [key, pair] : pairs) {
    const bool same = pair.before && pair.after && effect_of(*pair.before) == effect_of(*pair.after);
    if (!same) found.push_back(std::move(pair));
  }
  return found;
}

std::string to_text(const ReplayDifference& difference) {
  return fmt::format("line {}, event {}, rule {}: {} → {}", difference.message, difference.event_id, difference.rule,
                     in_words(difference.before), in_words(difference.after));
}

}  // namespace kedge
