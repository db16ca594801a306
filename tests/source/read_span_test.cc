#include "source/read_span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

const Time kFrom = Time(hours(100));
const Time kTo = Time(hours(110));

HandledPartition handled_to(int64_t next, std::optional<Time> last = std::nullopt) {
  HandledPartition handled{{"events", 3}, {"cluster", 1, next, std::nullopt}};
  if (last) handled.position.bookmark = Bookmark{next - 1, *last, {}};
  return handled;
}

Stretch stretch_of(const HandledPartition& handled, Watermarks log, std::optional<int64_t> at_from,
                   std::optional<int64_t> at_end) {
  return stretch_to_read(handled, {kFrom, kTo}, {"cluster", log, at_from, at_end});
}

TEST(StretchToRead, IsWhatTheSpanHasAndWasHandled) {
  const Stretch stretch = stretch_of(handled_to(50), {10, 60}, 20, 40);
  EXPECT_EQ(stretch.begin, 20);
  EXPECT_EQ(stretch.end, 40);
  EXPECT_FALSE(stretch.cut_before);
  EXPECT_EQ(stretch.missing, "");
  EXPECT_EQ(stretch_of(handled_to(30), {10, 60}, 20, 40).end, 30) << "what was not handled was not decided";
  EXPECT_EQ(stretch_of(handled_to(60), {10, 60}, 20, std::nullopt).end, 60) << "nothing is younger than the span";
  EXPECT_TRUE(stretch_of(handled_to(60, kFrom - hours(1)), {10, 60}, std::nullopt, std::nullopt).empty());
}

TEST(StretchToRead, BeginsWhereTheLogBeginsWhenMoreIsGone) {
  const Stretch stretch = stretch_of(handled_to(50), {20, 60}, 20, 40);
  EXPECT_EQ(stretch.begin, 20);
  EXPECT_TRUE(stretch.cut_before);
  EXPECT_FALSE(stretch_of(handled_to(50), {0, 60}, 0, 40).cut_before) << "nothing was ever there before";
}

TEST(StretchToRead, KnowsThatAllOfTheSpanIsGone) {
  const Stretch later = stretch_of(handled_to(90), {60, 90}, 60, 60);
  EXPECT_TRUE(later.empty());
  EXPECT_EQ(later.kept_since, Time::max());
  EXPECT_THAT(later.missing, HasSubstr("events[3] keeps no record of this time"));
  const Stretch none = stretch_of(handled_to(60, kFrom + hours(2)), {60, 60}, std::nullopt, std::nullopt);
  EXPECT_EQ(none.kept_since, kFrom + hours(2) + Duration(1)) << "nothing was handled behind the bookmark";
  EXPECT_EQ(stretch_of(handled_to(60), {60, 60}, std::nullopt, std::nullopt).kept_since, Time::max());
}

TEST(StretchToRead, MissesNothingWhereAllThatWasHandledIsOlderThanTheSpan) {
  const Stretch stretch = stretch_of(handled_to(60, kFrom - hours(1)), {60, 60}, std::nullopt, std::nullopt);
  EXPECT_TRUE(stretch.empty());
  EXPECT_EQ(stretch.missing, "");
}

TEST(StretchToRead, IsAllThatWasHandledWhereTheBrokerKnowsNoTimes) {
  const Stretch stretch = stretch_of(handled_to(60, kFrom + hours(1)), {0, 60}, std::nullopt, std::nullopt);
  EXPECT_EQ(stretch.begin, 0);
  EXPECT_EQ(stretch.end, 60);
}

TEST(StretchToRead, IsNothingOfAnotherLog) {
  const Stretch moved = stretch_to_read(handled_to(50), {kFrom, kTo}, {"another", {0, 60}, 0, 60});
  EXPECT_TRUE(moved.empty());
  EXPECT_THAT(moved.missing, HasSubstr("was read on cluster cluster, and the brokers are cluster another"));
  const Stretch shorter = stretch_of(handled_to(50), {0, 40}, 0, 40);
  EXPECT_TRUE(shorter.empty());
  EXPECT_THAT(shorter.missing, HasSubstr("ends at offset 40, and was read up to 50: this is another log"));
}

}  // namespace
}  // namespace kedge
