#include "remediate/lease.h"

#include <fmt/format.h>

namespace kedge {

Turn Lease::next(Situation& s, const Moment& m) {
  const Time until = s.remediation.due.value_or(m.now);
  if (m.now < until) return Wait{m.elapsed + (until - m.now)};
  if (m.stopped) return wait_for_effects(s, m);
  if (wait_until_ && m.elapsed < *wait_until_) return Wait{*wait_until_};
  MoveRemediation change;
  change.remediation = s.remediation.id;
  change.move = Move::release;
  change.reason = "the lease is over";
  return Submit{std::move(change)};
}

Turn Lease::wait_for_effects(Situation& s, const Moment& m) {
  const Duration overdue = m.now - s.remediation.due.value_or(m.now);
  if (told_ || m.stopped->nothing_expires || overdue < s.options.visible_wait) {
    return Wait{m.elapsed + s.options.stopped_poll};
  }
  RaiseAlarm alarm;
  alarm.kind = "lease-overdue";
  alarm.message = fmt::format(
      "the isolation of {} by {} should have been released at {}, and is not, since effects are stopped: {}",
      s.remediation.plan.target, s.remediation.plan.rule.id, format_time(*s.remediation.due), m.stopped->reason);
  alarm.details = {{"remediation", s.remediation.id}, {"target", s.remediation.plan.target}};
  alarm.notify = s.remediation.plan.notify;
  return Submit{std::move(alarm)};
}

void Lease::answered(Situation& s, const Moment& m, const Change& change, const Answer& answer) {
  if (std::holds_alternative<RaiseAlarm>(change)) {
    told_ = true;
  } else if (answer.go && answer.go->go == Go::wait) {
    const Duration left = answer.go->due ? *answer.go->due - m.now : s.options.retry_most;
    wait_until_ = m.elapsed + std::max(Duration{0}, left);
  } else {
    s.remediation.state = State::releasing;
    over_ = true;
  }
}

}  // namespace kedge
