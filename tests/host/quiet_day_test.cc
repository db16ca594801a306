// A healthy server's day, by the programs that make it (dpkg, logrotate), on a real tree under a real sensor: nothing
// of it is grave. And what an intruder does afterwards is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "host/sensor.h"
#include "tests/support/child_process.h"
#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

// Its output; not_found where the program is not installed.
Result<std::string> done_by(const std::vector<std::string>& command) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/"}) {
    if (access((folder + command.front()).c_str(), X_OK) != 0) continue;
    std::vector<std::string> whole = command;
    whole.front() = folder + command.front();
    const auto ran = run({.command = whole, .environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}}});
    if (!ran) return ran.error();
    if (!(ran->exit == Exit{})) return Error{ErrorCode::internal, command.front() + ": " + ran->output};
    return ran->output;
  }
  return Error{ErrorCode::not_found, command.front() + " is not installed"};
}

class QuietDay : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "packages' files are root's";
    for (const char* made : {"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log", "var/lib/logrotate", "tmp",
                             "etc/letsencrypt/live/example.com", "etc/cron.daily", "home/alice", "var/lib/apt/lists"}) {
      fs::create_directories(at(made));
    }
    write("var/lib/dpkg/status", "");
    write("var/lib/dpkg/available", "");
    write("var/log/app.log", "a line\n");
    write("var/log/other.log", "a line\n");
    write("home/alice/notes", "as they were");
    write("etc/app.conf", "verbose = no\n");
    for (const char* name : {"cert", "privkey"}) renew(name, 1);
    const auto installed = install("1.0");
    KEDGE_NEEDS(installed);
    compile("usr/lib/python3/dist-packages");
    start();
  }

  std::string root() const { return (place.path() / "root").string(); }
  std::string at(const std::string& path) const { return root() + "/" + path; }
  void write(const std::string& path, const std::string& text) const { place.write("root/" + path, text); }

  // A package with a program, a library, a unit, a module of Python and a file of settings.
  Result<std::string> install(const std::string& version) const {
    const std::string made = "package-" + version + "/";
    place.write(made + "DEBIAN/control", "Package: foo\nVersion: " + version +
                                             "\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\n"
                                             "Description: for a test\n");
    place.write(made + "DEBIAN/conffiles", "/etc/foo.conf\n");
    for (const char* file : {"usr/bin/foo", "usr/lib/libfoo.so.1", "usr/lib/systemd/system/foo.service", "etc/foo.conf",
                             "usr/lib/python3/dist-packages/foo.py"}) {
      place.write(made + file, "'" + std::string(file) + " of " + version + "'");
    }
    fs::permissions(place.path() / made / "usr/bin/foo", fs::perms(0755));
    fs::create_symlink("foo", place.path() / made / "usr/bin/foo-too");
    const std::string package = (place.path() / ("foo-" + version + ".deb")).string();
    auto built = done_by({"dpkg-deb", "--root-owner-group", "-b", (place.path() / made).string(), package});
    return built ? done_by({"dpkg", "--root=" + root(), "--force-not-root", "-i", package}) : built;
  }

  // As a package's scripts do it; and Python itself, of what it runs.
  void compile(const std::string& folder) const {
    const auto compiled = done_by({"python3", "-m", "compileall", "-q", at(folder)});
    KEDGE_NEEDS(compiled);
  }

  // As certbot does it: a file of the new number, and the link that leads to it made anew.
  void renew(const std::string& name, int number) const {
    const std::string file = "archive/example.com/" + name + std::to_string(number) + ".pem";
    write("etc/letsencrypt/" + file, "of the year " + std::to_string(number));
    const std::string link = at("etc/letsencrypt/live/example.com/" + name + ".pem");
    fs::create_symlink("../../" + file, link + ".new");
    fs::rename(link + ".new", link);
  }

  // As vim does it, with a name that it tries first, a swap file, and a copy of what was there.
  void edit(const std::string& path, const std::string& text) const {
    const fs::path folder = fs::path(path).parent_path();
    const std::string swap = (folder / ("." + fs::path(path).filename().string() + ".swp")).string();
    write(swap, "b0VIM 9.0");
    write((folder / "4913").string(), "");
    fs::remove(at((folder / "4913").string()));
    fs::rename(at(path), at(path + "~"));
    write(path, text);
    fs::remove(at(path + "~"));
    fs::remove(at(swap));
  }

  void start() {
    ReadManifest baseline;
    const Scan scan = scan_tree(root(), {}).value();
    for (const ScannedEntry& entry : scan.entries) baseline.manifest.entries.push_back(entry.state);
    SensorOptions options;
    options.host = "web1";
    options.roots = {{root(), "/", std::make_shared<const ReadManifest>(std::move(baseline)), {}, {}}};
    options.watch = GetParam() == "inotify" ? SensorOptions::Watch::inotify : SensorOptions::Watch::fanotify;
    options.settle.window = milliseconds(20);
    auto opened =
        Sensor::open(std::move(options), clock, random, [this](HostEvent e) { events.push_back(std::move(e)); });
    if (!opened && opened.error().code == ErrorCode::refused) GTEST_SKIP() << opened.error().message;
    ASSERT_TRUE(opened) << opened.error().message;
    sensor = *std::move(opened);
    turn_until([&] { return sensor->has_read_all(); });
  }

  void turn_until(const std::function<bool()>& ready) {
    const Duration end = clock.elapsed() + seconds(60);
    while (!ready()) {
      ASSERT_LT(clock.elapsed(), end) << "it did not come true; told was:\n" << told("");
      ASSERT_TRUE(sensor->turn(milliseconds(20)));
    }
  }
  bool was_told(const std::string& type, const std::string& part) const {
    return std::any_of(events.begin(), events.end(), [&](const HostEvent& event) {
      return event.type == type && event.data.dump().find(part) != std::string::npos;
    });
  }
  // Until a file that was made last was told.
  void settle() {
    write("tmp/mark", std::to_string(events.size()));
    fs::rename(at("tmp/mark"), at("home/alice/mark"));
    turn_until([&] { return was_told("host.mutation", at("home/alice/mark")); });
  }
  // Of this severity, or all: a line each.
  std::string told(const std::string& severity) const {
    std::string lines;
    for (const HostEvent& event : events) {
      if (!severity.empty() && event.data.value("severity", "") != severity) continue;
      lines += event.type + " " + event.data.value("kind", "") + " " + event.data.value("path", "") + "\n";
    }
    return lines;
  }

  const TemporaryDirectory place;
  SystemClock clock;
  Random random{7};
  std::vector<HostEvent> events;
  std::unique_ptr<Sensor> sensor;
};

