#include "remediate/backoff.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, SpreadsOverAllOfTheTimeThatMayBeWaited) {
  Random random(7);
  Duration least = seconds(100);
  Duration most{0};
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = retry_delay(random, milliseconds(500), seconds(30), 3, std::nullopt);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_LT(least, milliseconds(100));
  EXPECT_GT(most, milliseconds(3900));
  EXPECT_LE(most, seconds(4));
}

TEST(Backoff, NeverWaitsLongerThanTheMost) {
  Random random(7);
  for (int failures = 0; failures < 100; ++failures) {
    EXPECT_LE(retry_delay(random, milliseconds(500), seconds(30), failures, std::nullopt), seconds(30));
  }
}

TEST(Backoff, DoesNotUndercutWhatTheEndpointAskedFor) {
  Random random(7);
  EXPECT_EQ(retry_delay(random, milliseconds(500), seconds(30), 0, seconds(90)), seconds(90));
}

}  // namespace
}  // namespace kedge
