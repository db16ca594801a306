// The record of what an engine did, verified by somebody who has nothing but the log and its key.
#include <filesystem>
#include <fstream>

#include "base/files.h"
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
  ASSERT_TRUE(comes_true([&] { return std::filesystem::exists(data() + "/audit/checkpoint"); })) << engine_.output();
  std::filesystem::rename(data() + "/audit/tile", data() + "/audit/aside");
  std::ofstream(data() + "/audit/tile") << "in the way";
  engine_.run({"pause", "--reason", "a record"});
  engine_.run({"resume"});
  ASSERT_TRUE(comes_true([&] { return engine_.readiness().find("audit log") != std::string::npos; }))
      << engine_.readiness();
  EXPECT_EQ(engine_.metric("kedge_effects_stopped"), "1");
  send(cloud_->open_by_acl("watched"));
  ASSERT_TRUE(comes_true([&] { return engine_.metric("kedge_remediations_waiting") == "1"; }));
  EXPECT_TRUE(cloud_->acl_is_public("watched"));

  std::filesystem::remove(data() + "/audit/tile");
  std::filesystem::rename(data() + "/audit/aside", data() + "/audit/tile");
  wait_for_records("confirmation", 1);
  EXPECT_FALSE(cloud_->acl_is_public("watched"));
}

// One key follows another, as docs/operating.md has it: the old one, both, the new one alone.
class AuditKeys : public Audit {
 protected:
  void SetUp() override {
    Audit::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_key(new_key_, "example.com/kedge");
    live_with({key_});
    keep("old");
  }

  void make_key(const std::string& file, const std::string& origin) {
    const auto made = run({.command = {kedge_program(), "audit", "keygen", "--origin", origin, "--output", file}});
    ASSERT_TRUE(made.ok() && made->exit == Exit{}) << made->output;
  }
  // The engine starts, has a record that it did, and ends.
  void live_with(const std::vector<std::string>& keys) {
    engine_.configuration["audit"]["keys"] = keys;
    engine_.start();
    ASSERT_TRUE(engine_.stop().ok());
  }
  std::string refusal_with(const std::vector<std::string>& keys) {
    engine_.configuration["audit"]["keys"] = keys;
    const size_t before = engine_.output().size();
    engine_.start_unawaited();
    const auto exit = engine_.process().wait();
    EXPECT_TRUE(exit.ok() && *exit != Exit{}) << engine_.output();
    std::ignore = engine_.stop();
    return engine_.output().substr(before);
  }

  // A copy of the checkpoint, as somebody outside keeps it.
  void keep(const std::string& name) { std::filesystem::copy_file(data() + "/audit/checkpoint", kept(name)); }
  std::string kept(const std::string& name) const { return engine_.directory().path() / ("kept-" + name); }

  Ran verify_with(const std::vector<std::string>& keys, const std::vector<std::string>& against = {}) {
    std::vector<std::string> command = {kedge_program(), "audit", "verify", data() + "/audit"};
    for (const std::string& key : keys) command.insert(command.end(), {"--key", key + ".pub"});
    for (const std::string& name : against) command.insert(command.end(), {"--against", kept(name)});
    const auto ran = run({.command = command});
    return ran.ok() ? *ran : Ran{};
  }
  bool is_good(const Ran& ran) { return ran.exit == Exit{} && says(ran.output, "nothing is wrong with it"); }
  static bool says(const std::string& output, const std::string& words) {
    return output.find(words) != std::string::npos;
  }
  // "example.com/kedge+530d903a": by what messages call a key.
  static std::string id_of(const std::string& key) {
    const std::string text = read_file(key + ".pub").value();
    return text.substr(0, text.find('+', text.find('+') + 1));
  }

  const std::string new_key_ = engine_.directory().path() / "new.key";
};

