// What happens to a running engine besides being killed: its broker goes, somebody joins its group, another engine
// wants its ledger or its events, its disk is full, its ledger is put back from a backup. Under load, and counted at
// the proxy.
#include <sys/mount.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/files.h"
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

// A disk whose file system turns read-only by itself when it finds an error, as ext4 does.
class RemountScenarios : public Scenarios {
 protected:
  void SetUp() override {
    image_ = engine_.directory().path() / "disk";
    data_ = engine_.directory().path() / "data";
    fs::create_directories(data_);
    const auto made = sh("truncate -s 64M " + image_.string() + " && mkfs.ext4 -q " + image_.string());
    if (!made || !mounted()) {
      KEDGE_NEEDS(Result<void>(Error{ErrorCode::not_found, "a file system of its own cannot be mounted: not root"}));
    }
    Scenarios::SetUp();
  }
  void TearDown() override {
    Scenarios::TearDown();
    umount2(data_.c_str(), MNT_DETACH);
  }

  static bool sh(const std::string& script) {
    const auto ran = run({.command = {"sh", "-ec", script}});
    return ran.ok() && ran->exit.code == 0;
  }
  bool mounted() const {
    return sh("mount -o loop,errors=remount-ro " + image_.string() + " " + data_.string() +
              " && test -w /sys/fs/ext4/$(basename $(findmnt -no SOURCE " + data_.string() + "))/trigger_fs_error");
  }
  bool break_it() const {
    return sh("echo broken > /sys/fs/ext4/$(basename $(findmnt -no SOURCE " + data_.string() + "))/trigger_fs_error");
  }
  // As an administrator does.
  bool mend_it() const {
    return sh("umount " + data_.string() + " && { e2fsck -fy " + image_.string() + " || test $? -le 2; }") && mounted();
  }

  // The exit code of one that ends by itself.
  int end_of_engine() {
    const auto exit = engine_.process().wait(std::chrono::minutes(1));
    if (exit) (void)engine_.stop();
    EXPECT_TRUE(exit.ok()) << engine_.output();
    return exit.ok() ? exit->code : 0;
  }

  fs::path image_, data_;
};

// What it cannot write it does not do. The sync that fails ends the process, for what is on the disk is not known any
// more; whoever supervises it starts it again. It stands still while the disk breaks: in that very moment Linux may
// answer a sync that did nothing, and a ledger that has lost what it promised does nothing at all (contracts §6).
TEST_F(RemountScenarios, ADiskThatTurnsReadOnlyStopsEffectsAndLosesNothing) {
  engine_.start();
  load_->drift_all();
  ASSERT_TRUE(has_written(0));
  engine_.process().signal(SIGSTOP);
  let_pass(std::chrono::milliseconds(200));  // what was on its way to the disk is there
  ASSERT_TRUE(break_it());
  engine_.process().signal(SIGCONT);
  load_->drift_all();
  EXPECT_NE(end_of_engine(), 0);
  proxy_->come_to_rest();
  const size_t writes = proxy_->changes().size();
  engine_.start_unawaited();
  EXPECT_NE(end_of_engine(), 0);
  EXPECT_EQ(proxy_->changes().size(), writes);
  ASSERT_TRUE(mend_it());
  engine_.start();
  load_->drift_all();
  expect_all_is_right();
}

class ClockScenarios : public Scenarios {
 protected:
  void SetUp() override {
    const auto ahead = engine_.directory().path() / "seconds-ahead";
    set_wall_clock(0);
    engine_.environment["LD_PRELOAD"] = KEDGE_WALL_CLOCK;
    engine_.environment["KEDGE_TEST_WALL_CLOCK"] = ahead;
    Scenarios::SetUp();
  }
  // Ahead of the right one by so much; negative: behind.
  void set_wall_clock(int seconds) {
    const auto path = engine_.directory().path() / "seconds-ahead";
    ASSERT_TRUE(write_file_atomically(path, std::to_string(seconds)).ok());
  }
  void expect_no_effects_while_it_is_in_doubt() {
    ASSERT_TRUE(comes_true([&] { return engine_.readiness().find("the wall clock is") != std::string::npos; }))
        << engine_.readiness();
    proxy_->come_to_rest();
    const size_t writes = proxy_->changes().size();
    load_->drift_all();
    let_pass(std::chrono::seconds(3));
    EXPECT_EQ(proxy_->changes().size(), writes);
    EXPECT_EQ(engine_.metric("kedge_effects_stopped"), "1");
  }
};

