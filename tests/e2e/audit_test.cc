// The record of what an engine did, verified by somebody who has nothing but the log and its key.
#include <filesystem>
#include <fstream>

#include "tests/e2e/scene.h"
#include "tests/support/child_process.h"

namespace kedge {
namespace {

class Audit : public Scene {
 protected:
  void SetUp() override {
    Scene::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const auto made =
        run({.command = {kedge_program(), "audit", "keygen", "--origin", "example.com/kedge", "--output", key_}});
    ASSERT_TRUE(made.ok() && made->exit == Exit{}) << made->output;
    engine_.configuration["audit"] = {{"keys", Json::array({key_})}};
  }
  Ran verify() {
    const auto ran = run({.command = {kedge_program(), "audit", "verify", data() + "/audit", "--key", key_ + ".pub"}});
    return ran.ok() ? *ran : Ran{};
  }
  std::string data() const { return engine_.directory().path() / "data"; }

  const std::string key_ = engine_.directory().path() / "audit.key";
};

TEST_F(Audit, EveryRecordOfARunIsInTheLogAlsoAfterAKill) {
  engine_.start();
  engine_.kill();
  engine_.start();
  ASSERT_TRUE(comes_true([&] { return engine_.metric("kedge_audit_log_behind_records") == "0"; }));
  EXPECT_NE(verify().output.find("nothing is wrong with it"), std::string::npos) << verify().output;  // while it runs
  ASSERT_TRUE(engine_.stop().ok());
  const Ran ran = verify();
  EXPECT_EQ(ran.exit, Exit{}) << ran.output;
  const Json records = engine_.records({});
  EXPECT_NE(ran.output.find(std::to_string(records.size()) + " entries"), std::string::npos) << ran.output;
}

TEST_F(Audit, AnEngineWhoseLogCannotBeWrittenActsOnNothing) {
  engine_.configuration["audit"]["behind_for"] = "1s";
  cloud_->make_bucket("watched");
  engine_.start();
  std::filesystem::rename(data() + "/audit/tile", data() + "/audit/aside");
  std::ofstream(data() + "/audit/tile") << "in the way";
  engine_.run({"pause", "--reason", "a record"});
  engine_.run({"resume"});
  ASSERT_TRUE(comes_true([&] { return engine_.readiness().find("audit log") != std::string::npos; }))
      << engine_.readiness();
  EXPECT_EQ(engine_.metric("kedge_effects_stopped"), "1");
  send(cloud_->open_by_acl("watched"));
  wait_for_records("plan", 1);
  ASSERT_TRUE(comes_true([&] { return engine_.metric("kedge_remediations_waiting") == "1"; }));
  EXPECT_TRUE(cloud_->acl_is_public("watched"));

  std::filesystem::remove(data() + "/audit/tile");
  std::filesystem::rename(data() + "/audit/aside", data() + "/audit/tile");
  wait_for_records("confirmation", 1);
  EXPECT_FALSE(cloud_->acl_is_public("watched"));
}

}  // namespace
}  // namespace kedge
