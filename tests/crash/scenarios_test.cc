// What happens to a running engine besides being killed: its broker goes, somebody joins its group, another engine
// wants its ledger or its events, its disk is full, its ledger is put back from a backup. Under load, and counted at
// the proxy.
#include <sys/mount.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/crash/stage.h"
#include "tests/support/child_process.h"
#include "tests/support/needs.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

class Scenarios : public Stage {
 protected:
  void SetUp() override { begin(KafkaBroker::shared("3.9.2")); }

  void begin(Result<std::unique_ptr<KafkaBroker>> broker) {
    set_up(std::move(broker), {});
    if (IsSkipped() || HasFatalFailure()) return;
    load_ = std::make_unique<Load>(*cloud_, *producer_, topic_,
                                   Load::Options{.seed = 1, .buckets = 8, .groups = 3, .trails = 1});
  }

  bool has_written(size_t more_than) {
    return comes_true([&] { return proxy_->changes().size() > more_than; });
  }

  // All of it was done, and nothing twice.
  void expect_all_is_right() {
    ASSERT_TRUE(comes_to_rest()) << open().dump(1) << engine_.readiness();
    const Evidence found = evidence();
    expect_none("events lost", lost_events(found));
    expect_none("events decided twice", events_decided_twice(found));
    expect_none("effects made twice", effects_made_twice(found));
    expect_none("effects without an intent on record", effects_without_intent(found));
    EXPECT_TRUE(found.open.empty()) << found.open.dump(1);
    expect_all_right();
    EXPECT_EQ(engine_.ask({"dead-letter", "list"}).size(), load_->poison());
  }
};

class BrokerScenarios : public Scenarios {
 protected:
  void SetUp() override { begin(KafkaBroker::start({.version = "3.9.2"})); }
};

// Without static membership: librdkafka 2.0.2 can fence itself by it when its session ends with the broker, and the
// process then ends, to be started again.
TEST_F(BrokerScenarios, ABrokerThatIsKilledUnderLoadCostsNothing) {
  engine_.configuration["sources"][0].erase("instance");
  engine_.start();
  for (int round = 0; round < 2; ++round) {
    load_->drift_all();
    ASSERT_TRUE(has_written(proxy_->changes().size())) << engine_.readiness();
    ASSERT_TRUE(broker_->kill());
    const auto again = broker_->start_again();
    ASSERT_TRUE(again) << again.error().message;
  }
  load_->drift_all();
  expect_all_is_right();
}

TEST_F(Scenarios, ASecondEngineOnTheSameLedgerIsRefusedAndTheFirstGoesOn) {
  engine_.start();
  load_->start();
  ASSERT_TRUE(has_written(0));
  for (int i = 0; i < 3; ++i) {
    const Ran second = engine_.run({"run"});
    EXPECT_EQ(second.exit.signal, 0);
    EXPECT_NE(second.exit.code, 0);
    EXPECT_NE(second.output.find("lock"), std::string::npos) << second.output;
  }
  load_->stop();
  expect_all_is_right();
}

TEST_F(Scenarios, AMemberThatComesAndGoesUnderLoadCostsNothing) {
  engine_.start();
  load_->start();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(has_written(proxy_->changes().size())) << engine_.readiness();
    auto stranger = KafkaMember::join(broker_->properties(), topic_, topic_);
    ASSERT_TRUE(stranger) << stranger.error().message;
    ASSERT_TRUE(comes_true([&] {
      return engine_.readiness().find("another member is in the group") != std::string::npos;
    })) << engine_.readiness();
    (*stranger)->leave();
  }
  load_->stop();
  expect_all_is_right();
}