TEST_F(ClockScenarios, AWallClockThatJumpsStopsEffectsUntilItIsRightAgain) {
  engine_.start();
  size_t lines = 0;  // that were looked at
  for (const int jump : {7200, -7200}) {
    load_->drift_all();
    ASSERT_TRUE(has_written(0));
    set_wall_clock(jump);
    expect_no_effects_while_it_is_in_doubt();
    set_wall_clock(0);
    ASSERT_TRUE(engine_.process().wait_for_line("agrees with ledger time again", std::chrono::seconds(20), lines).ok());
    lines = engine_.process().lines().size();
    ASSERT_TRUE(comes_true([&] { return engine_.readiness() == "ready\n"; })) << engine_.readiness();
  }
  expect_all_is_right();
  EXPECT_EQ(engine_.records({"--kind", "alarm", "--text", "the wall clock"}).size(), 2U);
}

TEST_F(ClockScenarios, AWallClockThatIsAcceptedLetsEffectsGoOnAlsoAfterARestart) {
  engine_.start();
  set_wall_clock(600);
  expect_no_effects_while_it_is_in_doubt();
  EXPECT_EQ(engine_.run({"ledger", "accept-clock", "--reason", "the time server was ten minutes behind"}).exit.code, 0);
  ASSERT_TRUE(comes_true([&] { return engine_.readiness() == "ready\n"; })) << engine_.readiness();
  engine_.kill();
  engine_.start();
  load_->drift_all();
  expect_all_is_right();
  const Json accepted = engine_.records({"--kind", "clock_acceptance"});
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_EQ(accepted[0]["record"]["reason"], "the time server was ten minutes behind");
  const Ran again = engine_.run({"ledger", "accept-clock", "--reason", "once more"});
  EXPECT_EQ(again.exit.code, 1);
  EXPECT_NE(again.output.find("agrees with ledger time"), std::string::npos) << again.output;
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
  const Json former = evidence().records;  // what came to its end since the backup is not decided again

  const Ran restored = engine_.run({"ledger", "restore", backup});
  ASSERT_EQ(restored.exit, Exit{}) << restored.output;
  engine_.start_unawaited();
  ASSERT_TRUE(comes_to_rest()) << engine_.readiness() << open().dump(1);
  EXPECT_EQ(proxy_->changes().size(), writes) << "it does not know what was done since, and waits for a person";
  EXPECT_FALSE(load_->not_right().empty());
  ASSERT_EQ(engine_.run({"resume"}).exit, Exit{});
  ASSERT_TRUE(comes_true([&] { return engine_.readiness() == "ready\n"; })) << engine_.readiness();
  ASSERT_TRUE(comes_to_rest());
  EXPECT_EQ(proxy_->changes().size(), writes) << "what is read again is not let go by the end of the pause";
  ASSERT_EQ(engine_.run({"resume", "--scope", "restored"}).exit, Exit{});
  ASSERT_TRUE(comes_true([&] { return load_->not_right().empty(); })) << open().dump(1);
  ASSERT_TRUE(comes_to_rest());
  Evidence all = evidence();
  for (const Json& record : former) all.records.push_back(record);
  expect_none("effects made twice", effects_made_twice(all));
  expect_none("lost", lost_events(all));
  EXPECT_EQ(engine_.run({"ledger", "check"}).exit, Exit{});
}

}  // namespace
}  // namespace kedge
