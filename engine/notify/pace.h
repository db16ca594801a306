// Pace: how often one channel may be written to. A sliding minute, and a span between any two.
#pragma once

#include <deque>
#include <optional>

#include "base/time.h"

namespace kedge {

struct PaceLimits {
  int per_minute = 60;
  Duration spacing{0};

  bool operator==(const PaceLimits&) const = default;
};

// Times are those of Clock::elapsed. One thread.
class Pace {
 public:
  explicit Pace(PaceLimits limits) : limits_(limits) {}

  // From when on the next one may go; not later than `now` when it may go at once.
  Duration next(Duration now);
  void note(Duration now);

 private:
  PaceLimits limits_;
  std::deque<Duration> within_minute_;
  std::optional<Duration> last_;
};

}  // namespace kedge
