// Sensor on real trees, with both watchers.
#include "host/sensor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <tuple>

#include "host/told_entry.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

constexpr Duration kTurn = milliseconds(20);
constexpr Duration kPatience = seconds(30);

class SensorTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    write("etc/hosts", "127.0.0.1 localhost\n");
    write("etc/app/settings", "verbose = no\n");
    write("usr/bin/tool", "a tool");
    fs::permissions(at("usr/bin/tool"), fs::perms(0755));
    for (const char* made : {"etc/cron.d", "root/.ssh", "var/log"}) fs::create_directories(at(made));
  }

  std::string root() const { return (place.path() / "root").string(); }
  std::string at(const std::string& path) const { return root() + "/" + path; }
  void write(const std::string& path, const std::string& text) const { place.write("root/" + path, text); }
  void save_atomically(const std::string& path, const std::string& text) const {
    write(path + ".new", text);
    fs::rename(at(path + ".new"), at(path));
  }

  // The baseline is what is there now.
  void start(SensorOptions options = {}) {
    if (!baseline) {
      baseline = ReadManifest{};
      const Scan scan = scan_tree(root(), {}).value();
      for (const ScannedEntry& entry : scan.entries) baseline->manifest.entries.push_back(entry.state);
    }
    options.host = "web1";
    options.roots = {{root(), "/", std::make_shared<const ReadManifest>(*baseline), {}, {}}};
    options.watch = GetParam() == "inotify" ? SensorOptions::Watch::inotify : SensorOptions::Watch::fanotify;
    options.settle.window = milliseconds(20);
    auto opened =
        Sensor::open(std::move(options), clock, random, [this](HostEvent e) { events.push_back(std::move(e)); },
                     {[this](const SensorMemory::Fact& fact) { learn(fact); }, facts});
    if (!opened && opened.error().code == ErrorCode::refused) GTEST_SKIP() << opened.error().message;
    ASSERT_TRUE(opened) << opened.error().message;
    sensor = *std::move(opened);
    turn_until([&] { return sensor->has_read_all(); });
  }

  void learn(const SensorMemory::Fact& fact) {
    if (fact.below) std::erase_if(facts, [&](const auto& one) { return one.first.starts_with(fact.key); });
    facts.erase(fact.key);
    if (fact.value) facts.emplace(fact.key, *fact.value);
  }
  // Of the sensor alone: what it has remembered is there at the next start.
  void stop() {
    sensor->finish();
    sensor.reset();
    events.clear();
  }

  void turn_until(const std::function<bool()>& ready) {
    const Duration end = clock.elapsed() + kPatience;
    while (!ready()) {
      ASSERT_LT(clock.elapsed(), end) << "it did not come true; told was:\n" << told();
      auto done = sensor->turn(kTurn);
      ASSERT_TRUE(done) << done.error().message;
    }
  }

  // Until an event about a file that was made last has come: all before it has been looked at. The rescan may come upon
  // that file out of turn; then another is made.
  void settle() {
    for (bool by_watch = false; !by_watch && !testing::Test::HasFatalFailure();) {
      const std::string mark = "mark" + std::to_string(++marks);
      write(mark, "x");
      by_watch = wait_for("host.mutation", mark).value("found_by", "rescan") == "watch";
    }
  }

  const HostEvent* find(const std::string& type, const std::string& path) const {
    for (const HostEvent& event : events) {
      if (event.type == type && event.data.value("path", "") == (path.empty() ? root() : at(path))) return &event;
    }
    return nullptr;
  }
  const Json& wait_for(const std::string& type, const std::string& path) {
    turn_until([&] { return find(type, path) != nullptr; });
    static const Json kNone;
    const HostEvent* const event = find(type, path);
    return event == nullptr ? kNone : event->data;
  }

  // What was told but the marks: "host.mutation created /x".
  std::vector<std::string> mutations() const {
    std::vector<std::string> lines;
    for (const HostEvent& event : events) {
      if (!event.type.starts_with("host.")) continue;
      const std::string path = event.data.value("path", "");
      if (path.starts_with(at("mark"))) continue;
      lines.push_back(event.type.substr(5) + " " + event.data.value("kind", "") + " " + path);
    }
    return lines;
  }
  std::string told() const {
    std::string all;
    for (const HostEvent& event : events) all += event.type + " " + event.data.dump() + "\n";
    return all;
  }

  const TemporaryDirectory place;
  SystemClock clock;
  Random random{7};
  std::optional<ReadManifest> baseline;
  std::vector<HostEvent> events;
  SensorMemory::Facts facts;
  std::unique_ptr<Sensor> sensor;
  int marks = 0;
};

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

