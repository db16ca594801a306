#include "ledger/lease.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge {
namespace {

constexpr Duration kAskedAgain = std::chrono::seconds(30);  // whoever is in the way may be gone earlier than it says

bool same_effect(const Step& a, const Step& b) { return a.action == b.action && a.args == b.args; }

std::string reason_of(const Obstacle& obstacle) {
  if (!obstacle.leased_until) return obstacle.remediation + " works on the same target";
  return fmt::format("{} needs the same isolation until {}", obstacle.remediation, format_time(*obstacle.leased_until));
}

}  // namespace

std::vector<std::string> isolating_effects(const Plan& plan) {
  std::vector<std::string> effects;
  for (const Step& step : plan.isolate)
    effects.push_back(step.action + " " + step.args.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return effects;
}

bool leans_on(const Remediation& other, const Remediation& r, Time now, bool by_person) {
  if (other.state != State::isolated || !other.due || *other.due <= now) return false;
  for (size_t i = 0; i < r.plan.isolate.size(); ++i) {
    if (r.steps[i].status != StepStatus::applied) continue;
    for (size_t j = 0; j < other.plan.isolate.size(); ++j) {
      const bool needs =
          other.steps[j].status == StepStatus::already || (!by_person && other.steps[j].status == StepStatus::applied);
      if (needs && same_effect(r.plan.isolate[i], other.plan.isolate[j])) return true;
    }
  }
  return false;
}

Answer wait_for(const Obstacle& obstacle, Time now) {
  const Time again = std::min(now + kAskedAgain, obstacle.leased_until.value_or(Time::max()));
  Answer answer;
  answer.go = GoAnswer{Go::wait, "locks", reason_of(obstacle), again};
  return answer;
}

Error refusal_of(const PersonalMove& change, const Obstacle& obstacle) {
  const char* const what = change.move == Move::release ? "release" : "undo";
  return {ErrorCode::refused,
          fmt::format("{}: {} {} when it has {} (kedge remediation show {})", reason_of(obstacle), what,
                      change.remediation, obstacle.leased_until ? "been released" : "ended", obstacle.remediation)};
}

}  // namespace kedge
