// The public bucket's remedy, carried by the protocol from the finding to its end and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actions/table.h"
#include "tests/actions/fake_aws.h"
#include "tests/remediate/play.h"

namespace kedge {
namespace {

using Luck = FakeAws::Luck;

struct Remedy : testing::Test {
  Remedy() {
    AwsOptions options;
    options.access_key_id = "AK";
    options.secret_access_key = "secret";
    options.region = "eu-west-1";
    options.endpoint_urls = {{"s3", "http://s3.test"}};
    aws.bucket.acl = acl_xml({"AllUsers:READ", "partner:READ"});
    aws.bucket.policy = policy_text({kPublicStatement, kPartnerStatement});
    client = *AwsClient::create(options, {}, clock, aws);
    play = std::make_unique<Play>(Cast{clock, aws, built_in_actions(*client)});
  }

  static Step step(const std::string& action) {
    Step made;
    made.action = "aws.s3." + action;
    made.args = {{"bucket", "photos"}, {"account", "111122223333"}};
    return made;
  }
  std::string open(std::vector<std::string> actions) {
    std::vector<Step> steps;
    for (const std::string& action : actions) steps.push_back(step(action));
    return play->open(steps);
  }

  FakeClock clock;
  FakeAws aws;
  std::unique_ptr<AwsClient> client;
  std::unique_ptr<Play> play;
};

TEST_F(Remedy, ClosesEveryWayAndTouchesNothingElse) {
  const auto id = open({"block_public_access", "remove_public_grants"});
  EXPECT_EQ(play->run(id), State::confirmed);
  EXPECT_EQ(aws.bucket.block, PublicAccessBlock::all_on());
  EXPECT_EQ(*aws.bucket.policy, *policy_without(policy_text({kPublicStatement, kPartnerStatement}), {0}).value());
  EXPECT_EQ(parse_acl(aws.bucket.acl)->grants, parse_acl(acl_xml({"partner:READ"}))->grants);
  EXPECT_EQ(aws.writes.front(), "PUT publicAccessBlock");
}

TEST_F(Remedy, CapturesTheTrueListBeforeTheBlockHidesIt) {
  const auto id = open({"block_public_access", "remove_public_grants"});
  play->run(id);
  EXPECT_THAT(play->stored(id).steps[1].before->full.at("acl").get<std::string>(), testing::HasSubstr("AllUsers"));
}

// With the block on, neither policy nor list may be public again: the block has to go first, though it came first too.
TEST_F(Remedy, IsUndoneWholeInWhateverOrderItWasDone) {
  for (const auto& order : {std::vector<std::string>{"block_public_access", "remove_public_grants"},
                            std::vector<std::string>{"remove_public_grants", "block_public_access"}}) {
    const auto before = aws.bucket;
    const auto id = open(order);
    ASSERT_EQ(play->run(id), State::confirmed);
    ASSERT_TRUE(play->commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
    play->take_up(id);
    EXPECT_EQ(play->run(id), State::undone);
    EXPECT_EQ(aws.bucket.block, before.block);
    EXPECT_EQ(aws.bucket.policy, before.policy);
    EXPECT_EQ(parse_acl(aws.bucket.acl)->grants, parse_acl(before.acl)->grants);
  }
}

TEST_F(Remedy, RestoresOwnershipControlsOnceTheGrantsAreGone) {
  aws.bucket.acl = acl_xml({"AllUsers:READ"});
  aws.bucket.ownership = "ObjectWriter";
  const auto id = open({"block_public_access", "remove_public_grants", "restore_ownership_controls"});
  EXPECT_EQ(play->run(id), State::confirmed);
  EXPECT_EQ(aws.bucket.ownership, "BucketOwnerEnforced");
  ASSERT_TRUE(play->commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  play->take_up(id);
  EXPECT_EQ(play->run(id), State::undone);
  EXPECT_EQ(aws.bucket.ownership, "ObjectWriter");
  EXPECT_EQ(parse_acl(aws.bucket.acl)->grants, parse_acl(acl_xml({"AllUsers:READ"}))->grants);
}

TEST_F(Remedy, HoldsTheWholeWhereTheWitnessesDisagree) {
  aws.bucket.policy_status = false;
  const auto id = open({"block_public_access", "remove_public_grants"});
  EXPECT_EQ(play->run(id), State::held);
  EXPECT_TRUE(aws.writes.empty());
}

TEST_F(Remedy, GetsThroughAStormAndWritesNothingTwiceWithoutNeed) {
  aws.next("PUT publicAccessBlock", {Luck::conflict, Luck::throttled, Luck::reset_after});
  aws.next("PUT policy", {Luck::late});
  aws.next("GET acl", {Luck::throttled, Luck::fine, Luck::throttled});
  const auto id = open({"block_public_access", "remove_public_grants"});
  EXPECT_EQ(play->run(id), State::confirmed);
  EXPECT_EQ(std::count(aws.writes.begin(), aws.writes.end(), "PUT publicAccessBlock"), 3);
  EXPECT_LE(std::count(aws.writes.begin(), aws.writes.end(), "PUT policy"), 2);
}

TEST_F(Remedy, EndsWhenTheBucketWasDeletedMeanwhile) {
  aws.before = [&](const std::string& operation) {
    if (operation == "PUT publicAccessBlock") aws.bucket.exists = false;
  };
  const auto id = open({"block_public_access", "remove_public_grants"});
  EXPECT_EQ(play->run(id), State::confirmed);
  EXPECT_THAT(play->stored(id).reason, testing::HasSubstr("NoSuchBucket"));
}

}  // namespace
}  // namespace kedge
