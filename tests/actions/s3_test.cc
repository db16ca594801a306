// The three actions about a bucket, in what each is careful about.
#include <gmock/gmock.h>

#include "base/json.h"
#include "tests/actions/stage.h"

namespace kedge {
namespace {

using Kind = ActionError::Kind;
using Luck = FakeAws::Luck;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- remove_public_grants ------------------------------------------------------------------------------------------

struct RemovePublicGrants : Stage {
  RemovePublicGrants() : Stage("aws.s3.remove_public_grants") {}

  std::vector<std::string> sids() {
    std::vector<std::string> names;
    if (!aws.bucket.policy) return names;
    const Json policy = *parse_json(*aws.bucket.policy);
    for (const Json& statement : policy.at("Statement")) names.push_back(statement.at("Sid"));
    return names;
  }
};

TEST_F(RemovePublicGrants, TakesOnlyPublicStatementsOutOfAPolicy) {
  aws.bucket.policy = policy_text({kPartnerStatement, kPublicStatement});
  const Observation seen = look();
  EXPECT_FALSE(seen.holds);
  EXPECT_THAT(seen.summary, HasSubstr("public by its policy: Everybody"));
  EXPECT_TRUE(apply(seen).ok());
  EXPECT_THAT(sids(), ElementsAre("Partner"));
  EXPECT_TRUE(look().holds);
}

TEST_F(RemovePublicGrants, DeletesAPolicyOfWhichNothingIsLeft) {
  aws.bucket.policy = policy_text({kPublicStatement});
  EXPECT_TRUE(apply().ok());
  EXPECT_EQ(aws.bucket.policy, std::nullopt);
  EXPECT_THAT(aws.writes, ElementsAre("DELETE policy"));
}

TEST_F(RemovePublicGrants, TakesOnlyPublicGroupsOutOfAList) {
  aws.bucket.acl = acl_xml({"AllUsers:READ", "LogDelivery:WRITE", "partner:READ", "AuthenticatedUsers:READ_ACP"});
  const Observation seen = look();
  EXPECT_THAT(seen.summary, HasSubstr("public by its ACL"));
  EXPECT_TRUE(apply(seen).ok());
  EXPECT_EQ(parse_acl(aws.bucket.acl)->grants, parse_acl(acl_xml({"LogDelivery:WRITE", "partner:READ"}))->grants);
  EXPECT_TRUE(look().holds);
}

TEST_F(RemovePublicGrants, LeavesAHarmlessBucketAlone) {
  aws.bucket.policy = policy_text({kPartnerStatement});
  aws.bucket.acl = acl_xml({"partner:READ"});
  EXPECT_TRUE(look().holds);
}

TEST_F(RemovePublicGrants, DoesNotCountAListThatIsDisabled) {
  aws.bucket.ownership = "BucketOwnerEnforced";
  aws.bucket.acl = acl_xml({"AllUsers:READ"});
  EXPECT_TRUE(look().holds);
}

TEST_F(RemovePublicGrants, HoldsWhereTheWitnessesDisagree) {
  aws.bucket.policy = policy_text({kPublicStatement});
  aws.bucket.policy_status = false;
  EXPECT_THAT(look().hold.value_or(""), HasSubstr("by our evaluator the policy is public"));
  aws.bucket.policy = policy_text({kPartnerStatement});
  aws.bucket.policy_status = true;
  EXPECT_THAT(look().hold.value_or(""), HasSubstr("by the server's policy status it is public"));
}

TEST_F(RemovePublicGrants, ActsOnOurEvaluatorAloneWhereTheServerHasNoPolicyStatus) {
  aws.bucket.policy = policy_text({kPublicStatement});
  for (const Luck luck : {Luck::unsupported, Luck::wrong_document}) {
    aws.next("GET policyStatus", {luck});
    const Observation seen = look();
    EXPECT_EQ(seen.hold, std::nullopt);
    EXPECT_FALSE(seen.holds);
  }
}

TEST_F(RemovePublicGrants, TakesNoMissingAnswerForNotPublic) {
  aws.bucket.policy = policy_text({kPublicStatement});
  aws.next("GET policyStatus", {Luck::throttled});
  EXPECT_EQ(observe().error().kind, Kind::retry);
  aws.next("GET policyStatus", {Luck::denied});
  EXPECT_EQ(observe().error().kind, Kind::refused);
}

TEST_F(RemovePublicGrants, HoldsAPolicyThatCannotBeJudged) {
  aws.bucket.policy = R"({"Version":"2012-10-17","Statement":7})";
  EXPECT_THAT(look().hold.value_or(""), HasSubstr("cannot be judged"));
}

TEST_F(RemovePublicGrants, WritesTheListThatIsShownWhereTheTrueOneIsHidden) {
  aws.bucket.block = PublicAccessBlock::all_on();
  aws.bucket.acl = acl_xml({"AllUsers:READ", "partner:READ"});
  aws.bucket.policy = policy_text({kPublicStatement});
  EXPECT_TRUE(apply().ok());
  EXPECT_EQ(parse_acl(aws.bucket.acl)->grants, parse_acl(acl_xml({"partner:READ"}))->grants);
}

TEST_F(RemovePublicGrants, DoesNotUndoWhatABlockForbidsBeforeTheBlockIsGone) {
  aws.bucket.policy = policy_text({kPublicStatement});
  const auto before = look().state;
  EXPECT_TRUE(apply().ok());
  const auto after = look().state;
  aws.writes.clear();
  aws.bucket.block = PublicAccessBlock::all_on();
  const auto done = undo(before, after);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::retry);
  EXPECT_EQ(done.error().code, "blocked");
  EXPECT_THAT(aws.writes, IsEmpty());
  aws.bucket.block.reset();
  EXPECT_TRUE(undo(before, after).ok());
}

TEST_F(RemovePublicGrants, TellsOfAThirdPartysStatementThatCameBetween) {
  aws.bucket.policy = policy_text({kPublicStatement, kPartnerStatement});
  const Observation seen = look();
  bool written = false;
  aws.before = [&](const std::string& operation) {
    if (operation == "PUT policy") written = true;
    if (written && operation == "GET policy") aws.bucket.policy = policy_text({kPublicStatement});
  };
  const auto done = apply(seen);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, "third_party_change");
  EXPECT_EQ(done.error().kind, Kind::unknown);
}

