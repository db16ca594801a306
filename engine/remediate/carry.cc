#include "remediate/carry.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge {
namespace {

bool has_failed_step(const Situation& s) {
  const auto& steps = s.remediation.steps;
  return std::any_of(steps.begin(), steps.end(), [](const auto& p) { return p.status == StepStatus::failed; });
}

}  // namespace

Carry::Carry(Situation& s, const Moment& m, const FirstAttempt& go)
    : deadline_(m.elapsed + s.options.remediation_deadline) {
  any_failed_ = has_failed_step(s);
  for (size_t i = 0; i < go.holding.size(); ++i) {
    step_ = go.step + i;
    close(s, m, StepOutcome::Result::already, "", go.holding[i].summary, &go.holding[i]);
  }
  if (!go.holding.empty()) {
    step_ = s.effects.size();
    return;
  }
  begin_step(s, m, go.step);
  fresh_ = go.now;
  if (go.mark.empty()) return;
  const auto tried = s.tried.find(step_);
  tries_ = 1 + (tried == s.tried.end() ? 0 : tried->second);
  open_ = open_outcome(step_, s.remediation.steps[step_].attempts, go.mark, m.now);
  stage_ = Stage::work;
}

Carry::Carry(Situation& s, const Moment& m) : deadline_(m.elapsed + s.options.remediation_deadline) {
  const auto& steps = s.remediation.steps;
  const auto attempted =
      std::find_if(steps.begin(), steps.end(), [](const StepProgress& p) { return p.status == StepStatus::attempted; });
  const auto pending =
      std::find_if(steps.begin(), steps.end(), [](const StepProgress& p) { return p.status == StepStatus::pending; });
  any_failed_ = has_failed_step(s);
  if (attempted == steps.end()) {
    // Between two steps, or behind the last outcome: look at what is left, or at the last step once more.
    begin_step(s, m, static_cast<size_t>((pending == steps.end() ? steps.end() - 1 : pending) - steps.begin()));
    return;
  }
  begin_step(s, m, static_cast<size_t>(attempted - steps.begin()));
  tries_ = attempted->attempts;
  wrote_ = true;
  open_ = open_outcome(step_, attempted->attempts, attempted->mark, m.now);
  begin_doubt(s, m.elapsed);
  sight_lost_ = s.remediation.state == State::unknown;
}

void Carry::begin_step(Situation& s, const Moment& m, size_t index) {
  step_ = index;
  stage_ = Stage::look;
  fresh_.reset();
  open_.reset();
  tries_ = polls_ = retries_ = 0;
  wrote_ = sight_lost_ = false;
  patience_ = Patience();
  wait_until_.reset();
  step_deadline_ = m.elapsed + step(s).timeout;
}

void Carry::begin_doubt(Situation& s, Duration call_began) {
  stage_ = Stage::doubt;
  last_look_.reset();
  settled_at_ = call_began + s.options.call_timeout + s.options.visibility_delay;
  // Whoever may not be believed yet must be looked at twice more, whatever the step's own time is.
  step_deadline_ = std::max(step_deadline_, settled_at_ + 4 * s.options.visibility_delay);
  polls_ = 0;
}

// ---- what next ---------------------------------------------------------------------------------------------------

Turn Carry::next(Situation& s, const Moment& m) {
  if (hold_) {
    if (!unrecorded_.empty()) return record(s);
    return s.hold(hold_->guard, hold_->reason,
                  {{"action", step(s).action}, {"attempts", s.remediation.steps[step_].attempts}});
  }
  if (at_unstarted_) return record(s);
  if (step_ == s.effects.size()) return record_all(s);
  if (!unrecorded_.empty() && unrecorded_.front().move != Move::outcome) return record(s);
  if (wait_until_ && m.elapsed < *wait_until_) return wait(s, *wait_until_);
  wait_until_.reset();
  if (unseen_) return Ask{};
  if (stage_ == Stage::work) return Work{&step(s), open_->mark, *fresh_, false, {}, {}};
  if (stage_ == Stage::look) return prepare(s, m);
  if (const auto shut = s.shut(m, step(s))) return keep_off(s, m, *shut);
  return look(s, m);
}