// inotify's queue holds so much; what comes beyond is lost, said to be, and found. fanotify's has no limit.
TEST_P(SensorTest, AStormIsNothingMissedAndAnOverflowIsTold) {
  start();
  if (IsSkipped()) return;
  const std::string one = at("etc/one");
  const std::string other = at("etc/other");
  write("etc/one", "");
  for (int i = 0; i < 20'000; ++i) fs::rename(i % 2 == 0 ? one : other, i % 2 == 0 ? other : one);
  write("etc/hosts", "lost in the storm");
  wait_for("host.mutation", "etc/hosts");
  if (GetParam() == "fanotify") {
    EXPECT_EQ(find("sensor.lost", ""), nullptr) << told();
    return;
  }
  const Json& recovered = wait_for("sensor.recovered", "");
  EXPECT_NE(find("sensor.lost", ""), nullptr);
  EXPECT_EQ(recovered["reasons"], Json::array({"overflow"}));
  EXPECT_GT(recovered["read"].get<int>(), 5);
}

// What comes in is read to its end, and so is what is made before it is watched: nothing of it was missed.
TEST_P(SensorTest, WhatIsMovedInAndWhatIsMadeAtOnceIsNoLoss) {
  start();
  if (IsSkipped()) return;
  place.write("outside/a/b/evil", "x");
  fs::rename(place.path() / "outside", at("usr/outside"));
  write("srv/a/b/c/evil", "x");
  wait_for("host.mutation", "usr/outside/a/b/evil");
  wait_for("host.mutation", "srv/a/b/c/evil");
  settle();
  for (const HostEvent& event : events) EXPECT_NE(event.type, "sensor.lost") << event.data;
}

// As a file where the root was: it is there, and cannot be entered.
TEST_P(SensorTest, ARootThatCannotBeReadIsToldAndSoIsWhatWasReadAfterwards) {
  SensorOptions options;
  options.rescan = {seconds(1), seconds(1)};
  start(options);
  if (IsSkipped()) return;
  fs::rename(root(), place.path() / "aside");
  place.write("root", "no directory");
  const auto lost_for = [&](const std::string& reason) {
    return std::any_of(events.begin(), events.end(), [&](const HostEvent& event) {
      return event.type == "sensor.lost" && event.data["reason"] == reason;
    });
  };
  turn_until([&] { return lost_for("unreadable"); });
  fs::remove(root());
  fs::rename(place.path() / "aside", root());
  write("etc/hosts", "changed while nobody could read it");
  turn_until([&] {
    return std::any_of(events.begin(), events.end(), [](const HostEvent& event) {
      return event.type == "sensor.recovered" && event.data["reasons"].dump().find("unreadable") != std::string::npos;
    });
  });
  wait_for("host.mutation", "etc/hosts");
}

// In a process of its own, since mounts of one's own are, and limits. What it finds wrong it says, and exits with 1;
// 77: this is not allowed here.
constexpr int kNotAllowed = 77;

class ApartSensorTest : public SensorTest {
 protected:
  void apart(const std::function<void()>& body) {
    fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      body();
      fflush(nullptr);
      _exit(HasFailure() ? 1 : IsSkipped() ? kNotAllowed : 0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNotAllowed) GTEST_SKIP() << "not allowed here";
    EXPECT_EQ(status, 0) << "see above";
  }
  void need(bool allowed) {
    if (!allowed) _exit(kNotAllowed);
  }
};

INSTANTIATE_TEST_SUITE_P(Both, ApartSensorTest, testing::Values("inotify", "fanotify"),
                         [](const auto& watcher) { return watcher.param; });
class LimitedSensorTest : public ApartSensorTest {};
INSTANTIATE_TEST_SUITE_P(Only, LimitedSensorTest, testing::Values("inotify"),
                         [](const auto& watcher) { return watcher.param; });

TEST_P(ApartSensorTest, AMountIsToldAndSoIsWhatWasReadAfterIt) {
  apart([&] {
    need(unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    place.write("outside/hosts", "10.0.0.1 evil");
    start();
    if (IsSkipped()) return;
    ASSERT_EQ(mount((place.path() / "outside/hosts").c_str(), at("etc/hosts").c_str(), nullptr, MS_BIND, nullptr), 0);
    EXPECT_EQ(wait_for("sensor.lost", "etc/hosts")["reason"], "mounted");
    const Json& recovered = wait_for("sensor.recovered", "etc/hosts");
    EXPECT_EQ(recovered["reasons"], Json::array({"mounted"}));
    EXPECT_EQ(recovered["read"], 1);
    EXPECT_EQ(recovered["mutations"], 1);
    EXPECT_EQ(wait_for("host.mutation", "etc/hosts")["found_by"], "doubt");
  });
}

TEST_P(ApartSensorTest, TheRescanFindsWhatWasChangedBelowAnOverlay) {
  apart([&] {
    need(unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    place.write("lower/etc/hosts", "127.0.0.1 localhost");
    for (const char* const name : {"upper", "work"}) fs::create_directory(place.path() / name);
    const std::string all = place.path().string();
    const std::string layers = "lowerdir=" + all + "/lower,upperdir=" + all + "/upper,workdir=" + all + "/work";
    need(mount("overlay", root().c_str(), "overlay", 0, layers.c_str()) == 0);
    SensorOptions options;
    options.rescan = {seconds(1), seconds(1)};
    start(options);
    if (IsSkipped()) return;
    place.write("lower/etc/hosts", "10.0.0.1 evil");
    const Json& data = wait_for("host.mutation", "etc/hosts");
    EXPECT_EQ(data["found_by"], "rescan") << told();
    EXPECT_EQ(data["after"]["sha256"], sha256("10.0.0.1 evil").hex());
  });
}

// In a user namespace the limit on watches is this process' own to set.
bool limit_watches(int most) {
  const auto user = getuid();
  if (unshare(CLONE_NEWUSER) != 0) return false;
  std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
  std::ofstream limit("/proc/sys/user/max_inotify_watches");
  limit << most << std::flush;
  return limit.good();
}

TEST_P(LimitedSensorTest, TheLimitOnWatchesIsToldFromTheStartAndSoIsItsEnd) {
  for (int i = 0; i < 40; ++i) fs::create_directories(at("srv/d" + std::to_string(i)));
  apart([&] {
    need(limit_watches(30));
    SensorOptions options;
    options.rescan = {seconds(1), seconds(1)};
    start(options);
    const auto lost = [&](const HostEvent& event) {
      return event.type == "sensor.lost" && event.data["reason"] == "watch_limit";
    };
    turn_until([&] { return std::any_of(events.begin(), events.end(), lost); });
    const std::string path = std::find_if(events.begin(), events.end(), lost)->data["path"];
    for (int round = 0; round < 100; ++round) ASSERT_TRUE(sensor->turn(kTurn));
    EXPECT_EQ(std::count_if(events.begin(), events.end(),
                            [&](const HostEvent& event) { return lost(event) && event.data["path"] == path; }),
              1)
        << "once, however often it is tried again";
    const auto recovered = [](const HostEvent& event) { return event.type == "sensor.recovered"; };
    EXPECT_TRUE(std::none_of(events.begin(), events.end(), recovered)) << told();
    for (int i = 0; i < 40; ++i) {
      const std::string one = at("srv/d" + std::to_string(i));
      if (one != path) fs::remove(one);
    }
    std::ofstream(path + "/evil") << "made before it is watched";
    turn_until([&] {
      return std::any_of(events.begin(), events.end(),
                         [&](const HostEvent& event) { return recovered(event) && event.data["path"] == path; });
    });
    const auto told_last = std::find_if(events.begin(), events.end(), [&](const HostEvent& event) {
      return recovered(event) && event.data["path"] == path;
    });
    EXPECT_EQ(told_last->data["reasons"], Json::array({"watch_limit"}));
    std::ofstream(path + "/more") << "and it is watched";
    wait_for("host.mutation", path.substr(root().size() + 1) + "/more");
  });
}

// --- dpkg

// Another process that holds the lock of dpkg's database.
class LockHolder {
 public:
  explicit LockHolder(const std::string& path) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) hold(path, ends[1]);
    char ready = 0;
    EXPECT_EQ(read(ends[0], &ready, 1), 1);
    close(ends[0]);
    close(ends[1]);
  }
  ~LockHolder() { let_go(); }
  LockHolder(const LockHolder&) = delete;
  LockHolder& operator=(const LockHolder&) = delete;

  void let_go() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }

 private:
  [[noreturn]] static void hold(const std::string& path, int ready) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
    const bool locked = fcntl(file, F_SETLK, &whole) == 0;
    if (locked) std::ignore = ::write(ready, "x", 1);
    for (;;) pause();
  }

  pid_t child_ = 0;
};

