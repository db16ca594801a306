#include "remediate/survey.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge {
namespace {

constexpr const char* kEffects = "effects";  // the guard of what waits for the engine's own trouble to end
constexpr const char* kLocks = "locks";      // of what waits for others: the commit that frees its locks hands it out

// Where the gate knows of it, it is asked: what it says is on record.
bool must_wait(const Moment& m) { return m.stopped && !m.stopped->gate_knows; }

// What is still to be isolated does not wait for what stands behind it.
std::optional<OpenBreaker> shut_before_start(const Situation& s, const Moment& m) {
  const auto isolation = static_cast<std::ptrdiff_t>(s.remediation.plan.isolate.size());
  const auto& steps = s.remediation.steps;
  const bool isolates = std::any_of(steps.begin(), steps.begin() + isolation,
                                    [](const StepProgress& p) { return p.status == StepStatus::pending; });
  for (size_t i = 0; i < (isolates ? static_cast<size_t>(isolation) : s.effects.size()); ++i) {
    if (auto shut = s.shut(m, *s.effects[i])) return shut;
  }
  return std::nullopt;
}

}  // namespace

Survey::Survey(Situation& s, const Moment& m) {
  begin(s);
  if (s.remediation.state != State::waiting) return;
  if (s.remediation.guard == kEffects) {
    stopped_since_ = m.elapsed;
  } else {
    waits(s, m, s.remediation.guard, s.remediation.due);
  }
}

void Survey::begin(Situation& s) {
  first_ = s.remediation.state == State::running ? s.unstarted().value_or(0) : 0;
  round_ = Round({s.effects.begin() + static_cast<std::ptrdiff_t>(first_), s.effects.end()});
}

Turn Survey::next(Situation& s, const Moment& m) {
  if (s.effects.empty()) return announce(s, m);
  if (row_) return defer(s, m);
  if (wait_until_ && m.elapsed < *wait_until_) return Wait{*wait_until_};
  wait_until_.reset();
  if (stopped_since_ && must_wait(m)) return wait_for_effects(s, m);
  if (s.remediation.state == State::waiting) return resume(s, m);
  if (auto why = s.unsupported()) return s.hold("action", *why);
  if (stuck_) return s.hold("observation", *stuck_, {{"unobserved_for_us", patience_.failing_for(m).count()}});
  if (std::exchange(stopped_since_, std::nullopt)) round_.restart();
  const Step* const step = round_.missing(m);
  if (step && isolates_first(s)) return look_behind_isolation(s, m, *step);
  const auto shut = step ? s.shut(m, *step) : std::nullopt;
  if (shut) return keep_off(s, m, *shut);
  if (step) return Look{step};
  return decide(s, m);
}

Turn Survey::keep_off(Situation& s, const Moment& m, const OpenBreaker& shut) {
  round_.restart();
  patience_ = Patience();  // what is not called does not fail
  wait_until_ = s.asked_again(m, shut.until);
  return s.wait(shut);
}

// What waits for a breaker keeps its row until the world can be looked at.
Turn Survey::resume(Situation& s, const Moment& m) {
  const auto shut = s.remediation.guard == kBreaker ? shut_before_start(s, m) : std::nullopt;
  if (shut) {
    wait_until_ = s.asked_again(m, shut->until);
    return Wait{*wait_until_};
  }
  MoveRemediation change;
  change.remediation = s.remediation.id;
  change.move = Move::resume;
  change.reason = "the wait is over";
  return Submit{std::move(change)};
}

// Everything that isolates has been observed, not all of it holds, and something stands behind it.
bool Survey::isolates_first(const Situation& s) const {
  const size_t isolation = s.remediation.plan.isolate.size();
  if (first_ > 0 || isolation == 0 || round_.count() < isolation) return false;
  const auto open = round_.first_open();
  return open && *open < isolation && !round_.doubt();
}

Turn Survey::look_behind_isolation(Situation& s, const Moment& m, const Step& step) {
  if (!isolate_at_) isolate_at_ = m.elapsed + s.options.before_isolation;
  if (s.shut(m, step)) behind_missed_ = true;  // another endpoint's trouble
  if (!behind_missed_ && m.elapsed < *isolate_at_) return Look{&step, *isolate_at_ - m.elapsed};
  round_.forget_behind(s.remediation.plan.isolate.size());
  return decide(s, m);
}

Turn Survey::announce(Situation& s, const Moment& m) const {
  Conclude change;
  change.remediation = s.remediation.id;
  change.move = Move::announce;
  change.observed_from = m.head;
  return Submit{std::move(change)};
}

Turn Survey::decide(Situation& s, const Moment& m) {
  if (auto doubt = round_.doubt()) return s.hold("observation", *doubt);
  const auto first_open = round_.first_open();
  if (!first_open) return conclude(s);
  if (must_wait(m)) {
    stopped_since_ = m.elapsed;
    return Wait{m.elapsed + s.options.stopped_poll};
  }
  return start(s, m, *first_open);
}

Turn Survey::wait_for_effects(Situation& s, const Moment& m) {
  if (s.remediation.state != State::planned || m.elapsed - *stopped_since_ < s.options.visible_wait) {
    return Wait{m.elapsed + s.options.stopped_poll};
  }
  row_ = {kEffects, "effects are stopped: " + m.stopped->reason};
  return defer(s, m);
}