INSTANTIATE_TEST_SUITE_P(Both, QuietDay, testing::Values("inotify", "fanotify"),
                         [](const auto& watcher) { return watcher.param; });

TEST_P(QuietDay, AnUpgradeByDpkgIsToldAsOneAndNothingOfItIsAMutation) {
  const auto upgraded = install("2.0");
  ASSERT_TRUE(upgraded) << upgraded.error().message;
  compile("usr/lib/python3/dist-packages");
  turn_until([&] { return was_told("host.upgraded", "foo 2.0"); });
  settle();
  EXPECT_FALSE(was_told("host.mutation", at("usr/"))) << told("");
  EXPECT_EQ(told("critical") + told("high") + told("medium"), "");
}

TEST_P(QuietDay, LogsThatAreRotatedAreNotTold) {
  place.write("logrotate.conf", at("var/log/app.log") + " {\n create 0640 root root\n rotate 3\n}\n" +
                                    at("var/log/other.log") + " {\n copytruncate\n rotate 3\n compress\n}\n");
  fs::permissions(place.path() / "logrotate.conf", fs::perms(0644));
  for (int night = 0; night < 3; ++night) {
    write("var/log/app.log", "a line of the day\n");
    const auto rotated =
        done_by({"logrotate", "-f", "-s", at("var/lib/logrotate/status"), (place.path() / "logrotate.conf").string()});
    KEDGE_NEEDS(rotated);
  }
  ASSERT_TRUE(fs::exists(at("var/log/app.log.3")));
  settle();
  EXPECT_FALSE(was_told("host.mutation", at("var/"))) << told("");
}

TEST_P(QuietDay, NothingElseOfTheDayIsGrave) {
  for (const char* name : {"cert", "privkey"}) renew(name, 2);
  edit("home/alice/notes", "as they are now");
  edit("etc/app.conf", "verbose = no\n");  // saved without a change
  write("tmp/cron.a1b2c3", "what a job printed");
  fs::remove(at("tmp/cron.a1b2c3"));
  write("var/lib/apt/lists/deb.example.com_Packages", "Package: foo\n");
  write("etc/ld.so.cache", "glibc-ld.so.cache1.1");
  write("var/cache/man/index.db", "an index");
  settle();
  EXPECT_EQ(told("critical"), "");
  EXPECT_FALSE(was_told("host.mutation", at("etc/app.conf"))) << told("");
  EXPECT_FALSE(was_told("host.mutation", at("etc/ld.so"))) << told("");
  EXPECT_FALSE(was_told("host.mutation", at("etc/letsencrypt"))) << told("");
  EXPECT_FALSE(was_told("host.mutation", at("var/"))) << told("");
  EXPECT_EQ(told("high"), "");
}

TEST_P(QuietDay, AnIntruderIsToldAfterAnUpgradeToo) {
  const auto upgraded = install("2.0");
  ASSERT_TRUE(upgraded) << upgraded.error().message;
  turn_until([&] { return was_told("host.upgraded", "foo 2.0"); });
  write("usr/bin/foo", "a trojan");
  turn_until([&] { return was_told("host.mutation", at("usr/bin/foo")); });
  EXPECT_NE(told("high"), "");
}

}  // namespace
}  // namespace kedge