Turn Carry::look(Situation& s, const Moment& m) {
  look_began_ = m.elapsed;
  return Look{&step(s)};
}

// A wait is a time at which a crash would lose what is known: it is recorded first.
Turn Carry::wait(Situation& s, Duration until) {
  if (!unrecorded_.empty()) return record(s);
  return Wait{until};
}

Turn Carry::prepare(Situation& s, const Moment& m) {
  if (m.stopped && !m.stopped->gate_knows) {  // where it knows of it, the gate holds the attempt: survey.h says why
    if (!stopped_since_) stopped_since_ = m.elapsed;
    fresh_.reset();
    return wait(s, m.elapsed + s.options.stopped_poll);
  }
  if (stopped_since_) {  // this time is not the step's
    give_back(m.elapsed - *stopped_since_);
    stopped_since_.reset();
  }
  const auto shut = s.shut(m, step(s));
  if (shut && (kept_off_ || exhausted(s, m))) return keep_off(s, m, *shut);
  if (!shut && !fresh_) return look(s, m);
  if (unrecorded_.size() > 1) return record(s);
  Attempt change;
  change.remediation = s.remediation.id;
  if (!unrecorded_.empty()) change.previous = unrecorded_.front().outcome;
  change.step = step_;
  change.attempt = s.remediation.steps[step_].attempts + 1;
  change.mark = s.make_mark();
  change.breaker = shut;
  return Submit{std::move(change)};
}

// What is under way is not known while nothing can be looked at: that is on record, once.
Turn Carry::keep_off(Situation& s, const Moment& m, const OpenBreaker& shut) {
  if (open_ && s.remediation.state == State::running) lose_sight("it cannot be read back while no call is made");
  if (!unrecorded_.empty()) return record(s);
  if (open_ && !kept_off_) return s.wait(shut);
  wait_outside_its_time(m, s.asked_again(m, shut.until));
  return Wait{*wait_until_};
}

void Carry::wait_outside_its_time(const Moment& m, Duration until) {
  give_back(until - m.elapsed);
  wait_until_ = until;
}

// This time is not the step's.
void Carry::give_back(Duration time) {
  deadline_ += time;
  step_deadline_ += time;
}

Turn Carry::record(Situation& s) {
  RecordOutcome change;
  change.remediation = s.remediation.id;
  change.outcome = unrecorded_.front().outcome;
  change.move = unrecorded_.front().move;
  change.reason = unrecorded_.front().reason;
  return Submit{std::move(change)};
}

// The last outcome tells that everything is applied; or that nothing is.
Turn Carry::record_all(Situation& s) {
  if (unrecorded_.size() == 1 && unrecorded_.front().move == Move::outcome) {
    const bool nothing_applied = unrecorded_.front().outcome.result != StepOutcome::Result::applied &&
                                 std::none_of(s.remediation.steps.begin(), s.remediation.steps.end(),
                                              [](const StepProgress& p) { return p.status == StepStatus::applied; });
    unrecorded_.front().move = any_failed_ && nothing_applied ? Move::fail : Move::apply_all;
    if (any_failed_) unrecorded_.front().reason = "a step failed, and the plan says to go on";
  }
  return record(s);
}

// ---- what came back ----------------------------------------------------------------------------------------------

void Carry::looked(Situation& s, const Moment& m, ActionResult<Observation> seen) {
  kept_off_ = false;
  if (!seen) return missed(s, m, seen.error());
  patience_.saw();
  patience_.saw_all();
  saw(s, m, *seen);
}

