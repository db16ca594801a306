// Survey: from planned to the first attempt. Every step is observed; all hold → confirmed without effect; one cannot be
// told for certain → held; otherwise Start asks the gate.
#pragma once

#include <optional>
#include <string>

#include "remediate/observing.h"
#include "remediate/situation.h"

namespace kedge {

// What the steps begin with: the first that does not hold, and what was seen of it.
struct FirstAttempt {
  size_t step = 0;
  Observation now;
  std::string mark;  // empty: the attempt is not durable yet
};

class Survey {
 public:
  Survey(Situation&, const Moment&);

  Turn next(Situation&, const Moment&);
  void looked(Situation&, const Moment&, ActionResult<Observation>);
  void answered(Situation&, const Moment&, const Change&, const Answer&);
  void not_done(Situation&, const Moment&) { round_.restart(); }  // the ledger had no room: what was seen grows old

  // Set once Start has said go.
  const std::optional<FirstAttempt>& go() const { return go_; }
  bool ended() const { return ended_; }

 private:
  Turn decide(Situation&, const Moment&);
  Turn defer(Situation&, const Moment&) const;
  Turn start(Situation&, size_t first_open) const;
  Turn conclude(Situation&) const;
  void waits(Situation&, const Moment&, std::optional<Time> due);
  void answered_start(Situation&, const Moment&, const Start&, const GoAnswer&);

  Round round_;
  Patience patience_;
  std::optional<Duration> wait_until_;
  std::optional<std::string> stuck_;  // the world cannot be observed, and why
  std::optional<std::string> row_;    // a wait that is long enough for people to see it, and why it is
  bool stopped_ = false;              // effects were stopped when everything else was ready
  int again_ = 0;                     // how often in a row the ledger asked for another look
  bool ended_ = false;
  std::optional<FirstAttempt> go_;
};

}  // namespace kedge
