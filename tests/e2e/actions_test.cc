// What the main job is for other things than buckets, told to other people, and ended in the middle.
#include <set>

#include "tests/e2e/scene.h"

namespace kedge {
namespace {

using std::chrono::seconds;

class Actions : public Scene {
 protected:
  // The one remediation of this run, confirmed.
  Json story_of_the_confirmed() {
    const Json confirmed = wait_for_records("confirmation", 1);
    return confirmed.empty() ? Json() : engine_.ask({"audit", "show", confirmed.at(0).at("remediation")});
  }
};

TEST_F(Actions, ASecurityGroupOpenedToTheWorldLosesThatRuleAlone) {
  engine_.configuration["rules"]["modes"] = {{"aws.ec2.open-security-group", "enforce"}};
  const std::string group = cloud_->make_security_group("bastion");
  const std::string kept = cloud_->allow(group, 22, "203.0.113.0/24");
  engine_.start();
  const Json event = cloud_->open_security_group(group, 22);
  const std::string opened =
      event.at("responseElements").at("securityGroupRuleSet").at("items").at(0).at("securityGroupRuleId");
  ASSERT_NE(cloud_->security_group_rules(group).find(opened), std::string::npos);
  send(event);
  const Json story = story_of_the_confirmed();
  EXPECT_EQ(story.at("state"), "confirmed");
  EXPECT_NE(story.at("records").dump().find(opened), std::string::npos) << story.dump(1);
  EXPECT_EQ(cloud_->security_group_rules(group).find(opened), std::string::npos);
  EXPECT_NE(cloud_->security_group_rules(group).find(kept), std::string::npos);

  const std::string id = engine_.records({"--kind", "plan"}).at(0).at("remediation");
  ASSERT_EQ(engine_.run({"remediation", "undo", id, "--reason", "it was meant"}).exit, Exit{});
  EXPECT_TRUE(comes_true([&] {
    return engine_.ask({"remediation", "show", id}).at("state") == "undone";
  })) << engine_.run({"remediation", "show", id}).output;
  const std::string rules = cloud_->security_group_rules(group);
  EXPECT_NE(rules.find("kedge:restores"), std::string::npos) << rules;
}

TEST_F(Actions, ATrailThatWasStoppedLogsAgain) {
  cloud_->make_trail("audit");
  engine_.start();
  const Json event = cloud_->stop_logging("audit");
  ASSERT_FALSE(cloud_->is_logging("audit"));
  send(event);
  EXPECT_EQ(story_of_the_confirmed().at("state"), "confirmed");
  EXPECT_TRUE(cloud_->is_logging("audit"));
}

TEST_F(Actions, SlackIsTold) {
  HttpReceiver slack;
  slack.answer_next({.status = 429, .headers = {{"Retry-After", "1"}}, .body = "rate_limited"});
  slack.answer_otherwise({.body = "ok"});
  engine_.configuration["notify"]["channels"]["security"] = {{"kind", "slack"},
                                                             {"url", slack.url() + "/services/T0/B0"}};
  cloud_->make_bucket("told-to-slack");
  engine_.start();
  send(cloud_->open_by_acl("told-to-slack"));
  const auto told = slack.wait_for(2, seconds(60));
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->at(0).target, "/services/T0/B0");
  EXPECT_EQ(told->at(0).body, told->at(1).body) << "it was told again when Slack asked for patience";
  const Json message = Json::parse(told->at(1).body, nullptr, false);
  EXPECT_NE(message.at("text").get<std::string>().find("told-to-slack"), std::string::npos) << message.dump(1);
  EXPECT_NE(message.at("blocks").dump().find("arn:aws:s3:::told-to-slack"), std::string::npos) << message.dump(1);
  EXPECT_TRUE(
      comes_true([&] { return engine_.metric("kedge_channel_notices_delivered_total{channel=\"security\"}") == "1"; }));
}

bool is_write(const HttpReceiver::Request& request) { return request.method == "PUT"; }

TEST_F(Actions, WhatIsUnderWayAtTheEndIsFinished) {
  cloud_->make_bucket("finished");
  engine_.start();
  cloud_->answer_late(is_write, seconds(1));
  send(cloud_->open_by_acl("finished"));
  ASSERT_TRUE(comes_true([&] { return !cloud_->writes().empty(); }));
  const auto ended = engine_.stop();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, Exit{});

  engine_.start();
  wait_for_records("confirmation", 1);
  const auto all = cloud_->writes();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size())
      << "no write was repeated: " << testing::PrintToString(all);
  EXPECT_TRUE(cloud_->is_blocked("finished"));
  EXPECT_FALSE(cloud_->acl_is_public("finished"));
}

TEST_F(Actions, WhatDoesNotEndInTimeIsHandedBackAndDoneAfterTheNextStart) {
  engine_.configuration["limits"] = {{"shutdown", "3s"}};
  engine_.configuration["executor"] = {{"visibility_delay", "1s"}, {"call_timeout", "5s"}};
  cloud_->make_bucket("handed-back");
  engine_.start();
  cloud_->leave_unanswered(is_write);
  send(cloud_->open_by_acl("handed-back"));
  ASSERT_TRUE(comes_true([&] { return !cloud_->writes().empty(); }));
  const auto ended = engine_.stop();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, Exit{}) << engine_.output();
  EXPECT_TRUE(cloud_->acl_is_public("handed-back"));

  cloud_->leave_unanswered(nullptr);
  engine_.start();
  wait_for_records("confirmation", 1);
  EXPECT_TRUE(cloud_->is_blocked("handed-back"));
  EXPECT_FALSE(cloud_->acl_is_public("handed-back"));
  EXPECT_EQ(engine_.records({"--kind", "stop"}).size(), 1U);
}

}  // namespace
}  // namespace kedge