void Carry::missed(Situation& s, const Moment& m, const ActionError& error) {
  const auto verdict = patience_.judge(s, m, error);
  if (verdict.kind == Patience::Verdict::Kind::gone) return done(s, m, observation_of_gone(verdict.reason));
  if (verdict.kind == Patience::Verdict::Kind::again && s.shut(m, step(s))) return give_back(m.elapsed - look_began_);
  if (verdict.kind == Patience::Verdict::Kind::stuck || m.elapsed > step_deadline_) {
    if (open_)
      close(s, m, StepOutcome::Result::unknown, error.code, "it could not be read back: " + verdict.reason, nullptr);
    return hold("observation", "the target cannot be observed: " + verdict.reason);
  }
  wait_until_ = std::min(m.elapsed + verdict.delay, std::max(step_deadline_, m.elapsed) + s.options.retry_first);
}

void Carry::saw(Situation& s, const Moment& m, const Observation& seen) {
  switch (stage_) {
    case Stage::look:
    case Stage::work:
      return saw_for_attempt(s, m, seen);
    case Stage::read:
      return saw_written(s, m, seen);
    case Stage::examine:
      if (seen.holds) return done(s, m, seen);
      return fail(s, m, failure_, &seen);
    case Stage::doubt:
      return saw_in_doubt(s, m, seen);
  }
}

void Carry::saw_for_attempt(Situation& s, const Moment& m, const Observation& seen) {
  if (seen.holds) return done(s, m, seen);
  if (seen.hold) return hold("observation", *seen.hold);
  if (auto failure = exhausted(s, m)) return fail(s, m, *failure, &seen);
  fresh_ = seen;
}

// What does not hold may not show yet; or somebody has changed it since, and then there may be a finding.
void Carry::saw_written(Situation& s, const Moment& m, const Observation& seen) {
  if (seen.holds) return done(s, m, seen);
  if (m.elapsed >= shown_at_ && may_repeat(s, m)) {
    unseen_ = seen;
  } else {
    read_again(s, m, seen);
  }
}

void Carry::read_again(Situation& s, const Moment& m, const Observation& seen) {
  if (m.elapsed >= std::min(step_deadline_, deadline_)) {
    return fail(s, m,
                {StepOutcome::Result::failed, "not_seen",
                 fmt::format("the write was accepted, but the state did not hold within {}: {}",
                             format_duration(step(s).timeout), seen.summary)},
                &seen);
  }
  wait_until_ = std::min(m.elapsed + s.poll_delay(polls_++), step_deadline_);
}

bool Carry::may_repeat(Situation& s, const Moment& m) const {
  return s.spec(step(s)).repetition != Repetition::once && !exhausted(s, m);
}

void Carry::told(Situation& s, const Moment& m, int64_t last_finding) {
  const Observation seen = *std::exchange(unseen_, std::nullopt);
  if (last_finding <= s.findings_covered) return read_again(s, m, seen);
  s.findings_covered = last_finding;
  polls_ = 0;
  retry(s, m, {ActionError::Kind::retry, "found_again", "it was found again behind the write: " + seen.summary, {}});
}

void Carry::saw_in_doubt(Situation& s, const Moment& m, const Observation& seen) {
  if (seen.holds) return done(s, m, seen);
  lose_sight("it is not known whether the attempt had its effect");
  if (m.elapsed < settled_at_) {
    wait_until_ = settled_at_;
    return;
  }
  const bool equal = last_look_ && last_look_->state == seen.state;
  last_look_ = seen;
  if (!equal && m.elapsed < step_deadline_) {
    wait_until_ = m.elapsed + s.options.visibility_delay;
    return;
  }
  if (seen.hold) return hold("observation", *seen.hold);
  if (!equal) {
    return fail(
        s, m,
        {StepOutcome::Result::failed, "unsettled", "the target kept changing, so it is not known what the attempt did"},
        &seen);
  }
  if (s.spec(step(s)).repetition == Repetition::once) {
    return hold("repetition", fmt::format("{} may not be repeated, and it is not known whether it had its effect; "
                                          "what is there now: {}",
                                          step(s).action, seen.summary));
  }
  if (auto failure = exhausted(s, m)) return fail(s, m, *failure, &seen);
  open_.reset();
  stage_ = Stage::look;
  fresh_ = seen;
}

