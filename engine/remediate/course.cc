#include "remediate/course.h"

#include <spdlog/spdlog.h>

namespace kedge {

bool opens_attempt(const Change& change) {
  return std::holds_alternative<Start>(change) || std::holds_alternative<Attempt>(change) ||
         std::holds_alternative<AttemptUndo>(change);
}

Course::Course(Remediation remediation, const ActionCatalog& catalog, const ExecutorOptions& options, Random& random,
               const Moment& m, bool resumed)
    : situation_(std::move(remediation), catalog, options, random, resumed), phase_(first_phase(situation_, m)) {
  situation_.findings_covered = situation_.remediation.observed_from;
}

Course::Phase Course::first_phase(Situation& s, const Moment& m) {
  switch (s.remediation.state) {
    case State::planned:
    case State::waiting:
      return Survey(s, m);
    case State::running:
      if (s.unstarted() && !s.has_open_attempt()) return Survey(s, m);
      return Carry(s, m);
    case State::unknown:
      return Carry(s, m);
    case State::confirming:
      return Confirm(s, m);
    case State::isolated:
      return Lease();
    case State::undoing:
    case State::releasing:
      return Restore(s, m);
    case State::held:
      if (s.remediation.due) return Held(*s.remediation.due);
      return Nothing{};
    default:
      return Nothing{};
  }
}

Turn Course::Held::next(Situation& s, const Moment& m) {
  if (expired_) return Over{};
  if (m.now < until_) return Wait{m.elapsed + (until_ - m.now)};
  if (m.stopped && m.stopped->nothing_expires) return Wait{m.elapsed + s.options.stopped_poll};
  MoveRemediation change;
  change.remediation = s.remediation.id;
  change.move = Move::expire;
  change.guard = s.remediation.guard;
  change.reason = "nobody let it go on in time: it is not done";
  return Submit{std::move(change)};
}

Turn Course::next(const Moment& m) {
  if (reread_) return Reread{};
  if (submit_again_) {
    if (m.elapsed < *submit_again_) return Wait{*submit_again_};
    submit_again_.reset();
    if (submitted_) return Submit{*submitted_};
  }
  change_phase(m);
  Turn turn = std::visit([&](auto& phase) { return phase.next(situation_, m); }, phase_);
  if (const auto* submit = std::get_if<Submit>(&turn)) submitted_ = submit->change;
  return turn;
}

void Course::change_phase(const Moment& m) {
  if (auto* survey = std::get_if<Survey>(&phase_)) {
    if (survey->ended()) {
      const std::optional<Time> held_until = survey->held_until();
      rest();
      if (held_until) phase_ = Held(*held_until);
    } else if (survey->go()) {
      const FirstAttempt go = *survey->go();
      phase_ = Carry(situation_, m, go);
    }
  } else if (auto* part = std::get_if<Carry>(&phase_); part && part->needs_survey()) {
    phase_ = Survey(situation_, m);  // of the rest, or of all once a wait is over
  } else if (auto* carry = std::get_if<Carry>(&phase_); carry && carry->ended()) {
    const Move move = *carry->ended();
    phase_ = Nothing{};
    if (move == Move::apply_all) {
      situation_.remediation.state = State::confirming;
      phase_ = Confirm(situation_, m);
    } else if (move == Move::undo) {
      situation_.remediation.state = State::undoing;
      phase_ = Restore(situation_, m);
    }
  } else if (auto* confirm = std::get_if<Confirm>(&phase_)) {
    const Confirm::End end = confirm->ended();
    if (end == Confirm::End::over) rest();
    if (end == Confirm::End::carry) {
      const FirstAttempt again = confirm->again();
      phase_ = Carry(situation_, m, again);
    }
    if (end == Confirm::End::undo) phase_ = Restore(situation_, m);
  } else if (auto* lease = std::get_if<Lease>(&phase_); lease && lease->over()) {
    phase_ = Restore(situation_, m);
  } else if (auto* restore = std::get_if<Restore>(&phase_); restore && restore->ended()) {
    phase_ = Nothing{};
  }
}

void Course::rest() {
  phase_ = Nothing{};
  if (situation_.remediation.state == State::isolated) phase_ = Lease();
}

void Course::looked(const Moment& m, ActionResult<Observation> seen) {
  std::visit([&](auto& phase) { phase.looked(situation_, m, std::move(seen)); }, phase_);
}

void Course::worked(const Moment& m, Worked result) {
  if (auto* carry = std::get_if<Carry>(&phase_)) carry->worked(situation_, m, std::move(result));
  if (auto* restore = std::get_if<Restore>(&phase_)) restore->worked(situation_, m, std::move(result));
}

void Course::answered(const Moment& m, const Answer& answer) {
  if (!answer.done()) return undone_answer(m, answer);
  no_room_ = 0;
  const Change change = *std::exchange(submitted_, std::nullopt);
  std::visit([&](auto& phase) { phase.answered(situation_, m, change, answer); }, phase_);
}

void Course::told(const Moment& m, int64_t last_finding) {
  if (auto* confirm = std::get_if<Confirm>(&phase_)) confirm->told(situation_, m, last_finding);
  if (auto* carry = std::get_if<Carry>(&phase_)) carry->told(situation_, m, last_finding);
}

void Course::grew_old(const Moment& m) {
  submitted_.reset();
  std::visit([&](auto& phase) { phase.not_done(situation_, m); }, phase_);
}

// Refused: somebody else has moved it. Unknown: it may have been written. Both times the ledger is read anew.
void Course::undone_answer(const Moment& m, const Answer& answer) {
  switch (answer.outcome) {
    case Outcome::no_room: {
      submit_again_ = m.elapsed + situation_.retry_delay(no_room_++, std::nullopt);
      if (opens_attempt(*submitted_)) grew_old(m);
      return;
    }
    case Outcome::refused:
      spdlog::info("remediation {}: the ledger refused a step of it ({}); reading it anew", remediation().id,
                   answer.error.message);
      reread_ = true;
      return;
    case Outcome::unknown:
      reread_ = true;
      return;
    case Outcome::final:
    case Outcome::done:
      phase_ = Nothing{};  // the process is about to end
      return;
  }
}

std::optional<std::string> Course::written_by(const Change& change) const {
  return std::visit(
      [&](const auto& opens) -> std::optional<std::string> {
        if constexpr (requires {
                        opens.breaker;
                        opens.step;
                      }) {
          if (!opens.breaker) return endpoint_of(*situation_.effects.at(opens.step));
        }
        return std::nullopt;
      },
      change);
}

std::string Course::first_endpoint() const {
  return situation_.effects.empty() ? "" : endpoint_of(*situation_.effects.front());
}

}  // namespace kedge
