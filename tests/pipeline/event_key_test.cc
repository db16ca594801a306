#include "pipeline/event_key.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace kedge {
namespace {

constexpr ReadAt kHere{"cluster", "topic", 3, 77, 1};

TEST(EventKey, IsTheDigestOfRuleTargetSourceAndId) {
  EXPECT_EQ(event_key("r", "t", "aws.s3", "id-1", kHere, 0), sha256(R"(["r","t","aws.s3","id-1"])").hex());
}

TEST(EventKey, OfAnEventWithAnIdDoesNotDependOnWhereItWasRead) {
  EXPECT_EQ(event_key("r", "t", "s", "id", kHere, 0), event_key("r", "t", "s", "id", {"other", "x", 0, 0, 0}, 0));
}

TEST(EventKey, OfAnEventWithoutIdIsWhereItWasRead) {
  const std::string key = event_key("r", "t", "s", "", kHere, 0);
  EXPECT_EQ(key, sha256(R"(["r","t","s","cluster","topic",3,77,1])").hex());
  EXPECT_NE(key, event_key("r", "t", "s", "", {"cluster", "topic", 3, 77, 2}, 0));
}

TEST(EventKey, OfARedriveIsAnother) {
  EXPECT_NE(event_key("r", "t", "s", "id", kHere, 1), event_key("r", "t", "s", "id", kHere, 0));
}

}  // namespace
}  // namespace kedge
