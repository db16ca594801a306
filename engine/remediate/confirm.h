// Confirm: everything is applied; the world is read back until it is as it should be, or until the time is over.
//
// What is read is the plan's `confirm` steps, or every step with an effect once more. A finding that came in meanwhile
// (the ledger says observe_again, or tells of it when something does not hold) means that somebody has changed the
// target again: then every step is observed, and what does not hold is carried out once more. Somebody who changes it
// back each time, before it can be confirmed, is not fought for ever: then it is held for a person.
#pragma once

#include <optional>
#include <string>

#include "remediate/observing.h"
#include "remediate/situation.h"
#include "remediate/survey.h"

namespace kedge {

class Confirm {
 public:
  Confirm(Situation&, const Moment&);

  Turn next(Situation&, const Moment&);
  void looked(Situation&, const Moment&, ActionResult<Observation>);
  void told(Situation&, const Moment&, int64_t last_finding);
  void answered(Situation&, const Moment&, const Change&, const Answer&);
  void not_done(Situation&, const Moment&) { round_.restart(); }

  enum class End { open, over, carry, undo };
  End ended() const { return ended_; }
  const FirstAttempt& again() const { return again_; }  // of `carry`

 private:
  enum class Looking { effects, own_steps };
  void begin(Situation&, Looking);
  Turn conclude(Situation&, Move, std::string reason) const;
  Turn give_up(Situation&) const;
  std::optional<OpenBreaker> shut(const Situation&, const Moment&) const;  // what keeps the round from its end
  Turn keep_off(Situation&, const Moment&, const OpenBreaker&);
  void complete(Situation&, const Moment&);
  void carry_again(Situation&, size_t step);
  Submit hold_as_fought(const Situation&) const;
  bool only_failed_steps_are_open(const Situation&) const;

  Looking looking_ = Looking::effects;
  Round round_{{}};
  Patience patience_;
  Duration deadline_;
  int polls_ = 0;
  bool kept_off_ = false;  // by a breaker, and that is on record
  bool reopened_ = false;  // a finding came in: what does not hold is not just late
  bool fought_ = false;    // it was carried out again too often
  std::optional<Duration> wait_until_;
  std::optional<std::string> not_yet_;   // something does not hold, and what
  std::optional<std::string> given_up_;  // and why
  FirstAttempt again_;
  End ended_ = End::open;
};

}  // namespace kedge
