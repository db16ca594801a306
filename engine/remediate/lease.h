// Lease: what isolates stands and is confirmed, for its time; then it is released.
//
// Leases are released so many a minute: where as many were, the ledger says when to ask again. While effects are
// stopped nothing is released, and people are told of one whose time is over.
#pragma once

#include <optional>

#include "remediate/situation.h"

namespace kedge {

class Lease {
 public:
  Turn next(Situation&, const Moment&);
  void looked(Situation&, const Moment&, const ActionResult<Observation>&) {}
  void answered(Situation&, const Moment&, const Change&, const Answer&);
  void not_done(Situation&, const Moment&) {}

  bool over() const { return over_; }  // it is being released

 private:
  Turn wait_for_effects(Situation&, const Moment&);

  std::optional<Duration> wait_until_;  // behind others
  bool told_ = false;                   // that it is overdue
  bool over_ = false;
};

}  // namespace kedge
