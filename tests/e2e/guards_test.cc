// What the engine leaves alone, and what people can make it do and undo.
#include <csignal>

#include "tests/e2e/scene.h"

namespace kedge {
namespace {

constexpr auto kRule = "aws.s3.public-bucket";

class Guards : public Scene {};

TEST_F(Guards, AnExceptionLeavesTheBucketAloneWithItsReasonOnRecord) {
  cloud_->make_bucket("web-site");
  engine_.start();
  const Ran added = engine_.run({"exception", "add", "--rule", kRule, "--target", "arn:aws:s3:::web-site", "--owner",
                                 "web-team", "--reason", "the public site", "--expires", "1d"});
  ASSERT_EQ(added.exit, Exit{}) << added.output;
  send(cloud_->open_by_acl("web-site"));
  const Json suppressed = wait_for_records("suppression", 1);
  EXPECT_EQ(suppressed.at(0).at("record").at("guard"), "exception");
  EXPECT_NE(suppressed.dump().find("the public site"), std::string::npos) << suppressed;
  EXPECT_TRUE(cloud_->writes().empty());
  EXPECT_TRUE(cloud_->acl_is_public("web-site"));
}

TEST_F(Guards, ARuleInShadowModeWritesNothing) {
  cloud_->make_bucket("watched");
  engine_.configuration["rules"]["modes"] = {{kRule, "shadow"}};
  engine_.start();
  send(cloud_->open_by_acl("watched"));
  const Json suppressed = wait_for_records("suppression", 1);
  EXPECT_EQ(suppressed.at(0).at("record").at("guard"), "mode");
  EXPECT_TRUE(cloud_->writes().empty());
}

TEST_F(Guards, UndoRestoresTheAclAndThePolicy) {
  cloud_->make_bucket("undone");
  engine_.start();
  cloud_->open_by_acl("undone");
  send(cloud_->open_by_policy("undone"));
  const Json policy = cloud_->policy("undone");
  const Json confirmed = wait_for_records("confirmation", 1);
  EXPECT_FALSE(cloud_->acl_is_public("undone"));
  EXPECT_NE(cloud_->policy("undone"), policy);

  const std::string id = confirmed.at(0).at("remediation");
  const Ran asked = engine_.run({"remediation", "undo", id, "--reason", "it was meant"});
  ASSERT_EQ(asked.exit, Exit{}) << asked.output;
  EXPECT_TRUE(comes_true([&] {
    return engine_.ask({"remediation", "show", id}).at("state") == "undone";
  })) << engine_.run({"remediation", "show", id}).output;
  EXPECT_TRUE(cloud_->acl_is_public("undone"));
  EXPECT_EQ(cloud_->policy("undone"), policy);
  EXPECT_FALSE(cloud_->is_blocked("undone"));
}

}  // namespace
}  // namespace kedge
