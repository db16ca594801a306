#include "notify/retry_schedule.h"

#include <algorithm>

namespace kedge {

Duration wait_before_retry(const RetrySchedule& schedule, int failures, std::optional<Duration> retry_after,
                           Random& random) {
  Duration ceiling = schedule.first;
  for (int i = 1; i < failures && ceiling < schedule.most; ++i) ceiling *= 2;
  ceiling = std::max(std::min(ceiling, schedule.most), Duration(1));
  const Duration wait(static_cast<int64_t>(random.below(static_cast<uint64_t>(ceiling.count()))) + 1);
  return retry_after ? std::max(wait, std::min(*retry_after, schedule.give_up_after)) : wait;
}

}  // namespace kedge
