#include "plan/policy.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace kedge {
namespace {

TEST(Policy, IsReadAsItIsWritten) {
  Policy policy;
  policy.mode = Mode::canary;
  policy.severity = Severity::critical;
  policy.title = "a title";
  policy.references = {"https://example.com"};
  policy.limits.per_minute = 3;
  policy.limits.per_hour = 4;
  policy.limits.flap = 1;
  policy.limits.mass_match = 2;
  policy.limits.failures_in_a_row = 2;
  policy.limits.failures_of_ten = 5;
  policy.limits.stale_after = std::chrono::minutes(3);
  policy.limits.record_only_after = std::chrono::hours(1);
  policy.limits.approval_within = std::chrono::minutes(10);
  policy.approvals = 2;
  policy.on_unconfirmed = OnUnconfirmed::undo;
  policy.reconcile = Reconcile::enforce;
  policy.throttle = std::chrono::minutes(5);
  EXPECT_EQ(*policy_from_json(to_json(policy)), policy);
}

TEST(Policy, TakesTheStricterMode) {
  EXPECT_EQ(stricter(Mode::enforce, Mode::shadow), Mode::shadow);
  EXPECT_EQ(stricter(Mode::off, Mode::canary), Mode::off);
}

TEST(Policy, SaysWhichWordsThereAre) {
  EXPECT_EQ(parse_mode("on").error().message, "'on' is not a mode; it is one of: off, shadow, canary, enforce");
}

}  // namespace
}  // namespace kedge
