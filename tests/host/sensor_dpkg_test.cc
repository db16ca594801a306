// What dpkg does, under a sensor: an upgrade is none of the mutations, and hides none.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <tuple>

#include "tests/host/sensor_stage.h"

namespace kedge {
namespace {

using testing::IsEmpty;

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
    for (const char* lock : {"lock", "lock-frontend"}) write(std::string("var/lib/dpkg/") + lock, "");
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

// Between two runs of dpkg, of which the first has not configured what it has unpacked, apt's own lock stands.
TEST_P(DpkgTest, AnUpgradeThatAptHasNotEndedIsNoMutation) {
  LockHolder apt(at("var/lib/dpkg/lock-frontend"));
  unpack("new tool");
  turn_a_while();
  EXPECT_THAT(mutations(), IsEmpty()) << told();
  record("2.0", kNewTool, kNewLibrary);
  apt.let_go();
  turn_until([&] { return !mutations().empty(); });
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