void Carry::lose_sight(std::string reason) {
  if (std::exchange(sight_lost_, true)) return;
  Entry lost{*open_, Move::lose_sight, std::move(reason)};
  lost.outcome.result = StepOutcome::Result::unknown;
  unrecorded_.push_back(std::move(lost));
}

void Carry::worked(Situation& s, const Moment& m, Worked result) {
  open_->request_ids = std::move(result.request_ids);
  open_->writes = result.writes;
  open_->started = result.started;
  open_->finished = result.finished;
  wrote_ = wrote_ || result.writes > 0;
  fresh_.reset();
  polls_ = 0;
  shown_at_ = m.elapsed + s.options.visibility_delay;
  if (result.result) {
    stage_ = Stage::read;
    return;
  }
  ActionError error = result.result.error();
  if (result.kept_back) {
    const bool untouched = result.writes == 0;
    error = {untouched ? ActionError::Kind::retry : ActionError::Kind::unknown, "kept_back", *result.kept_back, {}};
    if (untouched) --tries_;  // a pause does not use up what the step may try
  }
  if (result.unsure) error.kind = ActionError::Kind::unknown;
  open_->code = error.code;
  open_->message = words_of(error);
  switch (error.kind) {
    case ActionError::Kind::retry:
      return retry(s, m, error);
    case ActionError::Kind::refused:
      failure_ = {StepOutcome::Result::refused, error.code, words_of(error)};
      if (!wrote_) return fail(s, m, failure_, nullptr);
      stage_ = Stage::examine;
      return;
    case ActionError::Kind::gone:
      stage_ = Stage::read;
      return;
    case ActionError::Kind::unknown:
      return begin_doubt(s, result.began);
  }
}

// It was surely not done: on record, then again after a while.
void Carry::retry(Situation& s, const Moment& m, const ActionError& error) {
  close(s, m, StepOutcome::Result::retry, error.code, words_of(error), nullptr);
  stage_ = Stage::look;
  failure_ = {StepOutcome::Result::failed, error.code, words_of(error)};
  const Duration delay = s.retry_delay(retries_++, error.retry_after);
  wait_until_ = std::min(m.elapsed + delay, std::max(m.elapsed, std::min(step_deadline_, deadline_)));
}

std::optional<Carry::Failure> Carry::exhausted(Situation& s, const Moment& m) const {
  if (tries_ > 0 && tries_ >= step(s).attempts) {
    return Failure{
        StepOutcome::Result::failed, failure_.code.empty() ? "attempts" : failure_.code,
        fmt::format("not done after {} attempts{}{}", tries_, failure_.message.empty() ? "" : ": ", failure_.message)};
  }
  if (m.elapsed >= step_deadline_ || m.elapsed >= deadline_) {
    return Failure{StepOutcome::Result::failed, "deadline",
                   fmt::format("not done within {}{}{}", format_duration(step(s).timeout),
                               failure_.message.empty() ? "" : ": ", failure_.message)};
  }
  return std::nullopt;
}

// ---- how attempts and steps end ----------------------------------------------------------------------------------

void Carry::close(Situation& s, const Moment& m, StepOutcome::Result result, std::string code, std::string message,
                  const Observation* after) {
  StepOutcome outcome =
      open_ ? *open_ : open_outcome(step_, s.remediation.steps[step_].attempts, s.remediation.steps[step_].mark, m.now);
  open_.reset();
  outcome.result = result;
  outcome.code = std::move(code);
  outcome.message = std::move(message);
  if (after) outcome.after = s.capture(step(s), after->state);
  unrecorded_.push_back({std::move(outcome), Move::outcome, ""});
}

