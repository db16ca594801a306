// Sensor on real trees, with both watchers: what it tells of them.
#include "host/sensor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "host/told_entry.h"
#include "tests/host/sensor_stage.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Both, SensorTest, testing::Values("inotify", "fanotify"),
                         [](const auto& watcher) { return watcher.param; });

TEST_P(SensorTest, TellsNothingOfATreeThatIsAsItShouldBe) {
  start();
  if (IsSkipped()) return;
  settle();
  EXPECT_THAT(mutations(), IsEmpty());
  EXPECT_EQ(events.front().type, "sensor.started");
  EXPECT_EQ(events[1].type, "sensor.ready");
}

TEST_P(SensorTest, SaysAtItsStartWhatWasAcceptedIntoTheBaseline) {
  start();
  if (IsSkipped()) return;
  EXPECT_EQ(events.front().data["roots"][0]["accepted"], Json::array());
  stop();
  baseline->manifest.acceptances = {{Time{}, "alice", "a new key", "root (uid 0)", {}, 3, {"etc"}}};
  start();
  const Json accepted = events.front().data["roots"][0]["accepted"];
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_EQ(accepted[0]["owner"], "alice");
  EXPECT_EQ(accepted[0]["by"], "root (uid 0)");
}

TEST_P(SensorTest, TellsWhatAReplacedBinaryWasAndIs) {
  start();
  if (IsSkipped()) return;
  save_atomically("usr/bin/tool", "another tool");
  fs::permissions(at("usr/bin/tool"), fs::perms(0755));
  const Json& data = wait_for("host.mutation", "usr/bin/tool");
  EXPECT_EQ(data["kind"], "modified");
  EXPECT_EQ(data["before"]["sha256"], sha256("a tool").hex());
  EXPECT_EQ(data["after"]["sha256"], sha256("another tool").hex());
  EXPECT_EQ(data["category"], "binary");
  EXPECT_EQ(data["technique"], "T1554");
  EXPECT_EQ(data["found_by"], "watch");
  if (GetParam() == "fanotify") EXPECT_EQ(data["actor"]["pid"], getpid());
}

TEST_P(SensorTest, AnAtomicSaveOfTheSameContentIsNoMutation) {
  start();
  if (IsSkipped()) return;
  save_atomically("etc/hosts", "127.0.0.1 localhost\n");
  save_atomically("etc/app/settings", "verbose = no\n");
  settle();
  EXPECT_THAT(mutations(), IsEmpty()) << told();
}

TEST_P(SensorTest, TellsWhenItIsAsItWasAgain) {
  start();
  if (IsSkipped()) return;
  write("etc/hosts", "evil");
  wait_for("host.mutation", "etc/hosts");
  write("etc/hosts", "127.0.0.1 localhost\n");
  EXPECT_EQ(wait_for("host.restored", "etc/hosts")["severity"], "informational");
  EXPECT_EQ(find("host.restored", "etc/hosts")->data["after"]["sha256"], sha256("127.0.0.1 localhost\n").hex());
}

TEST_P(SensorTest, FindsAtItsStartWhatChangedWhileItWasDown) {
  start();
  if (IsSkipped()) return;
  sensor.reset();
  events.clear();
  write("etc/hosts", "changed while nobody watched");
  fs::remove_all(at("etc/app"));
  start();
  EXPECT_EQ(wait_for("host.mutation", "etc/hosts")["found_by"], "start");
  EXPECT_EQ(wait_for("host.mutation", "etc/app")["gone_below"], 1);
}

TEST_P(SensorTest, ARestartRepeatsNothingThatWasTold) {
  start();
  if (IsSkipped()) return;
  write("etc/hosts", "evil");
  fs::remove_all(at("etc/app"));
  write("usr/new/deep/file", "x");
  fs::create_symlink("/evil", at("usr/link"));
  write("usr/\xff", "a name that is no text");
  fs::permissions(at("usr/bin/tool"), fs::perms(04755));
  settle();
  ASSERT_EQ(mutations().size(), 8U) << told();
  stop();
  start();
  settle();
  EXPECT_THAT(mutations(), IsEmpty()) << told();
  EXPECT_EQ(sensor->differing(), 8U + static_cast<size_t>(marks));
}

