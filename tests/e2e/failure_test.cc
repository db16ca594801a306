// What goes wrong outside, and what the engine makes of it: events that are none, permissions that lack, ends of
// processes in the middle of work.
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/e2e/scene.h"

namespace kedge {
namespace {

using namespace std::string_literals;

// What docs/operating.md says that a rule needs: "| RULE | permission, permission |".
std::vector<std::string> documented_permissions(const std::string& rule) {
  std::ifstream page(KEDGE_SOURCE_DIR "/docs/operating.md");
  const std::string start = "| " + rule + " | ";
  std::string line;
  while (!line.starts_with(start)) {
    if (!std::getline(page, line)) throw std::runtime_error("no permissions are documented for " + rule);
  }
  std::vector<std::string> permissions;
  std::istringstream words(line.substr(start.size()));
  for (std::string word; words >> word && word != "|";) permissions.push_back(word.substr(0, word.find(',')));
  return permissions;
}

// The emulator takes what it does not know for listing a bucket or making one.
std::vector<std::string> as_moto_calls_them(std::vector<std::string> permissions) {
  const std::map<std::string, std::string> names = {{"s3:GetBucketPublicAccessBlock", "s3:ListBucket"},
                                                    {"s3:GetBucketOwnershipControls", "s3:ListBucket"},
                                                    {"s3:PutBucketPublicAccessBlock", "s3:CreateBucket"},
                                                    {"s3:PutBucketOwnershipControls", "s3:CreateBucket"}};
  for (std::string& permission : permissions) {
    if (const auto name = names.find(permission); name != names.end()) permission = name->second;
  }
  return permissions;
}

class Failures : public Scene {
 protected:
  void use(const Cloud::Key& key) {
    engine_.configuration["aws"]["credentials"] = {{"access_key_id", key.id}, {"secret_access_key", key.secret}};
  }
  void lift_the_limits() {
    Json budgets = Json::object();
    for (const char* of : {"all", "account", "action", "rule"}) budgets[of] = "1000/1m";
    engine_.configuration["guards"] = {{"unsafe_limits", true}, {"mass_match", "off"}, {"budgets", budgets}};
  }
  void expect_once_for_each(const std::set<std::string>& buckets) {
    for (const std::string& bucket : buckets) {
      const auto writes = cloud_->writes(bucket);
      const std::set<std::string> different(writes.begin(), writes.end());
      EXPECT_EQ(writes.size(), different.size()) << bucket << ": " << testing::PrintToString(writes);
      EXPECT_TRUE(cloud_->is_blocked(bucket)) << bucket;
      EXPECT_FALSE(cloud_->acl_is_public(bucket)) << bucket;
    }
  }
};

TEST_F(Failures, PoisonBecomesDeadLettersAndTheEventsBehindItAreHandled) {
  engine_.configuration["sources"][0]["event_bytes"] = 4096;
  engine_.configuration["sources"][0]["format"] = "cloudtrail";
  cloud_->make_bucket("behind-poison");
  engine_.start();
  send("this is no JSON"s);
  send("{\"padding\":\"" + std::string(5000, 'x') + "\"}");
  send("{\"hello\":\"world\"}"s);
  send(cloud_->open_by_acl("behind-poison"));
  wait_for_records("confirmation", 1);
  const Json letters = engine_.ask({"dead-letter", "list"});
  ASSERT_EQ(letters.size(), 3U) << letters.dump(1);
  std::set<std::string> reasons;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(letters.at(i).at("topic"), topic_);
    EXPECT_EQ(letters.at(i).at("partition"), 0);
    EXPECT_EQ(letters.at(i).at("offset"), i);
    reasons.insert(letters.at(i).at("reason"));
  }
  EXPECT_EQ(reasons.size(), 3U) << testing::PrintToString(reasons);

  EXPECT_EQ(engine_.run({"dead-letter", "discard"}).exit, Exit{.code = 2});
  EXPECT_EQ(engine_.run({"dead-letter", "discard", letters.at(0).at("number").dump()}).exit, Exit{});
  EXPECT_EQ(engine_.ask({"dead-letter", "list"}).size(), 2U);
  EXPECT_EQ(engine_.run({"dead-letter", "discard", "--all"}).exit, Exit{});
  EXPECT_TRUE(engine_.ask({"dead-letter", "list"}).empty());
}

TEST_F(Failures, ARedrivenEventIsHeldUntilSomebodyApproves) {
  engine_.configuration["sources"][0]["format"] = "eventbridge";
  cloud_->make_bucket("redriven");
  engine_.start();
  send(cloud_->open_by_acl("redriven"));
  wait_for_records("dead_letter", 1);
  ASSERT_TRUE(engine_.stop().ok());
  engine_.configuration["sources"][0]["format"] = "cloudtrail";
  engine_.start();

  const Json results = engine_.ask({"dead-letter", "redrive", "--all"});
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results.at(0).at("outcome"), "decided") << results.dump(1);
  const std::string id = results.at(0).at("remediations").at(0);
  wait_for_records("hold", 1);
  EXPECT_NE(engine_.ask({"audit", "show", id}).dump().find("the event was redriven"), std::string::npos);
  EXPECT_TRUE(cloud_->acl_is_public("redriven"));
  EXPECT_EQ(engine_.records({"--kind", "redrive"}).size(), 1U);

