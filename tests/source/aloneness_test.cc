#include "source/aloneness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

AlonenessFacts alone() {
  return {.group = "g",
          .own_member = "me",
          .members = std::vector<GroupMember>{{"me", "kedge", "/10.0.0.1"}},
          .assigned = 8,
          .total = 8,
          .incomplete_for = {},
          .session_timeout = seconds(30)};
}

TEST(Aloneness, IsGivenWithOurselvesAsTheOnlyMember) { EXPECT_EQ(why_not_alone(alone()), ""); }

TEST(Aloneness, EndsWithAnotherMemberWhichIsNamed) {
  AlonenessFacts facts = alone();
  facts.members->push_back({"other-1", "console", "/10.0.0.9"});
  EXPECT_THAT(why_not_alone(facts), HasSubstr("other-1 (client console at /10.0.0.9)"));
}

TEST(Aloneness, IsNotJudgedByMembersWhileWeAreNotOneOfThem) {
  AlonenessFacts facts = alone();
  facts.own_member.clear();
  EXPECT_EQ(why_not_alone(facts), "");
}

TEST(Aloneness, EndsWhenPartitionsAreMissingForTwoSessions) {
  AlonenessFacts facts = alone();
  facts.assigned = 3;
  facts.incomplete_for = seconds(59);
  EXPECT_EQ(why_not_alone(facts), "");
  facts.incomplete_for = seconds(60);
  EXPECT_THAT(why_not_alone(facts), HasSubstr("only 3 of 8 partitions have been ours for 1m"));
}

TEST(Aloneness, IsJudgedByPartitionsWhereTheBrokerCannotNameMembers) {
  AlonenessFacts facts = alone();
  facts.members.reset();
  EXPECT_EQ(why_not_alone(facts), "");
  facts.total = 0;
  facts.assigned = 0;
  facts.incomplete_for = seconds(61);
  EXPECT_THAT(why_not_alone(facts), HasSubstr("only 0 of an unknown number of partitions"));
}

}  // namespace
}  // namespace kedge
