#include "kafka/subscription.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(Subscription, MatchesNamesExactlyAndExpressionsAsWritten) {
  const auto subscription = Subscription::create({"events", "^trail-[0-9]+$"});
  ASSERT_TRUE(subscription);
  EXPECT_TRUE(subscription->has_patterns());
  EXPECT_TRUE(subscription->matches("events"));
  EXPECT_FALSE(subscription->matches("events-2"));
  EXPECT_TRUE(subscription->matches("trail-12"));
  EXPECT_FALSE(subscription->matches("trail-12-dead"));
  EXPECT_FALSE(subscription->matches("my-trail-12"));
}

TEST(Subscription, OfNamesAloneHasNoPatterns) {
  const auto subscription = Subscription::create({"events"});
  ASSERT_TRUE(subscription);
  EXPECT_FALSE(subscription->has_patterns());
}

TEST(Subscription, RefusesAnExpressionThatDoesNotCompileAndNamesIt) {
  const auto subscription = Subscription::create({"^trail-("});
  ASSERT_FALSE(subscription);
  EXPECT_NE(subscription.error().message.find("^trail-("), std::string::npos);
}

TEST(Subscription, RefusesToBeEmpty) {
  EXPECT_FALSE(Subscription::create({}));
  EXPECT_FALSE(Subscription::create({"events", ""}));
}

}  // namespace
}  // namespace kedge
