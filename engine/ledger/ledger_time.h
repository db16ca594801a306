// LedgerTime: the time of one ledger, which never goes back (contracts §7).
//
// It is the largest time that was committed, advanced by the machine's own count since the boot (Clock::elapsed). A
// wall clock that jumps moves nothing: neither budgets, nor expiries, nor leases. Over a restart within the same boot
// the time that passed is exact; after another boot it is wall time, if that is later.
//
// A wall clock that is far from it is in doubt, until it is near again or somebody accepts it: then how far it is from
// it is remembered for the boot, and what time of day it is goes by that. Ledger time itself follows at the next boot
// only, for its jump would empty every budget and end every wait at once.
//
// A value, which borrows the clock.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace kedge {

inline constexpr Duration kClockTolerance = std::chrono::seconds(60);

// Whether there is something to accept.
inline Result<void> check_acceptance(const std::optional<Duration>& clock_doubt) {
  if (clock_doubt) return {};
  return Error{ErrorCode::refused, "the wall clock agrees with ledger time, or was accepted already"};
}

class LedgerTime {
 public:
  // A reading of both, as a commit keeps it.
  struct Mark {
    Time time;
    Duration elapsed{};
    std::string boot_id;
    Duration wall_ahead{};  // of this time, as somebody accepted it; negative: behind

    bool operator==(const Mark&) const = default;
  };

  LedgerTime(Clock& clock, const std::optional<Mark>& last) : clock_(&clock), base_(begin(clock, last)) {}

  Time now() const { return base_.time + std::max(Duration{0}, clock_->elapsed() - base_.elapsed); }
  Mark mark(Time now) const { return {now, base_.elapsed + (now - base_.time), base_.boot_id, base_.wall_ahead}; }

  // What people outside call now, as far as it is trusted.
  Time time_of_day() const {
    const Time now = this->now();
    return near(clock_->now() - now) ? now : now + base_.wall_ahead;
  }

  // How far the wall clock is ahead (negative: behind), where it is in doubt.
  std::optional<Duration> clock_doubt() const {
    const Duration ahead = clock_->now() - now();
    if (near(ahead) || near(ahead - base_.wall_ahead)) return std::nullopt;
    return ahead;
  }
  // A wall clock that is so far ahead is right: on record.
  void accept(Duration ahead) { base_.wall_ahead = ahead; }

 private:
  static bool near(Duration span) { return std::chrono::abs(span) <= kClockTolerance; }
  static Mark begin(Clock& clock, const std::optional<Mark>& last) {
    const std::string boot_id = clock.boot_id();
    if (last && last->boot_id == boot_id) return *last;
    const Time wall = clock.now();
    return {last ? std::max(last->time, wall) : wall, clock.elapsed(), boot_id, Duration{0}};
  }

  Clock* clock_;
  Mark base_;
};

}  // namespace kedge