// Each finds the other in its group: whichever partitions they read, neither acts.
TEST_F(Scenarios, AnEngineWithALedgerOfItsOwnStopsTheEffectsOfBoth) {
  engine_.configuration["sources"][0].erase("instance");
  Engine other;
  const Json listen = other.configuration["api"];
  other.configuration = engine_.configuration;
  other.configuration["api"] = listen;
  engine_.start();
  load_->drift_all();
  ASSERT_TRUE(comes_to_rest()) << engine_.readiness();

  other.start_unawaited();
  for (Engine* const one : {&engine_, &other}) {
    ASSERT_TRUE(comes_true([&] {
      return one->readiness().find("another member is in the group") != std::string::npos;
    })) << one->readiness();
  }
  const size_t writes = proxy_->changes().size();
  load_->drift_all();
  ASSERT_TRUE(comes_true([&] { return !other.records({"--kind", "plan"}).empty() || !open().empty(); }));
  EXPECT_EQ(other.metric("kedge_effects_stopped"), "1");
  EXPECT_EQ(engine_.metric("kedge_effects_stopped"), "1");
  other.kill();
  EXPECT_EQ(proxy_->changes().size(), writes) << "nothing was written while both were there";
  expect_all_is_right();
}

class DiskScenarios : public Scenarios {
 protected:
  void SetUp() override {
    const fs::path data = engine_.directory().path() / "data";
    fs::create_directories(data);
    if (mount("tmpfs", data.c_str(), "tmpfs", 0, "size=24m") != 0) {
      KEDGE_NEEDS(Result<void>(Error{ErrorCode::not_found, "a disk of its own cannot be mounted: not root"}));
    }
    data_ = data;
    Scenarios::SetUp();
  }
  void TearDown() override {
    Scenarios::TearDown();
    if (!data_.empty()) umount2(data_.c_str(), MNT_DETACH);
  }

  // As much as there is room for.
  void fill() {
    std::ofstream file(data_ / "filling", std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }

  fs::path data_;
};

TEST_F(DiskScenarios, AFullDiskStopsEffectsAndWhatWasFoundMeanwhileIsDoneWhenThereIsRoom) {
  engine_.start();
  load_->drift_all();
  ASSERT_TRUE(has_written(0));
  for (int round = 0; round < 2; ++round) {
    fill();
    load_->drift_all();
    ASSERT_TRUE(comes_true([&] { return engine_.readiness().find("disk is full") != std::string::npos; }))
        << engine_.readiness();
    proxy_->come_to_rest();
    const size_t writes = proxy_->changes().size();
    load_->drift_all();
    EXPECT_EQ(engine_.metric("kedge_effects_stopped"), "1");
    EXPECT_EQ(proxy_->changes().size(), writes);
    fs::remove(data_ / "filling");
    ASSERT_TRUE(comes_true([&] { return engine_.readiness() == "ready\n"; })) << engine_.readiness();
  }
  expect_all_is_right();
}

TEST_F(Scenarios, ARestoredBackupActsOnNothingByItself) {
  engine_.start();
  load_->drift_all();
  ASSERT_TRUE(comes_to_rest());
  const std::string backup = engine_.directory().path() / "backup.db";
  const Ran copied = engine_.run({"ledger", "backup", backup});
  ASSERT_EQ(copied.exit, Exit{}) << copied.output;
  load_->drift_all();
  ASSERT_TRUE(comes_to_rest());
  ASSERT_TRUE(engine_.stop().ok());
  load_->drift_all();  // while nobody looks
  proxy_->come_to_rest();
  const size_t writes = proxy_->changes().size();

  const Ran restored = engine_.run({"ledger", "restore", backup});
  ASSERT_EQ(restored.exit, Exit{}) << restored.output;
  engine_.start_unawaited();
  ASSERT_TRUE(comes_to_rest()) << engine_.readiness() << open().dump(1);
  EXPECT_EQ(proxy_->changes().size(), writes) << "it does not know what was done since, and waits for a person";
  EXPECT_FALSE(load_->not_right().empty());
  ASSERT_EQ(engine_.run({"resume"}).exit, Exit{});
  ASSERT_TRUE(comes_true([&] { return engine_.readiness() == "ready\n"; })) << engine_.readiness();
  ASSERT_TRUE(comes_true([&] { return load_->not_right().empty(); })) << open().dump(1);
  ASSERT_TRUE(comes_to_rest());
  expect_none("effects made twice", effects_made_twice(evidence()));
  expect_none("lost", lost_events(evidence()));
  EXPECT_EQ(engine_.run({"ledger", "check"}).exit, Exit{});
}

}  // namespace
}  // namespace kedge
