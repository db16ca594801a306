#include "notify/pace.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Pace, LetsTheFirstGoAtOnce) {
  Pace pace({.per_minute = 1, .spacing = seconds(1)});
  EXPECT_EQ(pace.next(seconds(100)), seconds(100));
}

TEST(Pace, KeepsTheSpanBetweenTwo) {
  Pace pace({.per_minute = 60, .spacing = seconds(1)});
  pace.note(seconds(100));
  EXPECT_EQ(pace.next(milliseconds(100'400)), seconds(101));
  EXPECT_LE(pace.next(seconds(102)), seconds(102));
}

TEST(Pace, LetsNoMoreThanItsNumberGoWithinAnyMinute) {
  Pace pace({.per_minute = 2, .spacing = Duration(0)});
  pace.note(seconds(100));
  pace.note(seconds(130));
  EXPECT_EQ(pace.next(seconds(131)), seconds(160));
  pace.note(seconds(160));
  EXPECT_EQ(pace.next(seconds(161)), seconds(190));
}

}  // namespace
}  // namespace kedge
