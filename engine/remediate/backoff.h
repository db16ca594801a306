// How long to wait before the next try.
#pragma once

#include <optional>

#include "base/random.h"
#include "base/time.h"

namespace kedge {

// Exponential with full jitter: evenly from 0 to the smaller of `most` and first * 2^failures. What the endpoint asked
// for (`retry_after`) is never undercut. `failures` counts from 0.
Duration retry_delay(Random&, Duration first, Duration most, int failures, std::optional<Duration> retry_after);

// Doubling without jitter, for reading back: nobody else is told to wait by it.
Duration poll_delay(Duration first, Duration most, int polls);

}  // namespace kedge
