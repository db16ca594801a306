#include "source/topic_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Duration kWeek = std::chrono::hours(24 * 7);

std::vector<std::string> amiss(const std::string& cleanup, const std::string& retention) {
  return amiss_with("events", {{"cleanup.policy", cleanup}, {"retention.ms", retention}}, kWeek);
}

TEST(TopicSettings, SuitUsWhenNothingIsKeptLongerThanItsKeysAreRemembered) {
  EXPECT_THAT(amiss("delete", "604800000"), IsEmpty());
  EXPECT_THAT(amiss_with("events", {}, kWeek), IsEmpty());
}

TEST(TopicSettings, AreAmissWhereATopicIsCompacted) {
  EXPECT_THAT(amiss("compact", "-1"), ElementsAre(HasSubstr("drops events before we see them")));
  EXPECT_THAT(amiss("compact,delete", "1000"), ElementsAre(HasSubstr("cleanup.policy=compact,delete")));
}

TEST(TopicSettings, AreAmissWhereRecordsOutliveTheMemoryOfTheirKeys) {
  EXPECT_THAT(amiss("delete", "1209600000"),
              ElementsAre("topic events keeps its records for 14d, longer than limits.seen_for (7d): an event that is "
                          "read again after that is acted on again; raise limits.seen_for to 14d, or lower the topic's "
                          "retention.ms"));
  EXPECT_THAT(amiss("compact,delete", "1209600000"), Contains(HasSubstr("for 14d, longer than limits.seen_for (7d)")));
}

TEST(TopicSettings, AreAmissWhereRecordsAreKeptForEver) {
  const auto warning = ElementsAre(
      "topic events keeps its records for ever, and limits.seen_for is 7d: an event that is read again after that is "
      "acted on again; set the topic's retention.ms, and limits.seen_for to as long");
  EXPECT_THAT(amiss("delete", "-1"), warning);
  EXPECT_THAT(amiss("delete", "9223372036854775807"), warning);  // the largest that a broker takes
}

TEST(TopicSettings, ToldAsSpansThatDifferWhereverTheyDo) {
  EXPECT_THAT(amiss("delete", "604800001"),
              ElementsAre(HasSubstr("for 604800001ms, longer than limits.seen_for (7d)")));
  EXPECT_THAT(amiss_with("events", {{"retention.ms", "7200000"}}, std::chrono::minutes(90)),
              ElementsAre(HasSubstr("for 2h, longer than limits.seen_for (90m)")));
}

}  // namespace
}  // namespace kedge
