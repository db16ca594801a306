#include "plan/plan.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace kedge {
namespace {

Plan sample() {
  Plan plan;
  plan.rule = {"aws.s3.public-bucket", "ab12"};
  plan.target = "arn:aws:s3:::reports";
  plan.revert = {
      Step{"aws.s3.block_public_access", 1, {{"bucket", "reports"}}, std::chrono::seconds(30), 3, OnFailure::undo}};
  plan.notify = {"security"};
  return plan;
}

TEST(Plan, IsReadAsItIsWritten) { EXPECT_EQ(*plan_from_json(to_json(sample())), sample()); }

TEST(Plan, HasADigestThatChangesWithEveryPart) {
  const Digest digest = digest_of(sample());
  Plan other = sample();
  other.revert[0].args["bucket"] = "other";
  EXPECT_NE(digest_of(other), digest);
  other = sample();
  other.notify.clear();
  EXPECT_NE(digest_of(other), digest);
  EXPECT_EQ(digest_of(sample()), digest);
}

TEST(Plan, RunsIsolationFirst) {
  Plan plan = sample();
  plan.isolate = {Step{"host.quarantine"}};
  ASSERT_EQ(plan.effects().size(), 2U);
  EXPECT_EQ(plan.effects()[0]->action, "host.quarantine");
}

TEST(Plan, ErrorsNameTheMember) {
  Json json = to_json(sample());
  json["revert"][0]["attempts"] = 99;
  EXPECT_EQ(plan_from_json(json).error().message.substr(0, 19), "revert[0].attempts:");
  json = to_json(sample());
  json["revert"][0].erase("action");
  EXPECT_EQ(plan_from_json(json).error().message, "revert[0].action: is missing");
  json = to_json(sample());
  json["replace"] = json["revert"];
  EXPECT_FALSE(plan_from_json(json).ok());
  json = to_json(sample());
  json["surprise"] = 1;
  EXPECT_FALSE(plan_from_json(json).ok());
}

}  // namespace
}  // namespace kedge
