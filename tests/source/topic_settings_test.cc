#include "source/topic_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::AllOf;
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
  EXPECT_THAT(amiss("delete", "604800001"),
              ElementsAre(AllOf(HasSubstr("168 h, longer than limits.seen_for (168 h)"), HasSubstr("raise"))));
  EXPECT_THAT(amiss("delete", "-1"), ElementsAre(HasSubstr("for ever")));
}

}  // namespace
}  // namespace kedge
