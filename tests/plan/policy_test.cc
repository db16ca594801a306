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
  policy.limits.share = 5;
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

TEST(Policy, IsHeldToWhatItsRuleSaysNowWhereThatIsStricter) {
  Policy stored;
  stored.mode = Mode::enforce;
  stored.approvals = 1;
  stored.limits.per_hour = 4;
  stored.reconcile = Reconcile::enforce;
  Policy now;
  now.mode = Mode::canary;
  now.canary_percent = 50;
  now.approvals = 2;
  now.limits.per_hour = 9;
  now.limits.flap = 1;
  now.limits.approval_within = std::chrono::minutes(10);
  now.window = "nights";
  now.reconcile = Reconcile::hold;
  const Policy strict = stricter(stored, now);
  EXPECT_EQ(strict.mode, Mode::canary);
  EXPECT_EQ(strict.canary_percent, 50);
  EXPECT_EQ(strict.approvals, 2);
  EXPECT_EQ(strict.limits.per_hour, 4);
  EXPECT_EQ(strict.limits.flap, 1);
  EXPECT_EQ(strict.limits.approval_within, std::chrono::minutes(10));
  EXPECT_EQ(strict.window, "nights");
  EXPECT_EQ(strict.reconcile, Reconcile::hold);
}

TEST(Policy, IsNotLoosenedByItsRule) {
  Policy stored;
  stored.mode = Mode::canary;
  stored.canary_percent = 5;
  stored.approvals = 2;
  stored.window = "nights";
  stored.limits.mass_match = 1;
  stored.on_unconfirmed = OnUnconfirmed::undo;
  stored.lease = std::chrono::hours(1);
  Policy now;
  now.mode = Mode::enforce;
  now.canary_percent = 90;
  now.limits.mass_match = 3;
  now.reconcile = Reconcile::enforce;
  EXPECT_EQ(stricter(stored, now), stored);
}

TEST(Policy, SaysWhichWordsThereAre) {
  EXPECT_EQ(parse_mode("on").error().message, "'on' is not a mode; it is one of: off, shadow, canary, enforce");
}

}  // namespace
}  // namespace kedge
