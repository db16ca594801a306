#include "trail/span_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kedge {
namespace {

// Below 2^kExactBits each span has a bucket of its own; from there on each power of two has 2^(kExactBits - 1).
constexpr unsigned kExactBits = 7;
constexpr uint64_t kPerPower = 1ULL << (kExactBits - 1);

uint16_t bucket_of(uint64_t span) {
  if (span < 2 * kPerPower) return static_cast<uint16_t>(span);
  const unsigned shift = static_cast<unsigned>(std::bit_width(span)) - kExactBits;
  return static_cast<uint16_t>(shift * kPerPower + (span >> shift));
}

// The middle of a bucket.
int64_t span_of(uint16_t bucket) {
  if (bucket < 2 * kPerPower) return bucket;
  const uint64_t shift = bucket / kPerPower - 1;
  const uint64_t begin = (bucket - shift * kPerPower) << shift;
  return static_cast<int64_t>(begin + ((1ULL << shift) - 1) / 2);
}

}  // namespace

void SpanHistogram::add(int64_t micros) {
  const int64_t span = std::max<int64_t>(micros, 0);
  ++counts_[bucket_of(static_cast<uint64_t>(span))];
  least_ = count_ == 0 ? span : std::min(least_, span);
  most_ = std::max(most_, span);
  ++count_;
}

void SpanHistogram::add(const SpanHistogram& other) {
  if (other.count_ == 0) return;
  for (const auto& [bucket, number] : other.counts_) counts_[bucket] += number;
  least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
  most_ = std::max(most_, other.most_);
  count_ += other.count_;
}

int64_t SpanHistogram::quantile(double share) const {
  if (count_ == 0) return 0;
  const auto rank =
      std::clamp<int64_t>(static_cast<int64_t>(std::ceil(share * static_cast<double>(count_))), 1, count_);
  if (rank == count_) return most_;
  int64_t below = 0;
  for (const auto& [bucket, number] : counts_) {
    below += number;
    if (below >= rank) return std::clamp(span_of(bucket), least_, most_);
  }
  return most_;
}

}  // namespace kedge
