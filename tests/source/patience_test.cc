#include "source/patience.h"

#include <gtest/gtest.h>

#include "source/thread_watch.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Patience, EndsAfterTheSpanAndThenAfterTwiceAsLong) {
  Patience patience(minutes(5));
  EXPECT_FALSE(patience.ends(false, minutes(1)));
  EXPECT_FALSE(patience.ends(false, minutes(5)));
  EXPECT_TRUE(patience.ends(false, minutes(6)));
  EXPECT_FALSE(patience.ends(false, minutes(15)));
  EXPECT_TRUE(patience.ends(false, minutes(16)));
}

TEST(Patience, IsWholeAgainWhenItGoesWell) {
  Patience patience(minutes(5));
  patience.ends(false, minutes(0));
  EXPECT_TRUE(patience.ends(false, minutes(5)));
  EXPECT_FALSE(patience.ends(true, minutes(6)));
  EXPECT_FALSE(patience.ends(false, minutes(7)));
  EXPECT_FALSE(patience.ends(false, minutes(11)));
  EXPECT_TRUE(patience.ends(false, minutes(12)));
}

TEST(Patience, NeverWaitsForLongerThanAnHour) {
  Patience patience(minutes(5));
  Duration last{};
  Duration longest{};
  for (Duration now{}; now < hours(24); now += minutes(1)) {
    if (!patience.ends(false, now)) continue;
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
