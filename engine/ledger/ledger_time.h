// LedgerTime: the time of one ledger, which never goes back (contracts §7).
//
// It is the largest time that was committed, advanced by the machine's own count since the boot (Clock::elapsed). A
// wall clock that jumps moves nothing: neither budgets, nor expiries, nor leases. Over a restart within the same boot
// the time that passed is exact; after another boot it is wall time, if that is later.
//
// Constant after construction, so any thread may ask. Borrows the clock.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "base/clock.h"

namespace kedge {

class LedgerTime {
 public:
  // A reading of both, as a commit keeps it.
  struct Mark {
    Time time;
    Duration elapsed{};
    std::string boot_id;

    bool operator==(const Mark&) const = default;
  };

  LedgerTime(Clock& clock, const std::optional<Mark>& last) : clock_(clock), base_(begin(clock, last)) {}

  Time now() const { return base_.time + std::max(Duration{0}, clock_.elapsed() - base_.elapsed); }
  Mark mark(Time now) const { return {now, base_.elapsed + (now - base_.time), base_.boot_id}; }

 private:
  static Mark begin(Clock& clock, const std::optional<Mark>& last) {
    const std::string boot_id = clock.boot_id();
    if (last && last->boot_id == boot_id) return *last;
    const Time wall = clock.now();
    return {last ? std::max(last->time, wall) : wall, clock.elapsed(), boot_id};
  }

  Clock& clock_;
  const Mark base_;
};

}  // namespace kedge