TEST_F(AuditKeys, FollowOneAnotherAndWhatEachSignedStaysGood) {
  live_with({key_, new_key_});
  keep("both");
  EXPECT_TRUE(is_good(verify_with({key_})));  // whoever has not heard of the new one
  EXPECT_TRUE(is_good(verify_with({new_key_})));
  live_with({new_key_});
  keep("new");
  live_with({new_key_});
  EXPECT_TRUE(is_good(verify_with({new_key_}, {"both", "new"})));
  const Ran all = verify_with({key_, new_key_}, {"old", "both", "new"});
  EXPECT_TRUE(is_good(all)) << all.output;
  for (const std::string name : {"old", "both", "new"}) {
    EXPECT_TRUE(says(all.output, "it extends " + kept(name))) << all.output;
  }
  const Ran records = verify_with({key_, new_key_});
  EXPECT_TRUE(says(records.output, std::to_string(engine_.records({}).size()) + " entries")) << records.output;
}

TEST_F(AuditKeys, ThatAVerifierDoesNotHaveAreNamed) {
  live_with({key_, new_key_});
  live_with({new_key_});
  const Ran without_new = verify_with({key_});
  EXPECT_EQ(without_new.exit, Exit{.code = 1}) << without_new.output;
  EXPECT_TRUE(says(without_new.output, "it has those of " + id_of(new_key_) + ": give")) << without_new.output;
  const Ran without_old = verify_with({new_key_}, {"old"});
  EXPECT_EQ(without_old.exit, Exit{.code = 1}) << without_old.output;
  EXPECT_TRUE(says(without_old.output, kept("old"))) << without_old.output;
  EXPECT_TRUE(says(without_old.output, "it has those of " + id_of(key_) + ": give")) << without_old.output;
  const std::string unknown = engine_.directory().path() / "unknown.key";
  make_key(unknown, "example.com/kedge");
  EXPECT_EQ(verify_with({unknown}).exit, Exit{.code = 1});
}

TEST_F(AuditKeys, DoNotFollowOneThatHasNotSignedTogetherWithThem) {
  const std::string refused = refusal_with({new_key_});
  EXPECT_TRUE(says(refused, "audit-head was signed by another key")) << refused;
  EXPECT_TRUE(says(refused, "give that one too, until one head is signed by both")) << refused;
  EXPECT_TRUE(says(refused, "it has those of " + id_of(key_))) << refused;
  EXPECT_TRUE(says(refused, "begin another log")) << refused;
  std::filesystem::rename(key_, key_ + ".away");
  const std::string gone = refusal_with({key_, new_key_});
  EXPECT_TRUE(says(gone, "audit.keys[0]: cannot open " + key_)) << gone;
  std::filesystem::rename(key_ + ".away", key_);
  const std::string other = engine_.directory().path() / "other.key";
  make_key(other, "example.com/other");
  const std::string of_two = refusal_with({key_, other});
  EXPECT_TRUE(says(of_two, "the keys are of two logs, example.com/kedge and example.com/other")) << of_two;
  EXPECT_TRUE(is_good(verify_with({key_}, {"old"}))) << "nothing was signed meanwhile";
  live_with({key_, new_key_});
  live_with({new_key_});
  EXPECT_TRUE(is_good(verify_with({key_, new_key_}, {"old"})));
}

// As they were published: in a file, at a webhook, in a topic of a real broker.
class CheckpointsOutside : public Audit {
 protected:
  void SetUp() override {
    Audit::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::filesystem::create_directory(outside_);
    const auto made = create_topic(broker_->properties(), kept_topic_, 1);
    ASSERT_TRUE(made) << made.error().message;
    engine_.configuration["audit"]["publish_to"] = {
        {{"file", outside_ + "/file"}, {"every", "1s"}},
        {{"webhook", {{"url", receiver_.url()}}}, {"every", "1s"}, {"alarm_after", "1s"}},
        {{"kafka", {{"brokers", broker_->address(KafkaListener::plain)}, {"topic", kept_topic_}}}, {"every", "1s"}}};
  }

