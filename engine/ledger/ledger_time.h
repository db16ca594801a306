// LedgerTime: the time of one ledger, which never goes back (contracts §7).
//
// It is the largest time that was committed, advanced by the machine's own count since the boot (Clock::elapsed). A
// wall clock that jumps moves nothing: neither budgets, nor expiries, nor leases. Over a restart within the same boot
// the time that passed is exact; after another boot it is wall time, if that is later.
//
// A wall clock that is far from it is in doubt, until it is near again or somebody accepts it: then ledger time goes on
// from there where it is ahead; where it is behind, which ledger time cannot follow, how far is remembered for the
// boot.
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
    Duration wall_ahead{};  // of this time, as somebody accepted it: never above 0

    bool operator==(const Mark&) const = default;
  };

  LedgerTime(Clock& clock, const std::optional<Mark>& last) : clock_(&clock), base_(begin(clock, last)) {}

  Time now() const { return base_.time + std::max(Duration{0}, clock_->elapsed() - base_.elapsed); }
  Mark mark(Time now) const { return {now, base_.elapsed + (now - base_.time), base_.boot_id, base_.wall_ahead}; }

  Time time_of_day() const { return now() + base_.wall_ahead; }

  // How far the wall clock is ahead (negative: behind), where it is in doubt.
  std::optional<Duration> clock_doubt() const {
    const Duration ahead = clock_->now() - now();
    const auto near = [](Duration span) { return std::chrono::abs(span) <= kClockTolerance; };
    if (near(ahead) || near(ahead - base_.wall_ahead)) return std::nullopt;
    return ahead;
  }
  // What is to be kept where a commit at `now` accepts a wall clock that is so far ahead; and followed once it is.
  Mark accepting(Time now, Duration ahead) const {
    Mark accepted = mark(now);
    accepted.time += std::max(Duration{0}, ahead);
    accepted.wall_ahead = std::min(Duration{0}, ahead);
    return accepted;
  }
  void follow(Mark accepted) { base_ = std::move(accepted); }

 private:
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
