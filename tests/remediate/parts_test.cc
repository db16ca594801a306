// The small parts: back-off and redaction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "remediate/backoff.h"
#include "remediate/redaction.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, SpreadsOverAllOfTheTimeThatMayBeWaited) {
  Random random(7);
  Duration least = seconds(100);
  Duration most{0};
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = retry_delay(random, milliseconds(500), seconds(30), 3, std::nullopt);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_LT(least, milliseconds(100));
  EXPECT_GT(most, milliseconds(3900));
  EXPECT_LE(most, seconds(4));
}

TEST(Backoff, NeverWaitsLongerThanTheMost) {
  Random random(7);
  for (int failures = 0; failures < 100; ++failures) {
    EXPECT_LE(retry_delay(random, milliseconds(500), seconds(30), failures, std::nullopt), seconds(30));
  }
}

TEST(Backoff, DoesNotUndercutWhatTheEndpointAskedFor) {
  Random random(7);
  EXPECT_EQ(retry_delay(random, milliseconds(500), seconds(30), 0, seconds(90)), seconds(90));
}

ActionSpec spec_with_secret() {
  ActionSpec spec;
  spec.arguments = {{"token", ArgumentType::string, true, true, ""}, {"name", ArgumentType::string, true, false, ""}};
  spec.sensitive_state = {"password"};
  return spec;
}

TEST(Redaction, KeepsTheWholeStateAndShowsNoSecretOfIt) {
  const Json args = {{"token", "s3cr3t"}, {"name", "x"}};
  const Json state = {{"headers", {"s3cr3t", "plain"}}, {"password", {{"current", "hunter2"}}}, {"name", "x"}};
  const CapturedState captured = capture(spec_with_secret(), args, state, "salt");
  EXPECT_EQ(captured.full, state);
  const std::string shown = captured.shown.dump();
  EXPECT_THAT(shown, testing::Not(testing::HasSubstr("s3cr3t")));
  EXPECT_THAT(shown, testing::Not(testing::HasSubstr("hunter2")));
  EXPECT_THAT(shown, testing::HasSubstr("plain"));
  EXPECT_EQ(captured.shown["name"], "x");
}

TEST(Redaction, GivesEqualValuesEqualDigestsAndOthersUnderAnotherSalt) {
  EXPECT_EQ(redacted("a", "salt"), redacted("a", "salt"));
  EXPECT_NE(redacted("a", "salt"), redacted("b", "salt"));
  EXPECT_NE(redacted("a", "salt"), redacted("a", "pepper"));
}

TEST(Redaction, ShowsThatAMemberIsAbsent) {
  EXPECT_EQ(capture(spec_with_secret(), Json::object(), {{"password", nullptr}}, "s").shown["password"], nullptr);
  EXPECT_EQ(capture(spec_with_secret(), Json::object(), nullptr, "s").shown, nullptr);
}

}  // namespace
}  // namespace kedge
