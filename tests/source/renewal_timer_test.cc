#include "source/renewal_timer.h"

#include <gtest/gtest.h>

#include "source/thread_watch.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(RenewalTimer, IsDueAfterTheSpanAndThenAfterTwiceAsLong) {
  RenewalTimer timer(minutes(5));
  EXPECT_FALSE(timer.is_due(false, minutes(1)));
  EXPECT_FALSE(timer.is_due(false, minutes(5)));
  EXPECT_TRUE(timer.is_due(false, minutes(6)));
  EXPECT_FALSE(timer.is_due(false, minutes(15)));
  EXPECT_TRUE(timer.is_due(false, minutes(16)));
}

TEST(RenewalTimer, IsWholeAgainWhenItGoesWell) {
  RenewalTimer timer(minutes(5));
  timer.is_due(false, minutes(0));
  EXPECT_TRUE(timer.is_due(false, minutes(5)));
  EXPECT_FALSE(timer.is_due(true, minutes(6)));
  EXPECT_FALSE(timer.is_due(false, minutes(7)));
  EXPECT_FALSE(timer.is_due(false, minutes(11)));
  EXPECT_TRUE(timer.is_due(false, minutes(12)));
}

TEST(RenewalTimer, NeverWaitsForLongerThanAnHour) {
  RenewalTimer timer(minutes(5));
  Duration last{};
  Duration longest{};
  for (Duration now{}; now < hours(24); now += minutes(1)) {
    if (!timer.is_due(false, now)) continue;
    longest = std::max(longest, now - last);
    last = now;
  }
  EXPECT_EQ(longest, hours(1));
}

TEST(ThreadWatch, SpeaksAtTheBoundAndAtEachDoublingAndNotInBetween) {
  ThreadWatch watch(100);
  EXPECT_FALSE(watch.look(100, 3));
  const auto said = watch.look(101, 90);
  ASSERT_TRUE(said);
  EXPECT_NE(said->find("101 threads"), std::string::npos);
  EXPECT_NE(said->find("90 brokers"), std::string::npos);
  EXPECT_FALSE(watch.look(200, 90));
  EXPECT_TRUE(watch.look(201, 90));
  EXPECT_TRUE(watch.look(3000, 90));
  EXPECT_FALSE(watch.look(3000, 90));
}

}  // namespace
}  // namespace kedge