TEST_P(SensorTest, ARestartTellsWhatChangedMeanwhileAgainstWhatWasTold) {
  start();
  if (IsSkipped()) return;
  write("etc/hosts", "evil");
  write("usr/evil", "evil");
  fs::remove_all(at("etc/app"));
  settle();
  stop();
  write("etc/hosts", "127.0.0.1 localhost\n");
  write("usr/evil", "more evil");
  write("etc/app/settings", "verbose = yes\n");
  start();
  EXPECT_EQ(wait_for("host.restored", "etc/hosts")["found_by"], "start");
  const Json& changed = wait_for("host.mutation", "usr/evil");
  EXPECT_EQ(changed["kind"], "modified");
  EXPECT_EQ(changed["before"]["sha256"], sha256("evil").hex());
  EXPECT_EQ(wait_for("host.restored", "etc/app")["found_by"], "start");
  EXPECT_EQ(wait_for("host.mutation", "etc/app/settings")["kind"], "modified");
  stop();
  start();
  settle();
  EXPECT_THAT(mutations(), IsEmpty()) << told();
}

// Each is told as it stood when it was told: the sensor may die at any moment in between.
TEST_P(SensorTest, WhatWasToldAndNotRememberedIsToldAgain) {
  start();
  if (IsSkipped()) return;
  write("etc/hosts", "evil");
  wait_for("host.mutation", "etc/hosts");
  const SensorMemory::Facts before = facts;
  write("usr/evil", "evil");
  wait_for("host.mutation", "usr/evil");
  facts = before;
  sensor.reset();
  events.clear();
  start();
  EXPECT_EQ(wait_for("host.mutation", "usr/evil")["found_by"], "start");
  EXPECT_EQ(find("host.mutation", "etc/hosts"), nullptr);
}

// Somebody has read it, and the sensor does not remember that it told it; meanwhile it was undone.
TEST_P(SensorTest, WhatWasToldAndNotRememberedIsToldToBeOver) {
  start();
  if (IsSkipped()) return;
  const SensorMemory::Facts before = facts;
  write("etc/hosts", "evil");
  write("usr/evil", "evil");
  wait_for("host.mutation", "etc/hosts");
  wait_for("host.mutation", "usr/evil");
  std::vector<SensorMemory::Fact> told_facts;
  for (const auto& [key, value] : facts) told_facts.push_back({key, value});
  facts = before;
  for (const auto& doubt : doubts_about(told_facts)) learn(doubt);
  sensor.reset();
  events.clear();
  write("etc/hosts", "127.0.0.1 localhost\n");
  fs::remove(at("usr/evil"));
  start();
  EXPECT_EQ(wait_for("host.restored", "etc/hosts")["found_by"], "start");
  EXPECT_TRUE(wait_for("host.restored", "usr/evil")["after"].is_null());
}

// What was accepted as right is no mutation any more, and is not told to be one.
TEST_P(SensorTest, ANewBaselineTakesTheTolds) {
  start();
  if (IsSkipped()) return;
  write("etc/hosts", "as it is to be from now on");
  wait_for("host.mutation", "etc/hosts");
  stop();
  baseline.reset();
  start();
  settle();
  EXPECT_THAT(mutations(), IsEmpty()) << told();
  write("etc/hosts", "127.0.0.1 localhost\n");
  EXPECT_EQ(wait_for("host.mutation", "etc/hosts")["kind"], "modified");
}

TEST_P(SensorTest, ATreeThatIsMovedInIsReadToItsEnd) {
  start();
  if (IsSkipped()) return;
  place.write("outside/a/b/c/evil", "x");
  fs::rename(place.path() / "outside", at("usr/outside"));
  EXPECT_EQ(wait_for("host.mutation", "usr/outside/a/b/c/evil")["kind"], "created");
}