TEST_F(RemovePublicGrants, KnowsNothingOfAWriteThatItCannotReadBack) {
  aws.bucket.policy = policy_text({kPublicStatement});
  const Observation seen = look();
  aws.before = [&](const std::string& operation) {
    if (operation == "DELETE policy") aws.next("GET policy", {Luck::throttled});
  };
  const auto done = apply(seen);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::unknown);
  EXPECT_THAT(done.error().message, HasSubstr("could not be read back"));
}

// ---- buckets -------------------------------------------------------------------------------------------------------

struct BlockPublicAccess : Stage {
  BlockPublicAccess() : Stage("aws.s3.block_public_access") {}
};

TEST_F(BlockPublicAccess, NamesTheSwitchesThatAreOff) {
  EXPECT_EQ(look().summary, "there is no public access block");
  aws.bucket.block = PublicAccessBlock{true, false, true, false};
  EXPECT_EQ(look().summary, "off: IgnorePublicAcls, RestrictPublicBuckets");
}

TEST_F(BlockPublicAccess, TakesAWeakenedBlockBackToWhatItWas) {
  aws.bucket.block = PublicAccessBlock{true, false, true, false};
  const auto before = look().state;
  EXPECT_TRUE(apply().ok());
  EXPECT_TRUE(undo(before, look().state).ok());
  EXPECT_EQ(aws.bucket.block, (PublicAccessBlock{true, false, true, false}));
}

TEST_F(BlockPublicAccess, FindsThatADeletedBucketIsGone) {
  aws.bucket.exists = false;
  EXPECT_EQ(observe().error().kind, Kind::gone);
}

TEST_F(BlockPublicAccess, TouchesNoBucketOfAnotherAccount) {
  aws.bucket.owner = "999988887777";
  const auto seen = observe();
  ASSERT_FALSE(seen.ok());
  EXPECT_EQ(seen.error().kind, Kind::refused);
  EXPECT_THAT(seen.error().message, HasSubstr("of the account that the plan names"));
}

TEST_F(BlockPublicAccess, MayBeTriedAgainBehindAnotherWriteToTheSameBucket) {
  aws.next("PUT publicAccessBlock", {Luck::conflict});
  EXPECT_EQ(apply().error().kind, Kind::retry);
}

TEST_F(BlockPublicAccess, SaysThatAServerDoesNotHaveIt) {
  aws.next("GET publicAccessBlock", {Luck::unsupported});
  EXPECT_THAT(observe().error().message, HasSubstr("does not have that call"));
}

TEST_F(BlockPublicAccess, RefusesNamesThatAreNotThoseOfBuckets) {
  for (const char* name : {"arn:aws:s3:::photos", "a", "photos/../x", ""}) {
    EXPECT_FALSE(actions->catalog().check("aws.s3.block_public_access", {{"bucket", name}}).ok()) << name;
  }
  EXPECT_TRUE(actions->catalog().check("aws.s3.block_public_access", {{"bucket", "photos"}}).ok());
}

struct RestoreOwnershipControls : Stage {
  RestoreOwnershipControls() : Stage("aws.s3.restore_ownership_controls") {}
};

TEST_F(RestoreOwnershipControls, SaysWhatStandsInItsWay) {
  aws.bucket.ownership = "ObjectWriter";
  aws.bucket.acl = acl_xml({"partner:READ"});
  const auto done = apply();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::refused);
  EXPECT_THAT(done.error().message, HasSubstr("the bucket's ACL still grants others something"));
}

TEST_F(RestoreOwnershipControls, WritesNothingToAServerThatAnswersSomethingElse) {
  const Observation seen = look();
  aws.next("GET ownershipControls", {Luck::wrong_document});
  EXPECT_FALSE(apply(seen).ok());
  EXPECT_THAT(aws.writes, IsEmpty());
}

}  // namespace
}  // namespace kedge
