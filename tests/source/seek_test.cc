#include "source/seek.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::HasSubstr;
using Kind = SeekTo::Kind;

const TopicPartition kWhere = {"events", 3};

SeekFacts facts_of(Watermarks log, std::optional<int64_t> at_time = std::nullopt) {
  return {"cluster", std::nullopt, log, at_time};
}

TEST(SeekTo, IsAnOffsetAnEndOrATime) {
  EXPECT_EQ(*parse_seek_to("0"), (SeekTo{.kind = Kind::offset, .offset = 0}));
  EXPECT_EQ(*parse_seek_to("9223372036854775807"), (SeekTo{.kind = Kind::offset, .offset = INT64_MAX}));
  EXPECT_EQ(*parse_seek_to("beginning"), SeekTo{.kind = Kind::beginning});
  EXPECT_EQ(*parse_seek_to("end"), SeekTo{.kind = Kind::end});
  const SeekTo time = *parse_seek_to("1970-01-01T01:00:01+01:00");
  EXPECT_EQ(time, (SeekTo{.kind = Kind::time, .time = Time(std::chrono::seconds(1))}));
}

TEST(SeekTo, IsNothingElse) {
  for (const char* wrong : {"", "-1", "+1", "1.5", "9223372036854775808", "start", "latest", "2026-11-28", "10m"}) {
    const auto to = parse_seek_to(wrong);
    ASSERT_FALSE(to) << wrong;
    EXPECT_EQ(to.error().code, ErrorCode::invalid);
    EXPECT_THAT(to.error().message, HasSubstr("give an offset, `beginning`, `end`, or a time"));
  }
}

TEST(OffsetToSeek, IsOneThatTheLogHasOrItsEnd) {
  const SeekFacts facts = facts_of({10, 20});
  for (const int64_t there : {10, 19, 20}) {
    EXPECT_EQ(*offset_to_seek(kWhere, {.kind = Kind::offset, .offset = there}, facts), there);
  }
  for (const int64_t gone : {9, 21}) {
    const auto offset = offset_to_seek(kWhere, {.kind = Kind::offset, .offset = gone}, facts);
    ASSERT_FALSE(offset);
    EXPECT_THAT(offset.error().message, HasSubstr("its records begin at 10 and end before 20"));
  }
  EXPECT_EQ(*offset_to_seek(kWhere, {.kind = Kind::beginning}, facts), 10);
  EXPECT_EQ(*offset_to_seek(kWhere, {.kind = Kind::end}, facts), 20);
}

TEST(OffsetToSeek, SaysThatALogHasNoRecord) {
  const auto offset = offset_to_seek(kWhere, {.kind = Kind::offset, .offset = 3}, facts_of({7, 7}));
  ASSERT_FALSE(offset);
  EXPECT_THAT(offset.error().message, HasSubstr("events[3], which has no record; its end is 7"));
}

TEST(OffsetToSeek, IsTheFirstRecordOfATimeOrLater) {
  EXPECT_EQ(*offset_to_seek(kWhere, {.kind = Kind::time}, facts_of({10, 20}, 15)), 15);
  const auto none = offset_to_seek(kWhere, {.kind = Kind::time}, facts_of({10, 20}));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("no record of events[3] is from 1970-01-01T00:00:00"));
}

}  // namespace
}  // namespace kedge
