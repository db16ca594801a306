// When a notice that could not be delivered is tried again.
#pragma once

#include <optional>

#include "base/random.h"
#include "base/time.h"

namespace kedge {

// Exponential back-off with full jitter: the n-th wait is a random part of first * 2^(n-1), at most `most`.
struct RetrySchedule {
  Duration first = std::chrono::seconds(5);
  Duration most = std::chrono::minutes(30);
  Duration give_up_after = std::chrono::hours(24);  // from the notice's making; with the waits it bounds the tries

  bool operator==(const RetrySchedule&) const = default;
};

// After `failures` tries that failed (at least one). Never shorter than what the receiver asked for, but for one that
// asks for more than give_up_after.
Duration wait_before_retry(const RetrySchedule&, int failures, std::optional<Duration> retry_after, Random&);

}  // namespace kedge
