// What the shipped rule for buckets comes to: from the event over its plan to what is written, and what is not.
//
// The events are shaped like lines 326, 455 and 1302 of a recorded attack (invictus.jsonl); the lines themselves are
// tried too where KEDGE_SHARED names their folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "actions/table.h"
#include "aws/public_access_json.h"
#include "base/json.h"
#include "rule/replay.h"
#include "tests/actions/fake_aws.h"
#include "tests/remediate/play.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Json event_of(const std::string& call, Json parameters) {
  parameters["bucketName"] = "photos";
  parameters["Host"] = "photos.s3.amazonaws.com";
  return {{"eventVersion", "1.08"},
          {"userIdentity", {{"type", "IAMUser"}, {"arn", "arn:aws:iam::111122223333:user/mallory"}}},
          {"eventTime", "2026-01-01T12:00:00Z"},
          {"eventSource", "s3.amazonaws.com"},
          {"eventName", call},
          {"awsRegion", "eu-west-1"},
          {"requestParameters", parameters},
          {"responseElements", nullptr},
          {"eventID", "e-1"},
          {"readOnly", false},
          {"resources", {{{"accountId", "111122223333"}, {"type", "AWS::S3::Bucket"}, {"ARN", "arn:aws:s3:::photos"}}}},
          {"eventType", "AwsApiCall"},
          {"managementEvent", true},
          {"recipientAccountId", "111122223333"},
          {"eventCategory", "Management"}};
}

// As lines 326 and 455: a trail's bucket lets CloudTrail, and nobody else, write into it.
Json policy_for_a_trail() {
  return event_of("PutBucketPolicy",
                  {{"policy", ""},
                   {"bucketPolicy",
                    {{"Version", "2012-10-17"},
                     {"Statement",
                      {{{"Action", "s3:GetBucketAcl"},
                        {"Effect", "Allow"},
                        {"Principal", {{"Service", "cloudtrail.amazonaws.com"}}},
                        {"Resource", "arn:aws:s3:::photos"}},
                       {{"Action", "s3:PutObject"},
                        {"Effect", "Allow"},
                        {"Principal", {{"Service", "cloudtrail.amazonaws.com"}}},
                        {"Condition", {{"StringEquals", {{"s3:x-amz-acl", "bucket-owner-full-control"}}}}},
                        {"Resource", "arn:aws:s3:::photos/*"}}}}}}});
}

// As line 1302: somebody takes a bucket's policy away.
Json policy_removed() { return event_of("DeleteBucketPolicy", {{"policy", ""}}); }

class ShippedRule : public testing::Test {
 protected:
  ShippedRule() {
    AwsOptions options;
    options.access_key_id = "AK";
    options.secret_access_key = "secret";
    options.region = "eu-west-1";
    options.endpoint_urls = {{"s3", "http://s3.test"}};
    aws.bucket.acl = acl_xml();
    client = *AwsClient::create(options, {}, clock, aws);
    play = std::make_unique<Play>(Cast{clock, aws, built_in_actions(*client)});

    RuleSet::Options rules;
    rules.directory = KEDGE_SOURCE_DIR "/rules";
    rules.actions = &play->actions.catalog();
    rules.host_functions = {{"aws.public_access", "judge", "", judge_public_access}};
    auto loaded = RuleSet::load(rules);
    for (const RuleProblem& problem : loaded.problems) ADD_FAILURE() << to_string(problem);
    replay = std::make_unique<Replay>(loaded.rules, Decoder::Options{});
  }

  // What the rule for public buckets plans; none: it does not fire.
  std::optional<Decision> planned(const std::string& message) {
    const auto decisions = replay->replay(message);
    EXPECT_TRUE(decisions) << decisions.error().message;
    for (const ReplayedDecision& one : *decisions) {
      if (one.rule == "aws.s3.public-bucket" && one.decision.kind == Decision::Kind::plan) return one.decision;
    }
    return std::nullopt;
  }

  // How it ends when the plan is carried out.
  State carried_out(const Json& event) {
    const auto decision = planned(event.dump());
    if (!decision) {
      ADD_FAILURE() << "the rule does not fire";
      return State::planned;
    }
    return play->run(play->open(decision->plan->revert));
  }

  FakeClock clock;
  FakeAws aws;
  std::unique_ptr<AwsClient> client;
  std::unique_ptr<Play> play;
  std::unique_ptr<Replay> replay;
};

// The event shows the whole policy, and it is for a service alone: certainly harmless, so nobody even looks.
TEST_F(ShippedRule, DoesNotFireOnAPolicyForATrail) { EXPECT_FALSE(planned(policy_for_a_trail().dump())); }

// The policy may have held a Deny, so the bucket is looked at. It is as it should be: nobody else gets in.
TEST_F(ShippedRule, LeavesAPrivateBucketAloneWhosePolicyWasRemoved) {
  for (const auto& block : {std::optional(PublicAccessBlock::all_on()), std::optional<PublicAccessBlock>()}) {
    aws.bucket.block = block;  // a policy that goes takes no block away: where there was none, none is added
    EXPECT_EQ(carried_out(policy_removed()), State::confirmed);
    EXPECT_THAT(aws.writes, IsEmpty());
    EXPECT_EQ(aws.bucket.block, block);
  }
}

TEST_F(ShippedRule, ClosesABucketThatOnlyTheRemovedPolicyKeptClosed) {
  aws.bucket.acl = acl_xml({"AllUsers:READ"});
  EXPECT_EQ(carried_out(policy_removed()), State::confirmed);
  EXPECT_THAT(aws.writes, ElementsAre("PUT acl"));
}

// The bucket is private without it too; but the block is what was changed, and it is put back.
TEST_F(ShippedRule, PutsTheBlockBackOnAPrivateBucketAndDoesNotCallItPublic) {
  const Json removed = event_of("DeleteBucketPublicAccessBlock", {{"publicAccessBlock", ""}});
  EXPECT_EQ(planned(removed.dump())->policy.title, "S3 bucket's public access block removed");
  EXPECT_EQ(carried_out(removed), State::confirmed);
  EXPECT_THAT(aws.writes, ElementsAre("PUT publicAccessBlock"));
  EXPECT_EQ(aws.bucket.block, PublicAccessBlock::all_on());
}

TEST_F(ShippedRule, ChangesNothingForWhatWasRecorded) {
  const char* shared = std::getenv("KEDGE_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "KEDGE_SHARED names no folder of recorded events";
  std::ifstream file(std::string(shared) + "/events/cloudtrail_recorded/invictus.jsonl");
  std::vector<std::string> lines{""};  // counted from 1
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  ASSERT_GT(lines.size(), 1302U);
  const Json removed = Json::parse(std::regex_replace(lines[1302], std::regex("123837392027"), aws.bucket.owner));
  EXPECT_FALSE(planned(lines[326]));
  EXPECT_FALSE(planned(lines[455]));
  for (const auto& block : {std::optional(PublicAccessBlock::all_on()), std::optional<PublicAccessBlock>()}) {
    aws.bucket.block = block;
    EXPECT_EQ(carried_out(removed), State::confirmed);
  }
  EXPECT_THAT(aws.writes, IsEmpty());
}

}  // namespace
}  // namespace kedge
