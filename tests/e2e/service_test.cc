// kedge as systemd runs it: what it tells of itself (sd_notify(3)), and that it listens from the start.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "tests/e2e/engine.h"
#include "tests/support/http_receiver.h"
#include "tests/support/notify_socket.h"

namespace kedge {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class Service : public testing::Test {
 protected:
  static constexpr auto kNobody = "127.0.0.1:1";

  Service() {
    engine_.environment = {{"NOTIFY_SOCKET", service_manager_.path()}, {"WATCHDOG_USEC", "2000000"}};
    engine_.configuration["sources"] = {
        {{"name", "away"}, {"brokers", {kNobody}}, {"topics", {"t"}}, {"group", "g"}, {"start", "earliest"}}};
    engine_.configuration["aws"] = {{"region", "us-east-1"},
                                    {"endpoint", aws_.url()},
                                    {"credentials", {{"access_key_id", "kedge"}, {"secret_access_key", "kedge"}}}};
    aws_.answer_otherwise({.status = 503});
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << "---- the engine said:\n" << engine_.output();
  }
  void stop() {
    const auto ended = engine_.stop();
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(*ended, Exit{}) << engine_.output();
  }
  bool readiness_says(const std::string& part) {
    return comes_true([&] { return engine_.readiness().find(part) != std::string::npos; });
  }

  NotifySocket service_manager_;
  HttpReceiver aws_;
  Engine engine_;
};

TEST_F(Service, TellsThatItRunsAndWhyItIsNotReadyWhileTheBrokerIsAway) {
  engine_.start_unawaited();
  service_manager_.wait_for("READY=1");
  EXPECT_NE(service_manager_.wait_for("STATUS=").text.find("source away: "), std::string::npos);
  stop();
}

TEST_F(Service, TellsThatItRunsWhileEffectsArePaused) {
  engine_.directory().write("data/pause", "");
  engine_.start_unawaited();
  EXPECT_NE(service_manager_.wait_for("STATUS=").text.find("not ready: effects are stopped: "), std::string::npos);
  service_manager_.wait_for("READY=1");
  stop();
}

TEST_F(Service, TellsOfAReload) {
  engine_.start_unawaited();
  service_manager_.wait_for("READY=1");
  const auto before = steady_clock::now().time_since_epoch();
  engine_.process().signal(SIGHUP);
  const std::string told = service_manager_.wait_for("RELOADING=1").text;
  const std::string field = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_TRUE(told.starts_with(field)) << told;
  const microseconds at(std::stoll(told.substr(field.size())));
  EXPECT_GE(at, std::chrono::floor<microseconds>(before));
  EXPECT_LE(at, steady_clock::now().time_since_epoch());
  service_manager_.wait_for("READY=1");
  EXPECT_EQ(engine_.metric("kedge_rules_reloads_total"), "1");
  stop();
}

TEST_F(Service, ShowsALifeSignTwiceInTheTimeThatItIsGiven) {
  engine_.start_unawaited();
  const auto first = service_manager_.wait_for("WATCHDOG=1");
  service_manager_.wait_for("WATCHDOG=1");
  service_manager_.wait_for("WATCHDOG=1");
  const auto fourth = service_manager_.wait_for("WATCHDOG=1");
  EXPECT_GE(fourth.at - first.at, seconds(2)) << "one a second is enough";
  stop();
}

// What was synced last is not known then, and no further sync could be believed.
TEST_F(Service, SaysSoAndEndsWhenTheLedgerCannotBeSynced) {
  const std::string fails = engine_.directory().path() / "sync-fails";
  engine_.environment["LD_PRELOAD"] = KEDGE_FAILING_SYNC;
  engine_.environment["KEDGE_TEST_SYNC_FAILS"] = fails;
  engine_.start_unawaited();
  service_manager_.wait_for("READY=1");
  engine_.directory().write("sync-fails", "");
  EXPECT_NE(engine_.run({"pause", "--reason", "a record"}).exit, Exit{}) << "nobody is told that it is on record";
  const auto ended = engine_.process().wait(seconds(60));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->signal, 0);
  EXPECT_NE(ended->code, 0);
  EXPECT_NE(engine_.output().find("the ledger: "), std::string::npos) << engine_.output();

  std::filesystem::remove(fails);
  engine_.start_unawaited();
  service_manager_.wait_for("READY=1");
  EXPECT_EQ(engine_.readiness().find("the ledger has failed"), std::string::npos) << engine_.readiness();
  stop();
}

TEST_F(Service, TellsThatItStops) {
  engine_.start_unawaited();
  service_manager_.wait_for("READY=1");
  engine_.process().signal(SIGTERM);
  service_manager_.wait_for("STOPPING=1");
  stop();
}

TEST_F(Service, ListensAndEndsWhileAwsDoesNotSayWhoWeAre) {
  aws_.answer_otherwise({.delay = std::chrono::hours(1)});
  engine_.start_unawaited();
  ASSERT_TRUE(aws_.wait_for(1));
  EXPECT_TRUE(readiness_says("note: who we are at AWS is not known yet"));
  EXPECT_EQ(engine_.run({"pause", "--reason", "the control socket is there"}).exit, Exit{});
  stop();
  EXPECT_EQ(engine_.output().find("cannot be asked"), std::string::npos) << "it waited for the answer";
}

TEST_F(Service, AsksAgainWhoWeAre) {
  engine_.start_unawaited();
  ASSERT_TRUE(comes_true([&] { return engine_.metric("kedge_own_principals_known") == "0"; }));
  EXPECT_TRUE(readiness_says("own changes are not recognised: sts GetCallerIdentity"));
  aws_.answer_otherwise(
      {.body =
           "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
           "<Arn>arn:aws:iam::123456789012:user/kedge</Arn><UserId>AIDA</UserId><Account>123456789012</Account>"
           "</GetCallerIdentityResult></GetCallerIdentityResponse>",
       .content_type = "text/xml"});
  EXPECT_TRUE(comes_true([&] { return engine_.metric("kedge_own_principals_known") == "1"; }));
  EXPECT_NE(engine_.output().find("we act as arn:aws:iam::123456789012:user/kedge"), std::string::npos);
  EXPECT_EQ(engine_.readiness().find("who we are"), std::string::npos);
  stop();
}

}  // namespace
}  // namespace kedge