  EXPECT_EQ(engine_.run({"remediation", "approve", id}).exit, Exit{});
  wait_for_records("confirmation", 1);
  EXPECT_FALSE(cloud_->acl_is_public("redriven"));
  EXPECT_TRUE(engine_.ask({"dead-letter", "list"}).empty());
}

class Seeks : public Failures {
 protected:
  Ran seek(const std::string& to) {
    return engine_.run({"source", "seek", engine_.configuration["sources"][0]["name"], topic_, "0", "--to", to,
                        "--reason", "it is tried out"});
  }
  Json position() {
    for (const Json& row : engine_.ask({"source", "list"})) {
      if (row.at("partition") == 0) return row;
    }
    return nullptr;
  }
  // The position's next offset, once it was claimed again after a seek.
  bool stands_at(int64_t next, int64_t epoch) {
    return comes_true([&] { return position().at("next") == next && position().at("epoch") >= epoch; });
  }
};

TEST_F(Seeks, WhatIsReadAgainIsNotDoneAgain) {
  cloud_->make_bucket("sought");
  engine_.start();
  send(cloud_->open_by_acl("sought"));
  wait_for_records("confirmation", 1);
  const auto writes = cloud_->writes("sought");
  const int64_t epoch = position().at("epoch");

  const Ran back = seek("beginning");
  EXPECT_EQ(back.exit, Exit{}) << back.output;
  EXPECT_TRUE(stands_at(1, epoch + 2)) << position().dump();
  const Json on_record = engine_.records({"--kind", "position"});
  ASSERT_EQ(on_record.size(), 1U) << on_record.dump(1);
  EXPECT_NE(on_record.dump().find("it is tried out"), std::string::npos) << on_record.dump(1);

  ASSERT_TRUE(engine_.stop().ok());
  const Ran without_daemon = seek("2000-01-01T00:00:00Z");
  EXPECT_EQ(without_daemon.exit, Exit{}) << without_daemon.output;
  EXPECT_EQ(position().at("next"), 0);
  engine_.start();
  EXPECT_TRUE(stands_at(1, epoch + 4)) << position().dump();
  EXPECT_EQ(engine_.records({"--kind", "plan"}).size(), 1U) << "the same event is decided once";
  EXPECT_EQ(cloud_->writes("sought"), writes);
}

TEST_F(Seeks, WhatASeekAheadLeavesOutIsNotHandled) {
  for (const char* bucket : {"skipped", "behind"}) cloud_->make_bucket(bucket);
  engine_.start();
  send("{\"first\":true}"s);
  EXPECT_TRUE(stands_at(1, 1));
  ASSERT_TRUE(engine_.stop().ok());
  send(cloud_->open_by_acl("skipped"));
  EXPECT_EQ(seek("3").exit, Exit{.code = 2}) << "the log ends before";
  EXPECT_EQ(seek("end").exit, Exit{});
  engine_.start();
  send(cloud_->open_by_acl("behind"));
  wait_for_records("confirmation", 1);
  EXPECT_TRUE(cloud_->acl_is_public("skipped"));
  EXPECT_FALSE(cloud_->acl_is_public("behind"));
}

TEST_F(Failures, APermissionThatLacksEndsTheRemediationWithItsNameOnRecord) {
  cloud_->make_bucket("no-permission");
  const Json event = cloud_->open_by_acl("no-permission");
  use(cloud_->make_user("kedge", {"s3:Get*", "s3:List*", "s3:PutBucketAcl", "s3:PutBucketPolicy"}));
  engine_.configuration["aws"]["endpoint"] = cloud_->moto().url();  // signatures are of the address
  ASSERT_TRUE(cloud_->moto().check_requests(true));
  engine_.start();
  send(event);
  const auto notice = hook_.wait_for(1, std::chrono::seconds(60));
  ASSERT_TRUE(notice) << notice.error().message << engine_.records({}).dump(1);
  const Json plans = engine_.records({"--kind", "plan"});
  const Json story = engine_.ask({"audit", "show", plans.at(0).at("remediation")});
  EXPECT_EQ(story.at("state"), "failed");
  EXPECT_NE(story.at("records").dump().find("AccessDenied"), std::string::npos) << story.dump(1);
  EXPECT_TRUE(engine_.ask({"remediation", "list"}).empty());  // nothing is left to be tried again
  EXPECT_TRUE(cloud_->moto().check_requests(false));
}