  // Each place's copies, in a file of its own, until the log's checkpoint is among them.
  void collect() {
    const std::string newest = read_file(data() + "/audit/checkpoint").value();
    std::string received;
    for (const HttpReceiver::Request& request : receiver_.requests()) received += request.body;
    std::ofstream(outside_ + "/webhook") << received;
    std::string records;
    for (size_t count = 1; !records.ends_with(newest); ++count) {
      const auto read = read_topic(broker_->properties(), kept_topic_, count);
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_EQ(read->back().key, "example.com/kedge");
      records += read->back().value.value_or("");
    }
    std::ofstream(outside_ + "/kafka") << records;
  }
  Ran verify_against(const std::string& log, const std::string& place) {
    const auto ran = run({.command = {kedge_program(), "audit", "verify", log, "--key", key_ + ".pub", "--against",
                                      outside_ + "/" + place}});
    return ran.ok() ? *ran : Ran{};
  }

  HttpReceiver receiver_;
  const std::string outside_ = engine_.directory().path() / "outside";
  const std::string kept_topic_ = unique("checkpoints");
};

TEST_F(CheckpointsOutside, ShowThatTheLogWasPutBack) {
  const std::string older = engine_.directory().path() / "older";
  engine_.start();
  ASSERT_TRUE(engine_.stop().ok());
  std::filesystem::copy(data() + "/audit", older, std::filesystem::copy_options::recursive);
  engine_.start();
  ASSERT_TRUE(engine_.stop().ok());
  collect();
  for (const std::string place : {"file", "webhook", "kafka"}) {
    const Ran good = verify_against(data() + "/audit", place);
    EXPECT_EQ(good.exit, Exit{}) << place << good.output;
    EXPECT_NE(good.output.find("it extends all "), std::string::npos) << place << good.output;
    const Ran put_back = verify_against(older, place);
    EXPECT_EQ(put_back.exit, Exit{.code = 1}) << place << put_back.output;
    EXPECT_NE(put_back.output.find("it was cut, or put back to an older state"), std::string::npos) << put_back.output;
  }
}

TEST_F(CheckpointsOutside, AreFollowedByNoOtherHistoryWhereAllOfDataWasPutBack) {
  const std::string older = engine_.directory().path() / "older";
  engine_.start();
  ASSERT_TRUE(engine_.stop().ok());
  ASSERT_TRUE(run({.command = {"cp", "-a", data(), older}}).ok());
  engine_.start();
  ASSERT_TRUE(engine_.stop().ok());
  const std::string kept = read_file(outside_ + "/file").value();
  std::filesystem::remove_all(data());
  ASSERT_TRUE(run({.command = {"cp", "-a", older, data()}}).ok());
  engine_.start_unawaited();
  const auto exit = engine_.process().wait();
  ASSERT_TRUE(exit.ok()) << engine_.output();
  EXPECT_NE(*exit, Exit{});
  EXPECT_NE(engine_.output().find("'data' was put back to an earlier state, or lost"), std::string::npos)
      << engine_.output();
  EXPECT_EQ(read_file(outside_ + "/file").value(), kept);
  EXPECT_EQ(*engine_.stop(), *exit) << "it has ended by itself";
}

TEST_F(CheckpointsOutside, StopNothingWhileAPlaceIsAwayAndPeopleHearOfIt) {
  receiver_.answer_otherwise({.status = 500});
  engine_.start();
  ASSERT_TRUE(comes_true([&] { return engine_.readiness().find("checkpoint place 'webhook'") != std::string::npos; }))
      << engine_.readiness();
  EXPECT_EQ(engine_.metric("kedge_effects_stopped"), "0");
  EXPECT_NE(engine_.readiness().find("ready"), std::string::npos) << engine_.readiness();
  EXPECT_NE(wait_for_records("alarm", 1).dump().find("checkpoint place 'webhook'"), std::string::npos);
  receiver_.answer_otherwise({});
  EXPECT_TRUE(comes_true([&] {
    return engine_.metric("kedge_checkpoint_place_behind_seconds{place=\"webhook\"}") == "0";
  })) << engine_.output();
}

}  // namespace
}  // namespace kedge
