// What somebody opens again, and no event tells of: found by looking, and put right, or held for a person.
#include "tests/e2e/scene.h"

namespace kedge {
namespace {

class Reconciling : public Scene {
 protected:
  // A bucket that an event led to be closed, and an engine that watches it.
  void close_and_watch(const std::string& bucket, const std::string& reconcile) {
    const std::string name = "rules/aws/public_bucket.lua";
    std::string rule = engine_.directory().read(name);
    const std::string severity = "severity = \"high\",";
    ASSERT_NE(rule.find(severity), std::string::npos);
    rule.replace(rule.find(severity), severity.size(), severity + " reconcile = \"" + reconcile + "\",");
    engine_.directory().write(name, rule);
    engine_.configuration["executor"]["reconcile"] = {{"every", "2s"}};
    cloud_->make_bucket(bucket);
    engine_.start();
    send(cloud_->open_by_acl(bucket));
    wait_for_records("confirmation", 1);
    EXPECT_TRUE(cloud_->is_blocked(bucket));
    EXPECT_TRUE(comes_true([&] { return engine_.metric("kedge_reconcile_claims") == "1"; }));
    EXPECT_EQ(engine_.metric("kedge_reconcile_drifted_total"), "0");
  }
};

TEST_F(Reconciling, PutsRightWhatNoEventTold) {
  close_and_watch("opened-in-silence", "enforce");
  cloud_->open_by_removing_its_block("opened-in-silence");  // its event is lost
  const std::string id = wait_for_records("confirmation", 2).at(1).at("remediation");
  EXPECT_TRUE(cloud_->is_blocked("opened-in-silence"));
  EXPECT_FALSE(cloud_->acl_is_public("opened-in-silence"));
  const Json plan = engine_.records({"--kind", "plan"}).at(1);
  EXPECT_EQ(plan.at("remediation"), id);
  EXPECT_EQ(plan.at("record").at("origin"), "reconcile");
  EXPECT_EQ(engine_.metric("kedge_reconcile_findings_total"), "1");
}

TEST_F(Reconciling, HoldsItWhereTheRuleSaysSoAndSaysWhatToType) {
  close_and_watch("meant-perhaps", "hold");
  cloud_->open_by_removing_its_block("meant-perhaps");
  Json held;
  ASSERT_TRUE(comes_true([&] {
    held = engine_.ask({"remediation", "list", "--held"});
    return held.size() == 1;
  }));
  const std::string id = held.at(0).at("remediation");
  EXPECT_EQ(held.at(0).at("guard"), "reconcile");
  EXPECT_NE(held.dump().find("kedge remediation approve " + id), std::string::npos) << held;
  EXPECT_TRUE(cloud_->acl_is_public("meant-perhaps"));
  EXPECT_FALSE(cloud_->is_blocked("meant-perhaps"));
  const Ran rejected = engine_.run({"remediation", "reject", id, "--reason", "it is a web site now"});
  ASSERT_EQ(rejected.exit, Exit{}) << rejected.output;
  EXPECT_TRUE(comes_true([&] { return engine_.metric("kedge_reconcile_claims") == "0"; }))
      << "nobody asks about it again";
  EXPECT_TRUE(cloud_->acl_is_public("meant-perhaps"));
}

}  // namespace
}  // namespace kedge
