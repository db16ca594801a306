// TrustedClock: the clock of whoever compares what happened outside with what time it is. Its time of day is the
// ledger's (contracts §7), so that a wall clock that jumps makes no event stale, and none come from the future.
#pragma once

#include <string>

#include "base/clock.h"
#include "ledger/committer.h"

namespace kedge {

// Thread-safe. Borrows both.
class TrustedClock final : public Clock {
 public:
  TrustedClock(const Committer& committer, Clock& clock) : committer_(committer), clock_(clock) {}

  Time now() override { return committer_.time_of_day(); }
  Duration elapsed() override { return clock_.elapsed(); }
  std::string boot_id() override { return clock_.boot_id(); }

 private:
  const Committer& committer_;
  Clock& clock_;
};

}  // namespace kedge
