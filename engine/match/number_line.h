// Where a number stands among a few others.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace kedge {

// Filled by one thread, then asked by any number.
class NumberLine {
 public:
  static constexpr size_t kPointsMax = 31;  // so that a set of stretches has room in 64 bits

  void add(double point) {
    if (std::isinf(point) || points_.size() > kPointsMax) return;  // nothing lies beyond; one too many says enough
    const auto place = std::lower_bound(points_.begin(), points_.end(), point);
    if (place == points_.end() || *place != point) points_.insert(place, point);
  }

  // Whether there are points, and few.
  bool is_short() const { return !points_.empty() && points_.size() <= kPointsMax; }

  // The points cut the line into stretches, and each is one by itself. They count from 0.
  uint32_t stretch_of(double value) const {
    uint32_t stretch = 0;
    for (const double point : points_) {
      stretch += static_cast<uint32_t>(point <= value) + static_cast<uint32_t>(point < value);
    }
    return stretch;
  }

 private:
  std::vector<double> points_;  // ascending
};

}  // namespace kedge
