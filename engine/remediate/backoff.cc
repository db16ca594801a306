#include "remediate/backoff.h"

#include <algorithm>

namespace kedge {
namespace {

constexpr int kDoublingsMax = 20;  // 2^20 * 500 ms are six days: whatever is longer is cut by `most`

Duration doubled(Duration first, Duration most, int times) {
  return std::min(most, first * (int64_t{1} << std::clamp(times, 0, kDoublingsMax)));
}

}  // namespace

Duration retry_delay(Random& random, Duration first, Duration most, int failures, std::optional<Duration> retry_after) {
  const auto limit = static_cast<uint64_t>(doubled(first, most, failures).count());
  const Duration jittered(static_cast<int64_t>(random.below(limit + 1)));
  return std::max(jittered, retry_after.value_or(Duration{0}));
}

Duration poll_delay(Duration first, Duration most, int polls) { return doubled(first, most, polls); }

}  // namespace kedge
