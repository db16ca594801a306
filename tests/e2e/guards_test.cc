// What the engine leaves alone, and what people can make it do and undo.
#include <algorithm>
#include <csignal>

#include "tests/e2e/scene.h"

namespace kedge {
namespace {

constexpr auto kRule = "aws.s3.public-bucket";

class Guards : public Scene {
 protected:
  // The one remediation that is held.
  Json wait_for_held() {
    Json held;
    EXPECT_TRUE(comes_true([&] {
      held = engine_.ask({"remediation", "list", "--held"});
      return held.size() == 1;
    })) << engine_.records({}).dump(1);
    return held.empty() ? Json::object() : held.at(0);
  }
  std::string state_of(const std::string& id) { return engine_.ask({"remediation", "show", id}).at("state"); }
  void undo(const std::string& id) {
    const Ran asked = engine_.run({"remediation", "undo", id, "--reason", "it was meant"});
    ASSERT_EQ(asked.exit, Exit{}) << asked.output;
  }
};

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
  undo(id);
  EXPECT_TRUE(comes_true([&] { return state_of(id) == "undone"; })) << engine_.run({"remediation", "show", id}).output;
  EXPECT_TRUE(cloud_->acl_is_public("undone"));
  EXPECT_EQ(cloud_->policy("undone"), policy);
  EXPECT_FALSE(cloud_->is_blocked("undone"));
}

TEST_F(Guards, UndoIsRefusedWithTheDifferenceWhenSomebodyElseChangedTheBucketSince) {
  cloud_->make_bucket("changed-since");
  engine_.start();
  send(cloud_->open_by_policy("changed-since"));
  const std::string id = wait_for_records("confirmation", 1).at(0).at("remediation");
  const Json theirs = {{"Version", "2012-10-17"},
                       {"Statement",
                        {{{"Sid", "ForTheAuditors"},
                          {"Effect", "Allow"},
                          {"Principal", {{"AWS", "arn:aws:iam::123456789012:root"}}},
                          {"Action", "s3:GetObject"},
                          {"Resource", "arn:aws:s3:::changed-since/*"}}}}};
  cloud_->put_policy("changed-since", theirs);
  const auto writes = cloud_->writes();

  undo(id);
  EXPECT_TRUE(comes_true([&] { return state_of(id) == "refused"; })) << engine_.run({"remediation", "show", id}).output;
  const Json refusal = wait_for_records("refusal", 1).at(0).at("record");
  EXPECT_NE(refusal.at("details").dump().find("ForTheAuditors"), std::string::npos) << refusal.dump(1);
  EXPECT_NE(engine_.run({"audit", "show", id}).output.find("ForTheAuditors"), std::string::npos);
  EXPECT_EQ(cloud_->policy("changed-since"), theirs);
  EXPECT_TRUE(cloud_->is_blocked("changed-since")) << "nothing is undone by halves";
  EXPECT_EQ(cloud_->writes(), writes);
}

TEST_F(Guards, APauseHoldsWhatIsFoundAndItsEndLetsItAct) {
  cloud_->make_bucket("paused");
  engine_.start();
  ASSERT_EQ(engine_.run({"pause", "--reason", "maintenance"}).exit, Exit{});
  send(cloud_->open_by_acl("paused"));
  const Json held = wait_for_held();
  EXPECT_EQ(held.at("guard"), "pause");
  EXPECT_EQ(held.at("target"), "arn:aws:s3:::paused");
  const std::string reason = held.at("reason");
  EXPECT_NE(reason.find("to go on: kedge resume"), std::string::npos) << reason;
  EXPECT_NE(reason.find("maintenance"), std::string::npos) << reason;
  EXPECT_NE(engine_.readiness().find("maintenance"), std::string::npos) << engine_.readiness();
  EXPECT_TRUE(cloud_->writes().empty());
  EXPECT_TRUE(cloud_->acl_is_public("paused"));

  ASSERT_EQ(engine_.run({"resume"}).exit, Exit{});
  wait_for_records("confirmation", 1);
  EXPECT_FALSE(cloud_->acl_is_public("paused"));
  EXPECT_TRUE(engine_.ask({"remediation", "list"}).empty());
}

TEST_F(Guards, ThePauseFileDoesTheSameAlsoOverARestart) {
  cloud_->make_bucket("paused-by-file");
  const auto file = engine_.directory().write("data/pause", "");
  engine_.start_unawaited();  // it is not ready while paused
  ASSERT_TRUE(comes_true([&] { return engine_.readiness().find(file) != std::string::npos; })) << engine_.output();
  send(cloud_->open_by_acl("paused-by-file"));
  const std::string reason = wait_for_held().at("reason");
  EXPECT_NE(reason.find("to go on: rm " + file.string()), std::string::npos) << reason;
  EXPECT_NE(engine_.run({"resume", "--scope", "file:" + file.string()}).exit, Exit{});
  ASSERT_EQ(engine_.stop()->code, 0);
  EXPECT_TRUE(cloud_->writes().empty());

  std::filesystem::remove(file);
  engine_.start();
  wait_for_records("confirmation", 1);
  EXPECT_FALSE(cloud_->acl_is_public("paused-by-file"));
}

TEST_F(Guards, ARuleThatWantsTooManyTargetsIsHeldUntilAPersonLetsItGoOn) {
  const std::string limit = "100/1m";
  engine_.configuration["guards"] = {
      {"unsafe_limits", true}, {"budgets", {{"all", limit}, {"account", limit}, {"action", limit}, {"rule", limit}}}};
  std::vector<std::string> buckets;
  for (int i = 0; i < 8; ++i) {
    buckets.push_back("many-" + std::to_string(i));
    cloud_->make_bucket(buckets.back());
  }
  engine_.start();
  for (const std::string& bucket : buckets) send(cloud_->open_by_acl(bucket));
  wait_for_records("confirmation", 5);
  EXPECT_TRUE(comes_true([&] { return engine_.ask({"remediation", "list", "--held"}).size() == 3; }));
  const Json held = engine_.ask({"remediation", "list", "--held"});
  for (const Json& one : held) EXPECT_EQ(one.at("guard"), "mass-match");
  EXPECT_NE(held.at(0).at("reason").get<std::string>().find(std::string("kedge resume --scope rule:") + kRule),
            std::string::npos);

  engine_.kill();  // it is on record, and nobody but a person lets it go on
  engine_.start();
  EXPECT_EQ(engine_.ask({"remediation", "list", "--held"}).size(), 3U);
  ASSERT_EQ(engine_.run({"resume", "--scope", std::string("rule:") + kRule}).exit, Exit{});
  wait_for_records("confirmation", 8);
  for (const std::string& bucket : buckets) EXPECT_FALSE(cloud_->acl_is_public(bucket)) << bucket;
}

TEST_F(Guards, ABrokenRuleSetIsRefusedWithItsReasonAndTheOldOneGoesOn) {
  for (const char* bucket : {"under-old-rules", "under-new-rules"}) cloud_->make_bucket(bucket);
  engine_.start();
  const std::string name = "rules/aws/public_bucket.lua";
  const std::string rule = engine_.directory().read(name);
  const std::string before = "severity = \"high\"";
  ASSERT_NE(rule.find(before), std::string::npos);
  const auto with = [&](const std::string& severity) {
    std::string changed = rule;
    return changed.replace(changed.find(before), before.size(), severity);
  };

  engine_.directory().write(name, with("severity = \"hihg\""));
  engine_.process().signal(SIGHUP);
  const auto said = engine_.process().wait_for_line("aws/public_bucket.lua:", std::chrono::seconds(60));
  ASSERT_TRUE(said) << said.error().message;
  const auto at = rule.begin() + static_cast<std::ptrdiff_t>(rule.find(before));
  const auto line = std::count(rule.begin(), at, '\n') + 1;
  EXPECT_NE(said->find("aws/public_bucket.lua:" + std::to_string(line) + ": "), std::string::npos) << *said;
  EXPECT_NE(said->find("those in force stay: "), std::string::npos) << "all in one line: " << *said;
  EXPECT_NE(said->find("severity: "), std::string::npos) << *said;
  EXPECT_NE(said->find("hihg"), std::string::npos) << *said;
  EXPECT_EQ(engine_.metric("kedge_rules_reloads_refused_total"), "1");
  EXPECT_EQ(engine_.metric("kedge_rules_reloads_total"), "0");
  send(cloud_->open_by_acl("under-old-rules"));
  wait_for_records("confirmation", 1);
  EXPECT_EQ(engine_.records({"--kind", "rules_loaded"}).size(), 1U);
  EXPECT_EQ(engine_.records({"--kind", "plan"}).at(0).at("record").at("policy").at("severity"), "high");

  engine_.directory().write(name, with("severity = \"low\""));
  engine_.process().signal(SIGHUP);
  wait_for_records("rules_loaded", 2);
  send(cloud_->open_by_acl("under-new-rules"));
  EXPECT_EQ(wait_for_records("plan", 2).at(1).at("record").at("policy").at("severity"), "low");
  wait_for_records("confirmation", 2);
  EXPECT_EQ(engine_.metric("kedge_rules_reloads_total"), "1");
}

}  // namespace
}  // namespace kedge
