// RenewalTimer: for how long something may go badly before it is begun anew. Each time that this did not help the next
// one waits twice as long, so that what cannot be helped is not made worse.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace kedge {

// Belongs to one thread. `now` is Clock::elapsed().
class RenewalTimer {
 public:
  explicit RenewalTimer(Duration first) : first_(first), span_(first) {}

  // How it goes now. True when it went badly long enough: begin anew.
  bool is_due(bool well, Duration now) {
    if (well) span_ = first_;
    if (well || !bad_) since_ = now;
    bad_ = !well;
    if (well || now - since_ < span_) return false;
    since_ = now;
    span_ = std::min(2 * span_, std::max<Duration>(first_, kMax));
    return true;
  }

 private:
  static constexpr Duration kMax = std::chrono::hours(1);

  const Duration first_;
  Duration span_;
  bool bad_ = false;
  Duration since_{};  // it is as it is
};

}  // namespace kedge