class DpkgTest : public SensorTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "packages' files are root's";
    SensorTest::SetUp();
    write("usr/lib/libfoo.so.1.0", "library 1.0");
    fs::create_symlink("libfoo.so.1.0", at("usr/lib/libfoo.so.1"));
    write("var/lib/dpkg/lock", "");
    record("1.0", "0748ccf156f3f0f4779549d45a73964f", "0");
    start();
  }

  void record(const std::string& version, const std::string& tool_md5, const std::string& library_md5) const {
    write("var/lib/dpkg/status",
          "Package: foo\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version + "\n\n");
    write("var/lib/dpkg/info/foo.md5sums",
          tool_md5 + "  usr/bin/tool\n" + library_md5 + "  usr/lib/libfoo.so." + version + "\n");
    write("var/lib/dpkg/info/foo.list",
          "/.\n/usr\n/usr/bin\n/usr/bin/tool\n/usr/lib\n/usr/lib/libfoo.so.1\n/usr/lib/libfoo.so." + version + "\n");
  }

  // From 1.0 to 2.0, as dpkg does it, by one who puts this into the binary.
  void unpack(const std::string& tool) const {
    write("usr/bin/tool.dpkg-new", tool);
    fs::permissions(at("usr/bin/tool.dpkg-new"), fs::perms(0755));
    fs::rename(at("usr/bin/tool.dpkg-new"), at("usr/bin/tool"));
    write("usr/lib/libfoo.so.2.0", "library 2.0");
    fs::create_symlink("libfoo.so.2.0", at("usr/lib/libfoo.so.1.dpkg-new"));
    fs::rename(at("usr/lib/libfoo.so.1.dpkg-new"), at("usr/lib/libfoo.so.1"));
    fs::remove(at("usr/lib/libfoo.so.1.0"));
  }
  void turn_a_while() {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(sensor->turn(kTurn));
  }
};

