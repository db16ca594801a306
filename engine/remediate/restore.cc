#include "remediate/restore.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_difference.h"

namespace kedge {

Restore::Restore(Situation& s, const Moment& m)
    : releases_(s.remediation.state == State::releasing),
      observed_from_(m.head),
      deadline_(m.elapsed + s.options.remediation_deadline) {
  bool in_flight = s.resumed;
  for (size_t i = releases_ ? s.remediation.plan.isolate.size() : s.effects.size(); i-- > 0;) {
    const StepProgress& progress = s.remediation.steps[i];
    if (!was_written(progress)) continue;
    left_.push_back(i);
    tries_[i] = progress.undo_attempts;
    in_flight = in_flight || progress.status == StepStatus::attempted;
  }
  if (in_flight) settled_at_ = m.elapsed + s.options.call_timeout + s.options.visibility_delay;
  if (auto why = s.unsupported()) {
    refusal_ = Refusal{*why, nlohmann::json::object()};
    return;
  }
  for (const size_t index : left_) {
    if (!s.spec(*s.effects[index]).undoable) {
      refusal_ = Refusal{s.effects[index]->action + " cannot be undone", {{"step", index}}};
    }
  }
  begin_step(s, m);
  if (!can_compare_all(s)) return;
  stage_ = Stage::compare;
  to_compare_ = left_.size();
}

bool Restore::can_compare_all(const Situation& s) const {
  const auto& steps = s.remediation.steps;
  const auto is_touched = [](const StepProgress& p) { return p.status == StepStatus::undone || p.undo; };
  if (std::any_of(steps.begin(), steps.end(), is_touched)) return false;  // of this undo some is done already
  return std::all_of(left_.begin(), left_.end(), [&](size_t index) { return steps[index].after_all; });
}

void Restore::begin_step(Situation& s, const Moment& m) {
  stage_ = Stage::look;
  fresh_.reset();
  last_look_.reset();
  open_.reset();
  patience_ = Patience();
  polls_ = 0;
  if (!left_.empty()) step_deadline_ = std::max(m.elapsed, settled_at_) + step(s).timeout;
}

// ---- what next ---------------------------------------------------------------------------------------------------

Turn Restore::next(Situation& s, const Moment& m) {
  if (!unrecorded_.empty() && (refusal_ || left_.empty() || unrecorded_.back().move != Move::outcome)) return record(s);
  if (refusal_) return refuse(s);
  if (left_.empty()) return finish(s);
  if (wait_until_ && m.elapsed < *wait_until_) {
    if (!unrecorded_.empty()) return record(s);
    return Wait{*wait_until_};
  }
  wait_until_.reset();
  if (stage_ == Stage::work) return Work{&step(s), open_->mark, *fresh_, true, progress(s).before->full, fresh_->state};
  if (stage_ == Stage::look) return prepare(s, m);
  if (const auto shut = s.shut(m, step(s))) return keep_off(s, m, *shut);
  return Look{&step(s)};
}

Turn Restore::keep_off(Situation& s, const Moment& m, const OpenBreaker& shut) {
  if (!unrecorded_.empty()) return record(s);
  if (!told_) return s.wait(shut);
  pass_over(m, s.asked_again(m, shut.until));
  return Wait{*wait_until_};
}

// This time is not the undo's.
void Restore::pass_over(const Moment& m, Duration until) {
  deadline_ += until - m.elapsed;
  step_deadline_ += until - m.elapsed;
  wait_until_ = until;
}

Turn Restore::prepare(Situation& s, const Moment& m) {
  if (m.stopped && (told_ || !m.stopped->gate_knows)) {
    fresh_.reset();
    if (!unrecorded_.empty()) return record(s);
    pass_over(m, m.elapsed + s.options.stopped_poll);
    return Wait{*wait_until_};
  }
  const auto shut = s.shut(m, step(s));
  if (shut && told_) return keep_off(s, m, *shut);
  if (!shut && !fresh_) return Look{&step(s)};
  if (unrecorded_.size() > 1) return record(s);
  AttemptUndo change;
  change.remediation = s.remediation.id;
  if (!unrecorded_.empty()) change.previous = unrecorded_.front().outcome;
  change.step = left_.front();
  change.attempt = tries_[left_.front()] + 1;
  change.mark = s.make_mark();
  change.breaker = shut;
  return Submit{std::move(change)};
}

Turn Restore::record(Situation& s) const {
  RecordOutcome change;
  change.remediation = s.remediation.id;
  change.outcome = unrecorded_.front().outcome;
  change.move = unrecorded_.front().move;
  change.reason = unrecorded_.front().reason;
  return Submit{std::move(change)};
}

Turn Restore::finish(Situation& s) const {
  Conclude change;
  change.remediation = s.remediation.id;
  change.move = releases_ ? Move::confirm : Move::finish_undo;
  change.observed_from = observed_from_;
  change.afters = restored_;
  change.reason = releases_ ? "the isolation is released" : "everything is as it was before";
  return Submit{std::move(change)};
}

Turn Restore::refuse(Situation& s) const {
  if (releases_) {
    return s.hold("release",
                  "the isolation stands: " + refusal_->reason +
                      "; undo restores the rest too, approve "
                      "isolates it once more",
                  refusal_->details);
  }
  Conclude change;
  change.remediation = s.remediation.id;
  change.move = Move::refuse;
  change.reason = refusal_->reason;
  change.details = refusal_->details;
  return Submit{std::move(change)};
}

// ---- what came back ----------------------------------------------------------------------------------------------

void Restore::looked(Situation& s, const Moment& m, ActionResult<Observation> seen) {
  if (!m.stopped) told_ = false;
  if (!seen) return missed(s, m, seen.error());
  patience_.saw();
  patience_.saw_all();
  saw(s, m, *seen);
}

void Restore::missed(Situation& s, const Moment& m, const ActionError& error) {
  const auto verdict = patience_.judge(s, m, error);
  if (verdict.kind == Patience::Verdict::Kind::gone) {
    if (stage_ == Stage::compare) return compare_next(s, m);  // nothing is there to be compared
    return restored(s, m, observation_of_gone(verdict.reason));
  }
  if (verdict.kind == Patience::Verdict::Kind::again && s.shut(m, step(s))) return;  // its time does not run out there
  if (verdict.kind == Patience::Verdict::Kind::stuck || m.elapsed >= step_deadline_) {
    return fail(s, m, error.code, "the target cannot be observed: " + verdict.reason);
  }
  wait_until_ = std::min(m.elapsed + verdict.delay, step_deadline_);
}

void Restore::compare(Situation& s, const Observation& seen) {
  const nlohmann::json& after = progress(s).after->full;
  if (!is_before(s, seen) && seen.state != after) refuse_for(s, after, seen.state);
}

// When all have been compared, the first is at the front again.
void Restore::compare_next(Situation& s, const Moment& m) {
  left_.push_back(left_.front());
  left_.pop_front();
  begin_step(s, m);
  if (--to_compare_ > 0) stage_ = Stage::compare;
}

void Restore::saw(Situation& s, const Moment& m, const Observation& seen) {
  if (stage_ == Stage::compare) {
    compare(s, seen);
    return compare_next(s, m);
  }
  if (stage_ == Stage::look) return saw_before_undo(s, m, seen);
  if (is_before(s, seen)) return restored(s, m, seen);
  if (stage_ == Stage::examine) return let_others_go_first(s, m, &seen);
  if (stage_ == Stage::doubt && m.elapsed < step_deadline_) return saw_in_doubt(s, m, seen);
  if (m.elapsed >= step_deadline_) {
    return fail(s, m, "not_seen",
                fmt::format("not as it was before within {}: {}", format_duration(step(s).timeout), seen.summary));
  }
  wait_until_ = std::min(m.elapsed + s.poll_delay(polls_++), step_deadline_);
}

void Restore::saw_before_undo(Situation& s, const Moment& m, const Observation& seen) {
  const std::optional<CapturedState>& after = progress(s).after;
  const bool as_left = after ? seen.state == after->full : seen.holds;
  if (m.elapsed < settled_at_) {  // something of ours may still be on its way
    wait_until_ = settled_at_;
    return;
  }
  if (is_before(s, seen)) return restored(s, m, seen);
  if (!as_left) return refuse_for(s, after ? after->full : progress(s).before->full, seen.state);
  if (tries_[left_.front()] >= step(s).attempts || m.elapsed >= std::min(step_deadline_, deadline_)) {
    return fail(s, m, "attempts", fmt::format("not undone after {} attempts", tries_[left_.front()]));
  }
  fresh_ = seen;
}

void Restore::saw_in_doubt(Situation& s, const Moment& m, const Observation& seen) {
  if (m.elapsed < settled_at_) {
    wait_until_ = settled_at_;
    return;
  }
  const bool equal = last_look_ && last_look_->state == seen.state;
  last_look_ = seen;
  if (!equal) {
    wait_until_ = m.elapsed + s.options.visibility_delay;
    return;
  }
  close(s, m, StepOutcome::Result::unknown, open_->code, "not done, as two looks told: " + seen.summary, &seen);
  left(s, seen);
  stage_ = Stage::look;
  saw_before_undo(s, m, seen);
}

void Restore::refuse_for(Situation& s, const nlohmann::json& expected, const nlohmann::json& found) {
  const nlohmann::json shown = difference(s.capture(step(s), expected).shown, s.capture(step(s), found).shown);
  const bool tried = std::any_of(tries_.begin(), tries_.end(), [](const auto& one) { return one.second > 0; });
  const bool touched = !restored_.empty() || !unrecorded_.empty() || tried;
  refusal_ = Refusal{
      fmt::format("{} was changed by somebody else since: {}", s.remediation.plan.target,
                  touched ? "the undo ends here, what it has restored until now stays so" : "nothing is undone"),
      {{"step", left_.front()}, {"action", step(s).action}, {"difference", shown}}};
}

void Restore::worked(Situation& s, const Moment& m, Worked result) {
  open_->request_ids = std::move(result.request_ids);
  open_->writes = result.writes;
  open_->started = result.started;
  open_->finished = result.finished;
  fresh_.reset();
  polls_ = 0;
  stage_ = Stage::read;
  if (result.result) {
    passed_over_ = 0;
    return;
  }
  ActionError error = result.result.error();
  if (result.kept_back) error = {ActionError::Kind::retry, "kept_back", *result.kept_back, std::nullopt};
  if (result.unsure) error.kind = ActionError::Kind::unknown;
  open_->code = error.code;
  error_ = error;
  if (error.kind == ActionError::Kind::retry) {
    if (result.writes == 0) return let_others_go_first(s, m, nullptr);
    stage_ = Stage::examine;
    return;
  }
  if (error.kind == ActionError::Kind::refused) return fail(s, m, error.code, words_of(error));
  if (error.kind == ActionError::Kind::gone) return;  // looked for twice before it is believed
  stage_ = Stage::doubt;
  settled_at_ = result.began + s.options.call_timeout + s.options.visibility_delay;
  step_deadline_ = std::max(step_deadline_, settled_at_ + 4 * s.options.visibility_delay);
}

// It was not done, or not all of it: the other steps are undone first, then it is tried again.
void Restore::let_others_go_first(Situation& s, const Moment& m, const Observation* seen) {
  close(s, m, StepOutcome::Result::retry, error_.code, words_of(error_), seen);
  if (seen) left(s, *seen);
  const int tries = tries_[left_.front()];
  left_.push_back(left_.front());
  left_.pop_front();
  const bool all_passed_over = ++passed_over_ >= left_.size();
  begin_step(s, m);
  if (all_passed_over) {
    wait_until_ = m.elapsed + s.retry_delay(tries, error_.retry_after);
    passed_over_ = 0;
  }
}

// A part of the undo is done: from here on this is what we left.
void Restore::left(Situation& s, const Observation& seen) {
  s.remediation.steps[left_.front()].after = s.capture(step(s), seen.state);
}

// ---- how steps end -----------------------------------------------------------------------------------------------

void Restore::close(Situation& s, const Moment& m, StepOutcome::Result result, std::string code, std::string message,
                    const Observation* after) {
  StepOutcome outcome = open_ ? *open_ : open_outcome(left_.front(), tries_[left_.front()], progress(s).mark, m.now);
  open_.reset();
  outcome.result = result;
  outcome.code = std::move(code);
  outcome.message = std::move(message);
  if (after) outcome.after = s.capture(step(s), after->state);
  unrecorded_.push_back({std::move(outcome), Move::outcome, ""});
}

void Restore::restored(Situation& s, const Moment& m, const Observation& seen) {
  if (open_) close(s, m, StepOutcome::Result::applied, "", "as before: " + seen.summary, &seen);
  restored_.emplace_back(left_.front(), s.capture(step(s), seen.state));
  left_.pop_front();
  begin_step(s, m);
}

void Restore::fail(Situation& s, const Moment& m, std::string code, std::string message) {
  const std::string reason = fmt::format("{} could not be undone: {}", step(s).action, message);
  close(s, m, StepOutcome::Result::failed, std::move(code), std::move(message), nullptr);
  unrecorded_.back().move = releases_ ? Move::hold : Move::fail;
  unrecorded_.back().reason = reason;
}

void Restore::answered(Situation& s, const Moment& m, const Change& change, const Answer& answer) {
  if (const auto* recorded = std::get_if<RecordOutcome>(&change)) {
    s.recorded(recorded->outcome);
    unrecorded_.pop_front();
    ended_ = recorded->move == Move::fail || recorded->move == Move::hold;
    return;
  }
  if (const auto* moved = std::get_if<MoveRemediation>(&change)) {
    ended_ = moved->move == Move::hold;
    told_ = true;
    return;
  }
  const auto* attempt = std::get_if<AttemptUndo>(&change);
  if (!attempt) {
    ended_ = true;
    return;
  }
  if (attempt->previous) {
    s.recorded(*attempt->previous);
    unrecorded_.pop_front();
  }
  const GoAnswer go = answer.go.value_or(GoAnswer{});
  if (go.go == Go::held || go.go == Go::refused) {
    ended_ = true;
    return;
  }
  if (go.go != Go::go) {
    fresh_.reset();
    told_ = true;
    Duration delay = go.due ? std::max(Duration{0}, *go.due - m.now) : s.poll_delay(polls_++);
    if (m.stopped) delay = s.options.stopped_poll;  // its end is seen here: the gate need not be asked again
    return pass_over(m, m.elapsed + delay);
  }
  told_ = false;
  s.attempted(attempt->step, attempt->mark, true);
  ++tries_[attempt->step];
  open_ = open_outcome(attempt->step, attempt->attempt, attempt->mark, m.now);
  stage_ = Stage::work;
}

}  // namespace kedge
