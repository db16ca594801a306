#include "remediate/confirm.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge {
namespace {

constexpr int kCarriedAgain = 3;  // times that one remediation is carried out anew, since it was found again

}  // namespace

Confirm::Confirm(Situation& s, const Moment& m) : deadline_(m.elapsed + s.options.confirm_deadline) {
  begin(s, s.remediation.plan.confirm.empty() ? Looking::effects : Looking::own_steps);
}

void Confirm::begin(Situation& s, Looking at) {
  looking_ = at;
  if (at == Looking::effects) {
    round_ = Round(s.effects);
    return;
  }
  std::vector<const Step*> steps;
  for (const Step& step : s.remediation.plan.confirm) steps.push_back(&step);
  round_ = Round(std::move(steps));
}

// ---- what next ---------------------------------------------------------------------------------------------------

Turn Confirm::next(Situation& s, const Moment& m) {
  if (fought_) return hold_as_fought(s);
  if (given_up_) return give_up(s);
  if (not_yet_) return Ask{};
  if (wait_until_ && m.elapsed < *wait_until_) return Wait{*wait_until_};
  wait_until_.reset();
  if (auto why = s.unsupported()) return s.hold("action", *why);
  if (const auto open = shut(s, m)) return keep_off(s, m, *open);
  if (const Step* step = round_.missing(m)) return Look{step};
  return conclude(s, s.isolates() ? Move::isolate : Move::confirm, round_.summary());
}

// Of any step that is left: whoever looked at those before it would look at them again and again.
std::optional<OpenBreaker> Confirm::shut(const Situation& s, const Moment& m) const {
  for (const Step* step : round_.left()) {
    if (auto open = s.shut(m, *step)) return open;
  }
  return std::nullopt;
}

// An endpoint that is not called shows nothing, and no time is lost by it.
Turn Confirm::keep_off(Situation& s, const Moment& m, const OpenBreaker& shut) {
  round_.restart();
  if (!kept_off_) return s.wait(shut);
  wait_until_ = s.asked_again(m, shut.until);
  deadline_ += *wait_until_ - m.elapsed;
  return Wait{*wait_until_};
}

Turn Confirm::conclude(Situation& s, Move move, std::string reason) const {
  Conclude change;
  change.remediation = s.remediation.id;
  change.move = move;
  change.observed_from = round_.observed_from();
  change.reason = std::move(reason);
  const bool all_seen = looking_ == Looking::effects && move != Move::give_up_confirming;
  for (size_t i = 0; all_seen && i < s.effects.size(); ++i) {
    change.afters.emplace_back(i, s.capture(*s.effects[i], round_.of(i).state));
  }
  return Submit{std::move(change)};
}

Turn Confirm::give_up(Situation& s) const {
  switch (s.remediation.policy.on_unconfirmed) {
    case OnUnconfirmed::escalate:
      return conclude(s, Move::give_up_confirming, *given_up_);
    case OnUnconfirmed::hold:
      return s.hold("unconfirmed", *given_up_, {{"confirm_deadline_us", s.options.confirm_deadline.count()}});
    case OnUnconfirmed::undo:
      break;
  }
  MoveRemediation change;
  change.remediation = s.remediation.id;
  change.move = Move::undo;
  change.guard = "unconfirmed";
  change.reason = *given_up_;
  return Submit{std::move(change)};
}

// ---- what came back ----------------------------------------------------------------------------------------------

