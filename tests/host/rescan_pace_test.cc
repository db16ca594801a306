#include "host/rescan_pace.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(RescanPace, DoesTheFirstRoundAtOnce) {
  RescanPace pace({}, 1);
  pace.begin(hours(5), 1'000, 0);
  EXPECT_TRUE(pace.is_first());
  EXPECT_EQ(pace.due(hours(5)), 1'000U);
  pace.done(400);
  EXPECT_EQ(pace.due(hours(5)), 600U);
}

TEST(RescanPace, SpreadsARoundEvenlyOverItsTime) {
  RescanPace pace({}, 1);
  pace.begin(hours(0), 0, 0);
  pace.begin(hours(1), 1'000, 1'000);  // of no jitter: one hour
  for (int minute = 0; minute < 60; ++minute) {
    const size_t due = pace.due(hours(1) + minutes(minute));
    EXPECT_GE(due, minute == 0 ? 1U : 16U);
    EXPECT_LE(due, 18U);
    pace.done(due);
    EXPECT_GT(pace.next(), hours(1) + minutes(minute));
  }
  EXPECT_FALSE(pace.is_over(hours(2) - minutes(1)));
  EXPECT_TRUE(pace.is_over(hours(2)));
  pace.done(pace.due(hours(2)));
  EXPECT_EQ(pace.due(hours(9)), 0U);
}

// Who wakes up for each unit wakes up all the time.
TEST(RescanPace, WhatIsDueWithinAStepIsDoneTogether) {
  RescanPace pace({hours(1), hours(24), minutes(10)}, 1);
  pace.begin(hours(0), 0, 0);
  pace.begin(hours(1), 1'000, 1'000);
  pace.done(pace.due(hours(1)));
  int times = 0;
  size_t done = 1;
  for (Duration now = pace.next(); now < hours(2); now = pace.next(), ++times) {
    const size_t due = pace.due(now);
    EXPECT_GT(due, 100U);
    pace.done(due);
    done += due;
  }
  EXPECT_EQ(times, 5);
  EXPECT_EQ(done + pace.due(hours(2)), 1'000U);
}

TEST(RescanPace, AStepIsAsLongAsSomeUnitsTakeWithinBounds) {
  const auto second_step = [](size_t units) {
    RescanPace pace({}, 1);
    pace.begin(hours(0), 0, 0);
    pace.begin(hours(1), units, 1'000);
    pace.done(pace.due(hours(1)));
    EXPECT_EQ(pace.due(pace.next() - seconds(1)), 0U) << "before its time";
    return pace.next() - hours(1);
  };
  EXPECT_EQ(second_step(10), minutes(6)) << "a unit's own time";
  EXPECT_EQ(second_step(10'000), seconds(10));
  EXPECT_EQ(second_step(1'000'000), seconds(1));
}

TEST(RescanPace, ARoundsLengthIsNotToBeGuessed) {
  RescanPace pace({}, 1);
  pace.begin(hours(0), 0, 0);
  std::set<bool> over;
  for (uint64_t random = 0; random <= 2'000; random += 100) {
    pace.begin(hours(0), 10, random);
    EXPECT_FALSE(pace.is_over(minutes(53)));
    EXPECT_TRUE(pace.is_over(minutes(66)));
    over.insert(pace.is_over(minutes(60)));
  }
  EXPECT_EQ(over.size(), 2U);
}

TEST(RescanPace, ReadsEachFileOnceInItsRounds) {
  RescanPace pace({hours(1), hours(24)}, 99);
  pace.begin(hours(0), 1, 0);
  EXPECT_FALSE(pace.is_read_again("usr/bin/x"));
  std::vector<int> read(1'000);
  for (int round = 0; round < 24; ++round) {
    pace.begin(hours(round), 1, 0);
    size_t in_this_one = 0;
    for (size_t i = 0; i < read.size(); ++i) {
      const bool again = pace.is_read_again("usr/share/file" + std::to_string(i));
      read[i] += again ? 1 : 0;
      in_this_one += again ? 1 : 0;
    }
    EXPECT_GT(in_this_one, 10U);
    EXPECT_LT(in_this_one, 90U);
  }
  for (const int times : read) EXPECT_EQ(times, 1);
}

TEST(RescanPace, WhichRoundAFileIsReadInDependsOnTheSalt) {
  RescanPace one({hours(1), hours(24)}, 1);
  RescanPace other({hours(1), hours(24)}, 2);
  int differ = 0;
  for (int round = 0; round < 25; ++round) {
    one.begin(hours(round), 1, 0);
    other.begin(hours(round), 1, 0);
    for (int i = 0; i < 20; ++i) {
      const std::string path = "file" + std::to_string(i);
      differ += one.is_read_again(path) != other.is_read_again(path) ? 1 : 0;
    }
  }
  EXPECT_GT(differ, 20);
}

}  // namespace
}  // namespace kedge
