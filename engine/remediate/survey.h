// Survey: from planned to the first attempt. Every step is observed; all hold → confirmed without effect; one cannot be
// told for certain → held; otherwise Start asks the gate.
//
// Where something is to be isolated, nothing may hold that up: what stands behind `isolate` has two seconds in all to
// be observed with it. When one of these steps does not answer, fails or leaves a doubt, a Start of the isolation alone
// is asked for, and once the isolation is done the rest has a survey of its own (from running), and a Start of its own.
//
// What stops effects is of two kinds. A pause is a person's word, and ends with a person's word: the gate holds what
// asks while it stands, each on record, in `kedge remediation list --held`, with what to type; the end of the pause
// lets all of them go on. Everything else (a foreign member in the group, no room on the disk, a ledger that cannot be
// read, the engine's own end) is trouble of the engine as a whole: /readyz tells it once, it ends by itself or with a
// repair, and no answer to a single remediation would help. A hold and a notice for each would bury at 3 a.m. what does
// wait for a person. So that only waits: in memory at first, and from ExecutorOptions::visible_wait on as a row in
// `kedge remediation list` that says why.
//
// An endpoint whose breaker is open is not called for a look either. What needs it waits, on record, and from then on
// in memory, however often the breaker opens again: only who is let through as the probe goes on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "remediate/observing.h"
#include "remediate/situation.h"

namespace kedge {

// What the steps begin with: the first that does not hold, and what was seen of it.
struct FirstAttempt {
  size_t step = 0;
  Observation now;
  std::string mark;                  // empty: the attempt is not durable yet
  std::vector<Observation> holding;  // not empty: nothing is open; from `step` on every one holds, as was seen here
};

class Survey {
 public:
  Survey(Situation&, const Moment&);

  Turn next(Situation&, const Moment&);
  void looked(Situation&, const Moment&, ActionResult<Observation>);
  void answered(Situation&, const Moment&, const Change&, const Answer&);
  void not_done(Situation&, const Moment&) { round_.restart(); }  // the ledger had no room: what was seen grows old

  // Set once Start has said go, and where the rest of a plan holds already.
  const std::optional<FirstAttempt>& go() const { return go_; }
  bool ended() const { return ended_; }
  // Ended by a hold that expires then.
  const std::optional<Time>& held_until() const { return held_until_; }

 private:
  void begin(Situation&);
  bool isolates_first(const Situation&) const;
  Turn look_behind_isolation(Situation&, const Moment&, const Step&);
  Turn keep_off(Situation&, const Moment&, const OpenBreaker&);
  Turn resume(Situation&, const Moment&);
  void complete(Situation&, const Moment&);
  Turn decide(Situation&, const Moment&);
  Turn announce(Situation&, const Moment&) const;
  Turn wait_for_effects(Situation&, const Moment&);
  Turn defer(Situation&, const Moment&) const;
  Turn start(Situation&, const Moment&, size_t first_open) const;
  Turn conclude(Situation&) const;
  void waits(Situation&, const Moment&, const std::string& guard, std::optional<Time> due);
  void answered_start(Situation&, const Moment&, const Start&, const GoAnswer&);

  size_t first_ = 0;  // of the steps that it is of
  Round round_{{}};
  std::optional<Duration> isolate_at_;  // from then on what stands behind `isolate` is not waited for
  bool behind_missed_ = false;          // one of these steps was not observed
  Patience patience_;
  std::optional<Duration> wait_until_;
  std::optional<std::string> stuck_;  // the world cannot be observed, and why
  struct Row {
    std::string guard, reason;
  };
  std::optional<Row> row_;                 // a wait that is long enough for people to see it, and why it is
  std::optional<Duration> stopped_since_;  // effects were stopped when everything else was ready
  int again_ = 0;                          // how often in a row the ledger asked for another look
  bool ended_ = false;
  std::optional<Time> held_until_;
  std::optional<FirstAttempt> go_;
};

}  // namespace kedge