Turn Survey::defer(Situation& s, const Moment& m) const {
  MoveRemediation change;
  change.remediation = s.remediation.id;
  change.move = Move::wait;
  change.guard = row_->guard;
  change.reason = row_->reason;
  if (wait_until_) change.due = m.now + (*wait_until_ - m.elapsed);
  return Submit{std::move(change)};
}

Turn Survey::conclude(Situation& s) const {
  Conclude change;
  change.remediation = s.remediation.id;
  change.move = s.isolates() ? Move::isolate : Move::confirm;
  change.observed_from = round_.observed_from();
  for (size_t i = 0; i < s.effects.size(); ++i) {
    change.afters.emplace_back(i, s.capture(*s.effects[i], round_.of(i).state));
  }
  change.reason = round_.summary();
  return Submit{std::move(change)};
}

Turn Survey::start(Situation& s, const Moment& m, size_t first_open) const {
  Start change;
  change.remediation = s.remediation.id;
  change.observed_from = round_.observed_from();
  change.touches = s.touches();
  for (size_t i = 0; i < round_.count(); ++i) {
    const Observation& seen = round_.of(i);
    change.befores.push_back({first_ + i, seen.holds, s.capture(*s.effects[first_ + i], seen.state)});
    change.touches.insert(change.touches.end(), seen.touches.begin(), seen.touches.end());
  }
  std::sort(change.touches.begin(), change.touches.end());
  change.touches.erase(std::unique(change.touches.begin(), change.touches.end()), change.touches.end());
  change.step = first_ + first_open;
  change.mark = s.make_mark();
  change.breaker = s.shut(m, *s.effects[change.step]);
  return Submit{std::move(change)};
}

void Survey::looked(Situation& s, const Moment& m, ActionResult<Observation> seen) {
  if (isolates_first(s) && (!seen || seen->hold)) {  // no reason to let what is to be isolated go on
    behind_missed_ = true;
    return;
  }
  if (seen) {
    patience_.saw();
    round_.saw(std::move(*seen));
    return complete(s, m);
  }
  const auto verdict = patience_.judge(s, m, seen.error());
  if (verdict.kind == Patience::Verdict::Kind::gone) {
    round_.saw(observation_of_gone(verdict.reason));
    return complete(s, m);
  }
  if (verdict.kind == Patience::Verdict::Kind::stuck) {
    stuck_ = "the target cannot be observed: " + verdict.reason;
    return;
  }
  wait_until_ = m.elapsed + verdict.delay;
  if (seen.error().kind != ActionError::Kind::gone) round_.restart();
  if (patience_.failing_for(m) > s.options.remediation_deadline) {
    stuck_ = fmt::format("the target could not be observed for {}: {}", format_duration(patience_.failing_for(m)),
                         verdict.reason);
  } else if (patience_.failing_for(m) > s.options.visible_wait && s.remediation.state == State::planned) {
    row_ = {"observation", "the target cannot be observed: " + verdict.reason};
  }
}

void Survey::complete(Situation&, const Moment& m) {
  if (round_.missing(m)) return;
  patience_.saw_all();
  if (first_ == 0 || round_.first_open() || round_.doubt()) return;
  go_ = FirstAttempt{first_, {}, "", round_.all()};
}

void Survey::answered(Situation& s, const Moment& m, const Change& change, const Answer& answer) {
  if (const auto* moved = std::get_if<MoveRemediation>(&change)) {
    ended_ = moved->move == Move::hold;
    if (ended_) s.remediation.state = State::held;
    if (ended_ && answer.go) held_until_ = answer.go->due;
    if (moved->move == Move::wait) s.remediation.state = State::waiting;
    if (moved->move == Move::resume) s.remediation.state = State::planned;
    s.remediation.guard = moved->guard;
    begin(s);
    row_.reset();
    round_.restart();
  } else if (std::holds_alternative<Conclude>(change)) {
    ended_ = !answer.go || answer.go->go != Go::observe_again;
    if (!ended_) round_.restart();
    if (ended_ && std::get<Conclude>(change).move == Move::isolate) s.isolated(m);
  } else if (const auto* started = std::get_if<Start>(&change)) {
    answered_start(s, m, *started, answer.go.value_or(GoAnswer{}));
  }
}

void Survey::answered_start(Situation& s, const Moment& m, const Start& start, const GoAnswer& answer) {
  switch (answer.go) {
    case Go::go:
      s.started(start);
      if (first_ == 0) s.findings_covered = start.observed_from;
      go_ = FirstAttempt{start.step, round_.of(start.step - first_), start.mark, {}};
      return;
    case Go::wait:
      s.remediation.state = State::waiting;
      s.remediation.guard = answer.guard;
      begin(s);
      waits(s, m, answer.guard, answer.due);
      return;
    case Go::observe_again:
      round_.restart();
      if (again_ > 0) wait_until_ = m.elapsed + s.poll_delay(again_);
      ++again_;
      return;
    case Go::held:
      s.remediation.state = State::held;
      s.remediation.guard = answer.guard;
      held_until_ = answer.due;
      ended_ = true;
      return;
    case Go::refused:
      ended_ = true;
      return;
  }
}

void Survey::waits(Situation& s, const Moment& m, const std::string& guard, std::optional<Time> due) {
  ended_ = guard == kLocks && !due;
  wait_until_ = m.elapsed + std::max(Duration{0}, due ? *due - m.now : s.options.retry_first);
}

}  // namespace kedge
