// What every built-in action must do, whatever the endpoint does to it.
#include <gmock/gmock.h>

#include "base/json.h"
#include "tests/actions/stage.h"

namespace kedge {
namespace {

using Kind = ActionError::Kind;
using Luck = FakeAws::Luck;

struct Case {
  const char* action;
  const char* read;        // an operation of observe
  const char* write;       // the write of apply, in the state in which set_up leaves the world
  const char* permission;  // that the write needs
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.action; }

class Conformance : public Stage, public testing::WithParamInterface<Case> {
 public:
  Conformance() : Stage(GetParam().action) { args = set_up_for(GetParam().action, aws); }
};

TEST_P(Conformance, DeclaresWhatItNeedsAndWhatItTouches) {
  EXPECT_TRUE(actions->catalog().check(GetParam().action, args).ok());
  EXPECT_FALSE(subject->spec().touches(args).empty());
  EXPECT_THAT(subject->spec().endpoint(args).name(), testing::HasSubstr("111122223333"));
  EXPECT_FALSE(subject->spec().summary.empty());
}

TEST_P(Conformance, ObservesWithoutWritingAndGivesAStateThatCanBeKept) {
  const Observation seen = look();
  EXPECT_FALSE(seen.holds);
  EXPECT_FALSE(seen.summary.empty());
  EXPECT_TRUE(canonical_json(seen.state).ok());
  EXPECT_TRUE(aws.writes.empty());
  EXPECT_EQ(look().state, seen.state);
}

TEST_P(Conformance, MakesItHoldAndLeavesItAloneThen) {
  EXPECT_TRUE(apply().ok());
  EXPECT_TRUE(look().holds);
  EXPECT_THAT(aws.writes, testing::Contains(GetParam().write));
}

TEST_P(Conformance, PutsBackExactlyWhatWasThere) {
  const Observation before = look();
  EXPECT_TRUE(apply(before).ok());
  const Observation after = look();
  const auto done = undo(before.state, after.state);
  EXPECT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(look().state, before.state);
}

TEST_P(Conformance, UndoWritesNothingWhenTheWorldIsNoLongerAsItWasLeft) {
  const Observation before = look();
  EXPECT_TRUE(apply(before).ok());
  const Observation after = look();
  const auto written = aws.writes.size();
  nlohmann::json other = before.state;  // what the executor believes was left is not what is there
  const auto done = undo(after.state, other);
  if (std::string(GetParam().action).starts_with("aws.cloudtrail")) return;  // there is nothing to lose
  EXPECT_FALSE(done.ok());
  EXPECT_EQ(aws.writes.size(), written);
}

TEST_P(Conformance, SaysWhichPermissionIsMissing) {
  aws.next(GetParam().write, {Luck::denied});
  const auto done = apply();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::refused);
  EXPECT_THAT(done.error().message, testing::HasSubstr(std::string("needs the permission ") + GetParam().permission));
}

TEST_P(Conformance, IsRefusedWhenItMayNotLook) {
  aws.next(GetParam().read, {Luck::denied});
  const auto seen = observe();
  ASSERT_FALSE(seen.ok());
  EXPECT_EQ(seen.error().kind, Kind::refused);
}

TEST_P(Conformance, MayBeTriedAgainWhenTheEndpointWasBusy) {
  aws.next(GetParam().write, {Luck::throttled});
  const auto done = apply();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::retry);
  EXPECT_EQ(done.error().retry_after, std::chrono::seconds(2));
  EXPECT_TRUE(apply().ok());
  EXPECT_TRUE(look().holds);
}

TEST_P(Conformance, DoesNotKnowWhatBecameOfAWriteWithoutAnAnswer) {
  for (const Luck luck : {Luck::reset_before, Luck::reset_after}) {
    aws.next(GetParam().write, {luck});
    const auto done = apply();
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().kind, Kind::unknown);
  }
  EXPECT_TRUE(look().holds) << "the second one was done";
}

TEST_P(Conformance, NeverTakesAnotherDocumentForAnAnswer) {
  for (const Luck luck : {Luck::wrong_document, Luck::error_with_200}) {
    aws.next(GetParam().read, {luck});
    const auto seen = observe();
    EXPECT_FALSE(seen.ok());
    if (!seen && luck == Luck::wrong_document) {
      EXPECT_EQ(seen.error().kind, Kind::retry) << "the next answer may be the right one";
    }
  }
}

TEST_P(Conformance, DoesNotClaimThatAWriteWasDoneWhenAnErrorCameWithStatus200) {
  for (const Luck luck : {Luck::wrong_document, Luck::error_with_200}) {
    aws.next(GetParam().write, {luck});
    (void)apply();
    EXPECT_FALSE(look().holds);
  }
}

TEST_P(Conformance, AcceptsThatAWriteIsNotSeenAtOnce) {
  aws.next(GetParam().write, {Luck::late});
  const auto done = apply();
  EXPECT_TRUE(done.ok() || done.error().kind == Kind::unknown);
  for (int i = 0; i < 6 && !look().holds; ++i) {
  }
  EXPECT_TRUE(look().holds);
}

TEST_P(Conformance, DoesNotRepeatByItself) {
  aws.next(GetParam().write, std::deque<Luck>(5, Luck::throttled));
  EXPECT_FALSE(apply().ok());
  EXPECT_EQ(std::count(aws.writes.begin(), aws.writes.end(), GetParam().write), 1);
}

TEST_P(Conformance, WritesNothingWhenTheWorldChangedSinceItWasObserved) {
  if (std::string(GetParam().action).starts_with("aws.cloudtrail")) return;  // there is nothing to lose
  const Observation seen = look();
  aws.bucket.policy = policy_text({kPublicStatement});
  aws.bucket.block = PublicAccessBlock{true, false, false, false};
  aws.bucket.ownership = "ObjectWriter";
  aws.rules[0].description = "other";
  const auto done = apply(seen);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, "changed_meanwhile");
  EXPECT_EQ(done.error().kind, Kind::retry);
  EXPECT_TRUE(aws.writes.empty());
}

INSTANTIATE_TEST_SUITE_P(
    BuiltIn, Conformance,
    testing::Values(Case{"aws.s3.block_public_access", "GET publicAccessBlock", "PUT publicAccessBlock",
                         "s3:PutBucketPublicAccessBlock"},
                    Case{"aws.s3.remove_public_grants", "GET policy", "PUT policy", "s3:PutBucketPolicy"},
                    Case{"aws.s3.restore_ownership_controls", "GET ownershipControls", "PUT ownershipControls",
                         "s3:PutBucketOwnershipControls"},
                    Case{"aws.ec2.revoke_security_group_rules", "DescribeSecurityGroupRules",
                         "RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"},
                    Case{"aws.cloudtrail.start_logging", "GetTrailStatus", "StartLogging", "cloudtrail:StartLogging"}),
    [](const auto& one) {
      const std::string name = one.param.action;
      return name.substr(name.rfind('.') + 1);
    });

}  // namespace
}  // namespace kedge
