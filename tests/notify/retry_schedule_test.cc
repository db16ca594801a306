#include "notify/retry_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Duration longest_of_many(int failures) {
  Random random(7);
  Duration longest{0};
  for (int i = 0; i < 2000; ++i) longest = std::max(longest, wait_before_retry({}, failures, std::nullopt, random));
  return longest;
}

TEST(RetrySchedule, DoublesTheCeilingAtEachFailure) {
  EXPECT_LE(longest_of_many(1), seconds(5));
  EXPECT_GT(longest_of_many(1), seconds(4));
  EXPECT_LE(longest_of_many(3), seconds(20));
  EXPECT_GT(longest_of_many(3), seconds(16));
}

TEST(RetrySchedule, HasACeilingOfItsOwn) {
  EXPECT_LE(longest_of_many(60), minutes(30));
  EXPECT_GT(longest_of_many(60), minutes(24));
}

TEST(RetrySchedule, SpreadsItsWaitsOverTheWholeSpan) {
  Random random(7);
  Duration shortest = hours(1);
  for (int i = 0; i < 2000; ++i) shortest = std::min(shortest, wait_before_retry({}, 3, std::nullopt, random));
  EXPECT_LT(shortest, seconds(1));
  EXPECT_GT(shortest, Duration(0));
}

TEST(RetrySchedule, NeverComesBackBeforeTheReceiverSaid) {
  Random random(7);
  EXPECT_EQ(wait_before_retry({}, 1, Duration(minutes(10)), random), minutes(10));
}

TEST(RetrySchedule, DoesNotLetAReceiverPutItOffForEver) {
  Random random(7);
  EXPECT_EQ(wait_before_retry({}, 1, Duration(hours(24 * 365)), random), hours(24));
}

}  // namespace
}  // namespace kedge
