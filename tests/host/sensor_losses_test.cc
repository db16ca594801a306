// What a sensor may have missed, and how that is told and made up for.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "tests/host/sensor_stage.h"
#include "tests/host/watch_limit.h"

namespace kedge {
namespace {

using std::chrono::seconds;

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

}  // namespace
}  // namespace kedge
