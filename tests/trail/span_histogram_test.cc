#include "trail/span_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace kedge {
namespace {

// The one of which `share` of all are no larger: by sorting.
int64_t true_quantile(std::vector<int64_t> spans, double share) {
  std::sort(spans.begin(), spans.end());
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(spans.size())));
  return spans[std::max<size_t>(rank, 1) - 1];
}

TEST(SpanHistogram, OfNothingIsZero) {
  EXPECT_EQ(SpanHistogram().quantile(0.5), 0);
  EXPECT_EQ(SpanHistogram().count(), 0);
}

TEST(SpanHistogram, OfOneIsThatOne) {
  for (const int64_t span : {int64_t{0}, int64_t{1}, int64_t{127}, int64_t{128}, int64_t{58'972'113}, INT64_MAX}) {
    SpanHistogram spans;
    spans.add(span);
    for (const double share : {0.01, 0.5, 0.99, 1.0}) EXPECT_EQ(spans.quantile(share), span);
  }
}

TEST(SpanHistogram, IsExactForTheShortest) {
  SpanHistogram spans;
  for (int64_t span = 1; span <= 100; ++span) spans.add(span);
  EXPECT_EQ(spans.quantile(0.5), 50);
  EXPECT_EQ(spans.quantile(0.95), 95);
  EXPECT_EQ(spans.quantile(0.99), 99);
  EXPECT_EQ(spans.quantile(1), 100);
}

TEST(SpanHistogram, IsAsNearToTheTruthAsItSays) {
  Random random(5);
  for (int run = 0; run < 200; ++run) {
    SpanHistogram counted;
    std::vector<int64_t> spans;
    const auto number = 1 + random.below(300);
    for (uint64_t i = 0; i < number; ++i) {
      const auto span = static_cast<int64_t>(random.number() >> (1 + random.below(63)));
      spans.push_back(span);
      counted.add(span);
    }
    for (const double share : {0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 1.0}) {
      const auto truth = static_cast<double>(true_quantile(spans, share));
      EXPECT_NEAR(static_cast<double>(counted.quantile(share)), truth, truth * 0.008) << share << " of " << number;
    }
  }
}

TEST(SpanHistogram, AddsUpAsIfAllHadBeenCountedInOne) {
  SpanHistogram one, two, both;
  for (int64_t span = 1; span < 2'000'000; span = span * 3 / 2 + 1) {
    (span % 2 == 0 ? one : two).add(span);
    both.add(span);
  }
  SpanHistogram sum;
  sum.add(SpanHistogram());
  sum.add(one);
  sum.add(two);
  EXPECT_EQ(sum.count(), both.count());
  for (const double share : {0.01, 0.5, 0.99, 1.0}) EXPECT_EQ(sum.quantile(share), both.quantile(share));
}

TEST(SpanHistogram, TakesASpanBelowZeroForNone) {
  SpanHistogram spans;
  spans.add(-5);
  EXPECT_EQ(spans.quantile(1), 0);
  EXPECT_EQ(spans.count(), 1);
}

}  // namespace
}  // namespace kedge