INSTANTIATE_TEST_SUITE_P(Both, DpkgTest, testing::Values("inotify", "fanotify"),
                         [](const auto& watcher) { return watcher.param; });

constexpr const char* kNewTool = "8e14a3343b9969bbdf4706cc8172a483";
constexpr const char* kNewLibrary = "511e42e48e9469644d26a0c88fb9dfe8";

TEST_P(DpkgTest, AnUpgradeIsNoMutation) {
  LockHolder dpkg(at("var/lib/dpkg/lock"));
  unpack("new tool");
  turn_a_while();
  EXPECT_THAT(mutations(), IsEmpty()) << told();
  record("2.0", kNewTool, kNewLibrary);
  dpkg.let_go();
  turn_until([&] {
    return std::count_if(events.begin(), events.end(), [](const HostEvent& e) {
             return e.type == "host.upgraded" && e.data["package"] == "foo 2.0";
           }) > 0;
  });
  settle();
  for (const std::string& one : mutations()) EXPECT_TRUE(one.starts_with("upgraded")) << one;
}

TEST_P(DpkgTest, AnUpgradeIsToldOnceOverRestarts) {
  unpack("new tool");
  record("2.0", kNewTool, kNewLibrary);
  const auto is_upgrade = [](const HostEvent& e) { return e.type == "host.upgraded"; };
  turn_until([&] { return std::count_if(events.begin(), events.end(), is_upgrade) > 0; });
  settle();
  stop();
  start();
  settle();
  EXPECT_THAT(mutations(), IsEmpty()) << told();
}

TEST_P(DpkgTest, AnUpgradeThatEndsOtherwiseThanThePackageSaysIsAMutation) {
  LockHolder dpkg(at("var/lib/dpkg/lock"));
  unpack("a trojan");
  record("2.0", kNewTool, kNewLibrary);
  turn_a_while();
  dpkg.let_go();
  const Json& data = wait_for("host.mutation", "usr/bin/tool");
  EXPECT_EQ(data["after"]["sha256"], sha256("a trojan").hex());
  EXPECT_EQ(data["package"], "foo 2.0");
}

TEST_P(DpkgTest, WhatNoPackageExplainsDoesNotWaitForDpkgWhenItIsGrave) {
  LockHolder dpkg(at("var/lib/dpkg/lock"));
  write("root/.ssh/authorized_keys", "ssh-ed25519 AAAA");
  EXPECT_EQ(wait_for("host.mutation", "root/.ssh/authorized_keys")["technique"], "T1098.004");
}

// Somebody who makes files while dpkg is at work, or holds its lock, does not fill the memory: what finds no room among
// those that wait does not wait.
TEST_P(DpkgTest, WhatWaitsForDpkgIsBoundedAndTheRestIsToldAtOnce) {
  stop();
  SensorOptions options;
  options.differing_max = 20;
  start(options);
  LockHolder dpkg(at("var/lib/dpkg/lock"));
  const auto told_of = [&] { return mutations().size(); };
  for (int i = 0; i < 30; ++i) write("etc/app/" + std::to_string(i), "x");
  turn_until([&] { return told_of() >= 10; });
  turn_a_while();
  EXPECT_EQ(told_of(), 10U) << told();
  dpkg.let_go();
  turn_until([&] { return told_of() >= 20; });
}

TEST_P(DpkgTest, AFileThatIsRemovedWithoutItsPackageIsAMutation) {
  fs::remove(at("usr/bin/tool"));
  EXPECT_EQ(wait_for("host.mutation", "usr/bin/tool")["kind"], "deleted");
}

}  // namespace
}  // namespace kedge
