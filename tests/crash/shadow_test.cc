// In shadow mode nothing is written, counted where it would arrive.
#include <set>

#include "tests/crash/stage.h"

namespace kedge {
namespace {

class Shadow : public Stage {
 protected:
  void SetUp() override {
    set_up(KafkaBroker::shared("3.9.2"), {});
    if (IsSkipped() || HasFatalFailure()) return;
    Json modes = Json::object();
    for (const char* rule :
         {"aws.s3.public-bucket", "aws.s3.shared-bucket", "aws.ec2.open-security-group", "aws.cloudtrail.stopped"}) {
      modes[rule] = "shadow";
    }
    engine_.configuration["rules"]["modes"] = modes;
  }

  // Everything that a shipped rule acts on, really drifted: an event of each kind.
  std::vector<Json> drift_in_every_way() {
    for (const char* bucket : {"acl", "policy", "block", "shared"}) cloud_->make_bucket(bucket);
    cloud_->make_trail("audit");
    std::vector<Json> events = {
        cloud_->open_by_acl("acl"),
        cloud_->open_by_policy("policy"),
        cloud_->open_by_removing_its_block("block"),
        cloud_->stop_logging("audit"),
        cloud_->open_security_group(cloud_->make_security_group("ssh"), 22),
    };
    // The other events that tell of a bucket which is open.
    const Json acl = {{"x-amz-acl", "public-read"}};
    for (const char* call : {"CreateBucket", "DeleteBucketPolicy", "DeleteBucketOwnershipControls"}) {
      events.push_back(cloudtrail_event(call, "acl", std::string(call) == "CreateBucket" ? acl : Json::object()));
    }
    const Json off = {{"PublicAccessBlockConfiguration", {{"BlockPublicAcls", false}}}};
    events.push_back(cloudtrail_event("PutBucketPublicAccessBlock", "block", off));
    const Json writer = {{"OwnershipControls", {{"Rule", {{"ObjectOwnership", "ObjectWriter"}}}}}};
    events.push_back(cloudtrail_event("PutBucketOwnershipControls", "acl", writer));
    const Json stranger = {{"bucketPolicy",
                            {{"Version", "2012-10-17"},
                             {"Statement",
                              {{{"Effect", "Allow"},
                                {"Principal", {{"AWS", "arn:aws:iam::444455556666:root"}}},
                                {"Action", "s3:GetObject"},
                                {"Resource", "arn:aws:s3:::shared/*"}}}}}}};
    cloud_->put_policy("shared", stranger.at("bucketPolicy"));
    events.push_back(cloudtrail_event("PutBucketPolicy", "shared", stranger));
    return events;
  }
};

TEST_F(Shadow, NoRuleWritesAnythingAndEveryDecisionIsOnRecord) {
  engine_.start();
  const std::vector<Json> events = drift_in_every_way();
  std::set<std::string> sent;
  for (const Json& event : events) {
    send(event);
    sent.insert(event.at("eventID"));
  }
  std::set<std::string> decided;
  std::set<std::string> rules;
  for (const Json& row : wait_for_records("suppression", events.size())) {
    EXPECT_EQ(row.at("record").at("guard"), "mode") << row.dump();
    decided.insert(row.at("record").at("event").at("id"));
    rules.insert(row.at("rule"));
  }
  EXPECT_EQ(decided, sent);
  EXPECT_EQ(rules.size(), 4U) << testing::PrintToString(rules);
  EXPECT_TRUE(engine_.records({"--kind", "plan,attempt"}).empty());
  ASSERT_TRUE(engine_.stop().ok());  // what was under way is over

  std::vector<std::string> writes;
  for (const auto& seen : proxy_->changes()) writes.push_back(seen.call.name + " " + seen.call.subject);
  EXPECT_TRUE(writes.empty()) << testing::PrintToString(writes);
  EXPECT_FALSE(proxy_->calls().empty()) << "the engine does go through the proxy";
  EXPECT_TRUE(cloud_->acl_is_public("acl"));
  EXPECT_FALSE(cloud_->is_blocked("block"));
  EXPECT_FALSE(cloud_->is_logging("audit"));
}

}  // namespace
}  // namespace kedge
