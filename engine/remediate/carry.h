// Carry: carries out the steps, one after the other, from the first durable attempt to the last outcome.
//
// For each step: look → (an attempt is made durable) → work → read back until it holds, or until the step's time is
// over → outcome. The outcome of one attempt travels with the next one, so that both cost one sync.
//
// What an accepted write does not show once the endpoint's visibility delay is over, while a finding has come in since
// the world was looked at, was changed by somebody else: it is attempted anew, as often as the step allows.
//
// An attempt whose outcome is not known is looked at: if the state holds, it was done. If not, it may still arrive:
// only after the call's own timeout and the endpoint's visibility delay, and only when two looks are equal, it counts
// as not done, and is repeated as the action allows. After a restart every open attempt is one of these.
//
// Where the breaker of a step's endpoint is open, that is on record, and nothing is called. A step without an attempt
// under way waits outside, as a remediation that has not begun does; with one it stays here, and when it was read back
// last is none of its time.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "remediate/observing.h"
#include "remediate/situation.h"
#include "remediate/survey.h"

namespace kedge {

class Carry {
 public:
  Carry(Situation&, const Moment&, const FirstAttempt&);  // behind a Start or its survey, or from confirming
  Carry(Situation&, const Moment&);                       // resumed from running or unknown

  Turn next(Situation&, const Moment&);
  void looked(Situation&, const Moment&, ActionResult<Observation>);
  void worked(Situation&, const Moment&, Worked);
  void told(Situation&, const Moment&, int64_t last_finding);
  void answered(Situation&, const Moment&, const Change&, const Answer&);
  void not_done(Situation&, const Moment&) { fresh_.reset(); }

  // How it ended: apply_all (everything is to be confirmed), undo, or fail and hold, which end it here.
  const std::optional<Move>& ended() const { return ended_; }
  // All that a Start has been of is done and on record, and it was not of every step; or it waits now, and what it
  // knows grows old.
  bool needs_survey() const { return (at_unstarted_ && unrecorded_.empty() && !hold_) || waits_outside_; }

 private:
  enum class Stage {
    look,     // observe for the attempt to come
    work,     // the attempt is durable: carry it out
    read,     // it was accepted: observe until it holds
    examine,  // it was refused behind a write: observe once, for what it left
    doubt,    // its outcome is not known
  };
  struct Failure {
    StepOutcome::Result result = StepOutcome::Result::failed;
    std::string code, message;
  };

  const Step& step(const Situation& s) const { return *s.effects[step_]; }
  void begin_step(Situation&, const Moment&, size_t step);
  void begin_doubt(Situation&, Duration call_began);
  Turn prepare(Situation&, const Moment&);
  Turn look(Situation&, const Moment&);
  Turn wait(Situation&, Duration until);
  Turn keep_off(Situation&, const Moment&, const OpenBreaker&);
  void wait_outside_its_time(const Moment&, Duration until);
  void give_back(Duration time);
  Turn record(Situation&);
  Turn record_all(Situation&);

  void saw(Situation&, const Moment&, const Observation&);
  void saw_for_attempt(Situation&, const Moment&, const Observation&);
  void saw_written(Situation&, const Moment&, const Observation&);
  void read_again(Situation&, const Moment&, const Observation&);
  bool may_repeat(Situation&, const Moment&) const;
  void saw_in_doubt(Situation&, const Moment&, const Observation&);
  void lose_sight(std::string reason);
  void missed(Situation&, const Moment&, const ActionError&);
  void retry(Situation&, const Moment&, const ActionError&);

  void close(Situation&, const Moment&, StepOutcome::Result, std::string code, std::string message,
             const Observation* after);
  void done(Situation&, const Moment&, const Observation&);
  void fail(Situation&, const Moment&, Failure, const Observation* after);
  void advance(Situation&, const Moment&);
  void waits(Situation&, const Moment&, const GoAnswer&);
  void hold(std::string guard, std::string reason);
  std::optional<Failure> exhausted(Situation&, const Moment&) const;

  size_t step_ = 0;
  Stage stage_ = Stage::look;
  std::optional<Observation> fresh_;  // for the attempt to come
  std::optional<StepOutcome> open_;   // the attempt that is durable and has no outcome yet
  Failure failure_;                   // examine: what the attempt failed with
  int tries_ = 0;                     // attempts of this step
  bool wrote_ = false;                // one of them may have written
  int polls_ = 0;
  int retries_ = 0;
  Patience patience_;

  Duration deadline_{};       // of all steps
  Duration step_deadline_{};  // of this step, with all its attempts
  Duration look_began_{};
  std::optional<Duration> wait_until_;
  std::optional<Duration> stopped_since_;

  Duration shown_at_{};                   // read: from then on a look shows what was written
  std::optional<Observation> unseen_;     // read: does not show it; whether it was found again is to be asked
  Duration settled_at_{};                 // doubt: from then on a look tells whether it was done
  std::optional<Observation> last_look_;  // doubt: the last one behind settled_at_
  bool sight_lost_ = false;               // doubt: is on record

  struct Entry {
    StepOutcome outcome;
    Move move = Move::outcome;
    std::string reason;
  };
  std::deque<Entry> unrecorded_;
  struct Hold {
    std::string guard, reason;
  };
  std::optional<Hold> hold_;
  bool any_failed_ = false;
  bool at_unstarted_ = false;
  bool kept_off_ = false;       // by a breaker, and that is on record
  bool waits_outside_ = false;  // waiting
  std::optional<Move> ended_;
};

}  // namespace kedge
