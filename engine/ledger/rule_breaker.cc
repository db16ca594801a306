#include "ledger/rule_breaker.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/progress.h"

namespace kedge {
namespace {

// Who waits while the probe of a rule's breaker is out asks again after this; when the probe does well, at once.
constexpr Duration kProbeAskedAgain = std::chrono::minutes(10);
// So many ask while it is open once: the probe, and a few who take its place should it end without a word.
constexpr int kAskMeanwhile = 5;
constexpr Duration kLongestLine = std::chrono::hours(24);  // who would come later comes with those who are first

// `first`: when whoever is first in the line asks.
Time turn_behind(const std::optional<Time>& last, Time first, const BreakerLimits& limits) {
  if (!last || *last < first) return first;
  const Time next = *last + std::max<Duration>(limits.first / kAskMeanwhile, std::chrono::seconds(1));
  return next > first + kLongestLine ? first : next;
}

// One that was undone, or given up by a person, tells nothing: what it did may have worked. One that takes back by
// itself what it did has failed, and told so when it began to.
Breaker::Outcome outcome_of_end(const Remediation& r, const Transition& step) {
  if (step.to == State::undoing) return Breaker::Outcome::bad;
  if (step.from == State::undoing || step.from == State::releasing) return Breaker::Outcome::none;
  if (puts_right(r, step)) return Breaker::Outcome::good;
  const bool bad = step.to == State::failed || step.to == State::unconfirmed;
  return bad ? Breaker::Outcome::bad : Breaker::Outcome::none;
}

}  // namespace

std::optional<OpenRuleBreaker> open_for(const Remediation& r, const RuleBreaker& kept, const std::string& account,
                                        Time now, const BreakerLimits& limits) {
  const Breaker& breaker = kept.breaker;
  auto until = breaker.shut_until(now);
  if (!until || kept.probe == r.id) return std::nullopt;
  if (breaker.half_open(now)) until = std::max(*until, now + kProbeAskedAgain);
  return OpenRuleBreaker{account,
                         breaker.since(),
                         *until,
                         breaker.failed(),
                         breaker.counted(),
                         kept.error,
                         turn_behind(kept.last_due, *until, limits)};
}

bool take_probe(RuleBreaker& kept, const Remediation& r, Time now, const BreakerLimits& limits) {
  if (kept.breaker.closed() || kept.probe == r.id) return false;
  const auto permit = kept.breaker.admit(now, limits.first);
  if (permit) kept.probe = r.id;
  return permit.has_value();
}

Breaker::Turned note_end(RuleBreaker& kept, const Remediation& r, const Transition& step, const std::string& code,
                         Time now, const BreakerLimits& limits) {
  const bool probe = kept.probe == r.id;
  if (!probe && !kept.breaker.closed()) return Breaker::Turned::not_at_all;
  if (probe) kept.probe.clear();
  const auto outcome = outcome_of_end(r, step);
  if (outcome == Breaker::Outcome::bad) kept.error = r.reason;
  BreakerLimits here = limits;
  if (is_denial(code)) here.in_a_row = 1;
  const auto turned = kept.breaker.note({kept.breaker.turn(), probe}, outcome, now, here, std::nullopt);
  if (turned == Breaker::Turned::opened) kept.last_due.reset();
  return turned;
}

void give_back_probe(RuleBreaker& kept, const Remediation& r, Time now, const BreakerLimits& limits) {
  if (kept.probe != r.id) return;
  kept.probe.clear();
  kept.breaker.note({kept.breaker.turn(), true}, Breaker::Outcome::none, now, limits, std::nullopt);
}

RaiseAlarm alarm_of(const RuleBreaker& kept, const std::string& rule, const std::string& account, Time now) {
  const Breaker& breaker = kept.breaker;
  const Time until = breaker.shut_until(now).value_or(now);
  const OpenRuleBreaker open{account, breaker.since(), until, breaker.failed(), breaker.counted(), kept.error, until};
  RaiseAlarm alarm;
  alarm.kind = "rule-breaker-open";
  alarm.message = fmt::format(
      "{} of the last {} remediations of the rule {}{}{} failed, so it starts none there; one is let through at {} to "
      "see. kedge resume --scope rule:{} lets it go on at once. The last failure: {}",
      open.failed, open.counted, rule, account.empty() ? "" : " on the account ", account, format_time(open.until),
      rule, open.error);
  alarm.details = figures_of(open);
  alarm.details["rule"] = rule;
  return alarm;
}

}  // namespace kedge