TEST_P(SensorTest, AMoveSaysWhereItCameFrom) {
  start();
  if (IsSkipped()) return;
  fs::rename(at("etc/app/settings"), at("etc/app/settings.off"));
  EXPECT_EQ(wait_for("host.mutation", "etc/app/settings.off")["kind"], "moved");
  EXPECT_EQ(find("host.mutation", "etc/app/settings.off")->data["moved_from"], at("etc/app/settings"));
  EXPECT_EQ(wait_for("host.mutation", "etc/app/settings")["kind"], "deleted");
}

// Python writes it by itself: who changes the source is told, and the rest follows from that.
TEST_P(SensorTest, AModuleThatIsCompiledAnewIsNoMutation) {
  write("usr/lib/x.py", "print(1)");
  write("usr/lib/__pycache__/x.cpython-311.pyc", "print(1), compiled");
  start();
  if (IsSkipped()) return;
  write("usr/lib/x.py", "print(2)");
  write("usr/lib/__pycache__/x.cpython-311.pyc", "print(2), compiled");
  write("usr/lib/__pycache__/x.cpython-312.pyc", "print(2), compiled by another Python");
  settle();
  EXPECT_THAT(mutations(), testing::ElementsAre("mutation modified " + at("usr/lib/x.py"))) << told();
  stop();
  write("usr/lib/__pycache__/x.cpython-311.pyc", "print(2), compiled once more");
  start();
  settle();
  EXPECT_THAT(mutations(), IsEmpty()) << told();
}

TEST_P(SensorTest, WhatIsCompiledOfAnUnchangedSourceIsAMutation) {
  write("usr/lib/x.py", "print(1)");
  write("usr/lib/__pycache__/x.cpython-311.pyc", "print(1), compiled");
  start();
  if (IsSkipped()) return;
  write("usr/lib/__pycache__/x.cpython-311.pyc", "somebody's code");
  const Json& data = wait_for("host.mutation", "usr/lib/__pycache__/x.cpython-311.pyc");
  EXPECT_EQ(data["kind"], "modified");
  EXPECT_EQ(data["technique"], "T1574");
  write("usr/lib/__pycache__/x.cpython-311.pyc", "print(1), compiled");
  wait_for("host.restored", "usr/lib/__pycache__/x.cpython-311.pyc");
}

TEST_P(SensorTest, TheRescanFindsWhatNoWatcherSees) {
  write("etc/linked", "content");
  fs::create_hard_link(at("etc/linked"), place.path() / "elsewhere");
  SensorOptions options;
  options.rescan = {seconds(1), seconds(1)};
  start(options);
  if (IsSkipped()) return;
  place.write("elsewhere", "written through a name that nobody watches");
  const Json& data = wait_for("host.mutation", "etc/linked");
  EXPECT_EQ(data["kind"], "modified");
  EXPECT_EQ(data["found_by"], "rescan") << told();
}