TEST_F(Failures, ThePermissionsOfTheDocumentationAreEnough) {
  cloud_->make_bucket("permitted");
  cloud_->open_by_acl("permitted");
  const Json event = cloud_->open_by_policy("permitted");
  use(cloud_->make_user("kedge", as_moto_calls_them(documented_permissions("aws.s3.public-bucket"))));
  engine_.configuration["aws"]["endpoint"] = cloud_->moto().url();  // signatures are of the address
  ASSERT_TRUE(cloud_->moto().check_requests(true));
  engine_.start();
  send(event);
  const Json confirmed = wait_for_records("confirmation", 1);
  EXPECT_TRUE(cloud_->moto().check_requests(false));  // so that the test's own requests are taken again
  EXPECT_TRUE(cloud_->is_blocked("permitted"));
  EXPECT_FALSE(cloud_->acl_is_public("permitted"));
  EXPECT_EQ(cloud_->policy("permitted").dump().find("GetObject"), std::string::npos);
  EXPECT_EQ(engine_.output().find("AccessDenied"), std::string::npos);
}

TEST_F(Failures, KilledInTheMiddleItLosesNothingAndDoublesNothing) {
  lift_the_limits();
  std::set<std::string> buckets;
  for (int i = 0; i < 30; ++i) buckets.insert("crash-" + std::to_string(i));
  for (const std::string& bucket : buckets) cloud_->make_bucket(bucket);
  engine_.start();
  size_t sent = 0;
  for (const std::string& bucket : buckets) {
    send(cloud_->open_by_acl(bucket));
    if (++sent != buckets.size() / 2) continue;
    ASSERT_TRUE(comes_true([&] { return !cloud_->writes().empty(); })) << engine_.output();
    engine_.kill();
    engine_.start_unawaited();
  }
  wait_for_records("confirmation", buckets.size());
  EXPECT_EQ(engine_.records({"--kind", "plan"}).size(), buckets.size());
  EXPECT_TRUE(engine_.ask({"remediation", "list"}).empty());
  expect_once_for_each(buckets);
}

TEST_F(Failures, WhatIsOpenGoesOnWhileNobodySaysWhoWeAre) {
  cloud_->make_bucket("left-open");
  engine_.start();
  cloud_->leave_unanswered([](const auto& request) { return request.target.starts_with("/left-open"); });
  send(cloud_->open_by_acl("left-open"));
  wait_for_records("plan", 1);
  engine_.kill();
  cloud_->leave_unanswered([](const auto& request) { return request.target == "/"; });  // where STS is asked
  engine_.start_unawaited();
  EXPECT_TRUE(comes_true([&] { return cloud_->is_blocked("left-open"); })) << engine_.output();
  EXPECT_EQ(engine_.output().find("cannot be asked"), std::string::npos) << "it waited for STS first";
  engine_.kill();
}

TEST_F(Failures, PeopleHearWhenNobodySaysWhoWeAre) {
  cloud_->leave_unanswered([](const auto& request) { return request.target == "/"; });
  engine_.start_unawaited();
  ASSERT_TRUE(comes_true([&] { return engine_.output().find("ready;") != std::string::npos; })) << engine_.output();
  wait_for_records("alarm", 1);
  const std::string told = engine_.records({"--kind", "alarm"}).dump();
  EXPECT_NE(told.find("own-principals"), std::string::npos) << told;
  engine_.kill();
}

// With a broker of its own.
class BrokerFailures : public Failures {
 protected:
  void SetUp() override { set_up(KafkaBroker::start({.version = "3.9.2"})); }
};

TEST_F(BrokerFailures, ABrokerThatIsStartedAgainCostsNothing) {
  for (const char* bucket : {"before", "after"}) cloud_->make_bucket(bucket);
  engine_.start();
  send(cloud_->open_by_acl("before"));
  wait_for_records("confirmation", 1);
  ASSERT_TRUE(broker_->kill());
  const auto again = broker_->start_again();
  ASSERT_TRUE(again) << again.error().message;
  send(cloud_->open_by_acl("after"));
  wait_for_records("confirmation", 2);
  EXPECT_EQ(engine_.records({"--kind", "plan"}).size(), 2U);
  expect_once_for_each({"before", "after"});
}

}  // namespace
}  // namespace kedge