// What an earlier attempt of ours brought about stays ours, whoever made it hold since: undo goes by it.
void Carry::done(Situation& s, const Moment& m, const Observation& seen) {
  const StepStatus status = s.remediation.steps[step_].status;
  const bool ours = wrote_ || status == StepStatus::applied;
  const bool known = !wrote_ && !open_ && (status == StepStatus::already || status == StepStatus::applied);
  if (!known || unrecorded_.empty()) {
    close(s, m, ours ? StepOutcome::Result::applied : StepOutcome::Result::already, "", seen.summary, &seen);
  }
  advance(s, m);
}

void Carry::fail(Situation& s, const Moment& m, Failure failure, const Observation* after) {
  close(s, m, failure.result, failure.code, failure.message, wrote_ ? after : nullptr);
  any_failed_ = true;
  const OnFailure policy = step(s).on_failure;
  if (policy == OnFailure::proceed && m.elapsed < deadline_) return advance(s, m);
  unrecorded_.back().move = policy == OnFailure::undo ? Move::undo : Move::fail;
  unrecorded_.back().reason = failure.message;
  step_ = s.effects.size();
}

void Carry::advance(Situation& s, const Moment& m) {
  s.tried.erase(step_);
  if (step_ + 1 < s.effects.size() && s.unstarted() == step_ + 1) {
    at_unstarted_ = true;
  } else if (step_ + 1 < s.effects.size()) {
    begin_step(s, m, step_ + 1);
  } else {
    step_ = s.effects.size();
  }
}

void Carry::hold(std::string guard, std::string reason) { hold_ = {std::move(guard), std::move(reason)}; }

void Carry::answered(Situation& s, const Moment& m, const Change& change, const Answer& answer) {
  if (const auto* recorded = std::get_if<RecordOutcome>(&change)) {
    s.recorded(recorded->outcome);
    unrecorded_.pop_front();
    if (recorded->move == Move::lose_sight) s.remediation.state = State::unknown;
    if (recorded->move == Move::outcome) s.remediation.state = State::running;
    if (recorded->move != Move::lose_sight && recorded->move != Move::outcome) ended_ = recorded->move;
    return;
  }
  if (const auto* moved = std::get_if<MoveRemediation>(&change)) {
    if (moved->move == Move::hold) ended_ = Move::hold;
    kept_off_ = moved->move == Move::wait;
    return;
  }
  const auto* attempt = std::get_if<Attempt>(&change);
  if (!attempt) return;
  if (attempt->previous) {
    s.recorded(*attempt->previous);
    unrecorded_.pop_front();
  }
  const GoAnswer go = answer.go.value_or(GoAnswer{});
  if (go.go == Go::held || go.go == Go::refused) {
    ended_ = Move::hold;
    return;
  }
  if (go.go != Go::go) return waits(s, m, go);
  s.remediation.state = State::running;
  s.attempted(step_, attempt->mark, false);
  ++tries_;
  open_ = open_outcome(step_, s.remediation.steps[step_].attempts, attempt->mark, m.now);
  sight_lost_ = kept_off_ = false;
  stage_ = Stage::work;
}

void Carry::waits(Situation& s, const Moment& m, const GoAnswer& answer) {
  fresh_.reset();
  if (answer.go == Go::observe_again) {
    wait_until_ = m.elapsed + s.poll_delay(polls_++);
  } else if (s.remediation.state == State::running) {
    s.remediation.state = State::waiting;
    s.remediation.guard = answer.guard;
    s.remediation.due = answer.due;
    s.tried[step_] = tries_;
    waits_outside_ = true;
  } else {
    kept_off_ = true;
    wait_outside_its_time(m, s.asked_again(m, answer.due.value_or(m.now)));
  }
}

}  // namespace kedge