// The kernel says a word when the mapping goes, not before.
TEST_P(SensorTest, TheRescanFindsAStoreThroughAMappingThatStillStands) {
  write("etc/mapped", "before");
  const int file = open(at("etc/mapped").c_str(), O_RDWR | O_CLOEXEC);
  auto* const mapped = static_cast<char*>(mmap(nullptr, 6, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
  ASSERT_NE(mapped, MAP_FAILED);
  close(file);
  SensorOptions options;
  options.rescan = {seconds(1), seconds(1)};
  start(options);
  if (!IsSkipped()) {
    std::copy_n("after!", 6, mapped);
    const Json& data = wait_for("host.mutation", "etc/mapped");
    EXPECT_EQ(data["found_by"], "rescan") << told();
    EXPECT_EQ(data["after"]["sha256"], sha256("after!").hex());
  }
  munmap(mapped, 6);
}

// Where it leads to is compared; what lies there belongs to no tree that is watched.
TEST_P(SensorTest, OfALinkThatLeadsOutTheTargetsNameCountsAndNotItsContent) {
  place.write("elsewhere/tool", "good");
  fs::create_symlink(place.path() / "elsewhere/tool", at("usr/bin/link"));
  SensorOptions options;
  options.rescan = {seconds(1), seconds(1)};
  start(options);
  if (IsSkipped()) return;
  place.write("elsewhere/tool", "evil");
  const Duration two_rounds = clock.elapsed() + seconds(3);
  turn_until([&] { return clock.elapsed() > two_rounds; });
  EXPECT_THAT(mutations(), IsEmpty()) << told();
  fs::remove(at("usr/bin/link"));
  fs::create_symlink(place.path() / "elsewhere/other", at("usr/bin/link"));
  EXPECT_EQ(wait_for("host.mutation", "usr/bin/link")["kind"], "link_target");
}

TEST_P(SensorTest, LogsAreNotTold) {
  start();
  if (IsSkipped()) return;
  for (int i = 0; i < 20; ++i) write("var/log/app.log", std::string(static_cast<size_t>(i) * 100, 'x'));
  fs::rename(at("var/log/app.log"), at("var/log/app.log.1"));
  settle();
  EXPECT_THAT(mutations(), IsEmpty());
  fs::permissions(at("var/log/app.log.1"), fs::perms(04755));
  EXPECT_EQ(wait_for("host.mutation", "var/log/app.log.1")["technique"], "T1548.001");
}

TEST_P(SensorTest, ALogThatIsWipedIsToldEachTime) {
  write("var/log/auth.log", "a line\n");
  start();
  if (IsSkipped()) return;
  fs::remove(at("var/log/auth.log"));
  EXPECT_EQ(wait_for("host.mutation", "var/log/auth.log")["technique"], "T1070.002");
  write("var/log/auth.log", "another line\n");
  settle();
  events.clear();
  fs::remove(at("var/log/auth.log"));
  EXPECT_EQ(wait_for("host.mutation", "var/log/auth.log")["technique"], "T1070.002");
}

TEST_P(SensorTest, ARootThatIsGoneIsToldAndSoIsItsReturn) {
  start();
  if (IsSkipped()) return;
  fs::rename(root(), place.path() / "aside");
  wait_for("sensor.lost", "");
  EXPECT_EQ(wait_for("host.mutation", "")["kind"], "deleted");
  fs::rename(place.path() / "aside", root());
  wait_for("host.restored", "");
  wait_for("sensor.recovered", "");
  write("etc/hosts", "and it is watched again");
  wait_for("host.mutation", "etc/hosts");
}

TEST_P(SensorTest, BeatsAndSaysHowItStands) {
  SensorOptions options;
  options.heartbeat = milliseconds(50);
  start(options);
  if (IsSkipped()) return;
  write("etc/hosts", "evil");
  wait_for("host.mutation", "etc/hosts");
  events.clear();
  turn_until([&] { return !events.empty() && events.back().is_heartbeat(); });
  const Json& data = events.back().data;
  EXPECT_EQ(data["state"], "watching");
  EXPECT_EQ(data["watcher"], GetParam());
  EXPECT_EQ(data["differing"], 1);
  EXPECT_EQ(data["blind_spots"], 0);
}

// What differs beyond the limit is not forgotten: it is told when there is room.
TEST_P(SensorTest, MemoryForWhatDiffersIsBoundedAndThatIsTold) {
  SensorOptions options;
  options.differing_max = 5;
  options.rescan = {seconds(1), seconds(1)};
  start(options);
  if (IsSkipped()) return;
  for (int i = 0; i < 8; ++i) write("srv/" + std::to_string(i), "x");
  EXPECT_EQ(wait_for("sensor.lost", "")["reason"], "too_many");
  for (int i = 0; i < 8; ++i) {
    const std::string path = "srv/" + std::to_string(i);
    if (find("host.mutation", path) != nullptr) fs::remove(at(path));
  }
  turn_until([&] {
    for (int i = 0; i < 8; ++i) {
      if (find("host.mutation", "srv/" + std::to_string(i)) == nullptr) return false;
    }
    return true;
  });
  fs::remove(at("srv/7"));  // for a place to be free
  EXPECT_EQ(wait_for("sensor.recovered", "")["reasons"], Json::array({"too_many"}));
}

}  // namespace
}  // namespace kedge