void Confirm::looked(Situation& s, const Moment& m, ActionResult<Observation> seen) {
  kept_off_ = false;
  if (seen) {
    patience_.saw();
    round_.saw(std::move(*seen));
    return complete(s, m);
  }
  const auto verdict = patience_.judge(s, m, seen.error());
  switch (verdict.kind) {
    case Patience::Verdict::Kind::gone:
      round_.saw(observation_of_gone(verdict.reason));
      return complete(s, m);
    case Patience::Verdict::Kind::stuck:
      given_up_ = "it could not be read back: " + verdict.reason;
      return;
    case Patience::Verdict::Kind::again:
      if (shut(s, m)) return;  // its time does not run out there
      if (m.elapsed >= deadline_) given_up_ = "it could not be read back: " + verdict.reason;
      wait_until_ = std::min(m.elapsed + verdict.delay, std::max(deadline_, m.elapsed));
      if (seen.error().kind != ActionError::Kind::gone) round_.restart();
      return;
  }
}

void Confirm::complete(Situation& s, const Moment& m) {
  if (round_.missing(m)) return;
  patience_.saw_all();
  const auto open = round_.first_open();
  if (!open) {
    if (auto doubt = round_.doubt()) {
      not_yet_ = doubt;
    } else if (reopened_ && looking_ == Looking::effects && !s.remediation.plan.confirm.empty()) {
      begin(s, Looking::own_steps);
    }
    return;
  }
  if (reopened_ && looking_ == Looking::effects) return carry_again(s, *open);
  not_yet_ = round_.of(*open).summary;
  if (looking_ == Looking::effects && only_failed_steps_are_open(s)) {
    given_up_ = "what its failed steps should have brought about does not hold: " + *not_yet_;
  }
}

void Confirm::carry_again(Situation& s, size_t step) {
  if (++s.carried_again > kCarriedAgain) {
    fought_ = true;
    return;
  }
  again_ = {step, round_.of(step), "", {}};
  ended_ = End::carry;
}

// The breaker of what flaps counts what was confirmed; who is quicker than that is met here.
Submit Confirm::hold_as_fought(const Situation& s) const {
  const std::string& id = s.remediation.id;
  return s.hold("flap",
                fmt::format("kedge remediation approve {} puts it right once more: that was done {} times, and each "
                            "time it was changed back before it could be confirmed, first by {}; kedge remediation "
                            "show {} tells of whom it was found again",
                            id, kCarriedAgain + 1, s.remediation.event.principal, id),
                {{"carried_again", kCarriedAgain}});
}

bool Confirm::only_failed_steps_are_open(const Situation& s) const {
  for (size_t i = 0; i < s.effects.size(); ++i) {
    if (!round_.of(i).holds && s.remediation.steps[i].status != StepStatus::failed) return false;
  }
  return true;
}

void Confirm::told(Situation& s, const Moment& m, int64_t last_finding) {
  const std::string what = *std::exchange(not_yet_, std::nullopt);
  if (last_finding > s.findings_covered) {
    s.findings_covered = last_finding;
    reopened_ = true;
    const auto open = round_.first_open();
    if (open && looking_ == Looking::effects) return carry_again(s, *open);
    return begin(s, Looking::effects);
  }
  if (m.elapsed >= deadline_) {
    given_up_ = fmt::format("not as it should be within {}: {}", format_duration(s.options.confirm_deadline), what);
    return;
  }
  round_.restart();
  wait_until_ = std::min(m.elapsed + s.poll_delay(polls_++), deadline_);
}

void Confirm::answered(Situation& s, const Moment& m, const Change& change, const Answer& answer) {
  const auto* moved = std::get_if<MoveRemediation>(&change);
  if (moved && moved->move == Move::undo) {
    s.remediation.state = State::undoing;
    ended_ = End::undo;
  } else if (moved && moved->move == Move::wait) {
    kept_off_ = true;
  } else if (std::holds_alternative<Conclude>(change) && answer.go && answer.go->go == Go::observe_again) {
    if (reopened_) wait_until_ = m.elapsed + s.poll_delay(polls_++);
    reopened_ = true;
    begin(s, Looking::effects);
  } else {
    const auto* end = std::get_if<Conclude>(&change);
    if (end != nullptr && end->move == Move::isolate) s.isolated(m);
    ended_ = End::over;
  }
}

}  // namespace kedge
