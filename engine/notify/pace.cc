#include "notify/pace.h"

#include <algorithm>

namespace kedge {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);

}  // namespace

Duration Pace::next(Duration now) {
  while (!within_minute_.empty() && within_minute_.front() + kMinute <= now) within_minute_.pop_front();
  Duration next = last_ ? *last_ + limits_.spacing : now;
  if (within_minute_.size() >= static_cast<size_t>(std::max(1, limits_.per_minute))) {
    next = std::max(next, within_minute_.front() + kMinute);
  }
  return next;
}

void Pace::note(Duration now) {
  last_ = now;
  within_minute_.push_back(now);
}

}  // namespace kedge
