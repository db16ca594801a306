// Each technique that the default policy knows, done to a real tree under a real sensor, at once: all are told, each
// for what it is.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "host/sensor.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

enum class Deed { create, change, replace, run, elevate, lend, remove, stomp };

struct Attack {
  const char* technique;
  const char* path;
  Deed deed;
  const char* severity;
};

// What the documentation's table says, and beyond the paths: what is done to any file.
const std::vector<Attack> kAttacks = {
    {"T1554", "usr/bin/ssh", Deed::replace, "high"},
    {"T1554", "opt/app/worker", Deed::run, "medium"},
    {"T1548.001", "usr/bin/find", Deed::elevate, "critical"},
    {"T1548.001", "srv/data/shell", Deed::elevate, "critical"},
    {"T1548.001", "usr/bin/python3", Deed::lend, "critical"},
    {"T1574.006", "etc/ld.so.preload", Deed::create, "critical"},
    {"T1574.006", "etc/ld.so.conf.d/evil.conf", Deed::create, "high"},
    {"T1574", "usr/lib/x86_64-linux-gnu/libc.so.6", Deed::replace, "high"},
    {"T1574", "usr/lib/libnew.so", Deed::create, "high"},
    {"T1574", "usr/lib/python3/dist-packages/six.py", Deed::change, "medium"},
    {"T1574", "usr/lib/python3/dist-packages/__pycache__/idna.cpython-311.pyc", Deed::change, "medium"},
    {"T1574", "usr/lib/python3/dist-packages/evil.pyc", Deed::create, "medium"},
    {"T1574", "opt/app/__pycache__/evil.pyc", Deed::create, "medium"},
    {"T1053.003", "etc/cron.d/job", Deed::create, "high"},
    {"T1053.003", "var/spool/cron/crontabs/root", Deed::create, "high"},
    {"T1053.003", "etc/crontab", Deed::change, "high"},
    {"T1053.002", "var/spool/cron/atjobs/a0000101", Deed::create, "high"},
    {"T1543.002", "etc/systemd/system/evil.service", Deed::create, "high"},
    {"T1543.002", "etc/systemd/system/ssh.service.d/override.conf", Deed::create, "high"},
    {"T1543.002", "usr/lib/systemd/system-generators/evil", Deed::create, "high"},
    {"T1543.002", "usr/lib/systemd/system-sleep/evil", Deed::create, "high"},
    {"T1543.002", "home/alice/.config/systemd/user/evil.service", Deed::create, "high"},
    {"T1053.006", "etc/systemd/system/evil.timer", Deed::create, "high"},
    {"T1546", "etc/NetworkManager/dispatcher.d/99-evil", Deed::create, "high"},
    {"T1098.004", "root/.ssh/authorized_keys", Deed::create, "critical"},
    {"T1098.004", "home/alice/.ssh/authorized_keys", Deed::change, "critical"},
    {"T1136.001", "etc/passwd", Deed::change, "high"},
    {"T1098", "etc/shadow", Deed::change, "high"},
    {"T1548.003", "etc/sudoers", Deed::change, "critical"},
    {"T1548.003", "etc/sudoers.d/evil", Deed::create, "critical"},
    {"T1556.003", "etc/pam.d/sshd", Deed::change, "critical"},
    {"T1556.003", "usr/lib/x86_64-linux-gnu/security/pam_evil.so", Deed::create, "critical"},
    {"T1556", "etc/nsswitch.conf", Deed::change, "high"},
    {"T1552.004", "etc/ssh/ssh_host_ed25519_key", Deed::replace, "high"},
    {"T1021.004", "etc/ssh/sshd_config", Deed::change, "high"},
    {"T1546.004", "etc/profile.d/evil.sh", Deed::create, "high"},
    {"T1546.004", "home/alice/.bashrc", Deed::change, "high"},
    {"T1546.018", "usr/lib/python3/dist-packages/evil.pth", Deed::create, "high"},
    {"T1546.017", "etc/udev/rules.d/99-evil.rules", Deed::create, "high"},
    {"T1547.013", "home/alice/.config/autostart/evil.desktop", Deed::create, "high"},
    {"T1546.016", "etc/apt/apt.conf.d/99evil", Deed::create, "high"},
    {"T1505.003", "var/www/html/shell.php", Deed::create, "high"},
    {"T1547.006", "usr/lib/modules/6.1/kernel/evil.ko", Deed::create, "high"},
    {"T1547.006", "usr/lib/modules/6.1/kernel/modules.evil.ko", Deed::create, "high"},
    {"T1547.006", "usr/lib/modules/6.1/modules.evil.ko", Deed::create, "high"},
    {"T1547.006", "etc/modules-load.d/evil.conf", Deed::create, "high"},
    {"T1542.003", "boot/initrd.img-6.1", Deed::replace, "high"},
    {"T1542.003", "etc/default/grub", Deed::change, "high"},
    {"T1037.004", "etc/rc.local", Deed::create, "high"},
    {"T1037.004", "etc/update-motd.d/00-evil", Deed::create, "high"},
    {"T1562.004", "etc/nftables.conf", Deed::change, "high"},
    {"T1562.001", "etc/audit/auditd.conf", Deed::change, "high"},
    {"T1562.001", "etc/systemd/journald.conf", Deed::change, "high"},
    {"T1562.001", "etc/kedge/sensor.yaml", Deed::change, "high"},
    {"T1553.004", "usr/local/share/ca-certificates/evil.crt", Deed::create, "medium"},
    {"T1565.001", "etc/myapp/settings.ini", Deed::change, "medium"},
    {"T1564.001", "tmp/.x/evil", Deed::run, "high"},
    {"T1564.001", "usr/bin/.tool.swp", Deed::run, "high"},
    {"T1070.004", "srv/data/evidence", Deed::remove, "low"},
    {"T1070.002", "var/log/auth.log", Deed::remove, "medium"},
    {"T1070.006", "usr/bin/ls", Deed::stomp, "high"},
};

bool was_there(Deed deed) { return deed != Deed::create && deed != Deed::run; }

class Techniques : public testing::TestWithParam<std::string> {
 protected:
  std::string root() const { return (place.path() / "root").string(); }
  std::string at(const std::string& path) const { return root() + "/" + path; }
  void write(const std::string& path, const std::string& text) const { place.write("root/" + path, text); }

  void SetUp() override {
    write("usr/lib/python3/dist-packages/idna.py", "the source of what was compiled");
    for (const Attack& attack : kAttacks) {
      fs::create_directories(fs::path(at(attack.path)).parent_path());
      if (was_there(attack.deed)) write(attack.path, std::string("what ") + attack.path + " held");
    }
    ReadManifest baseline;
    const Scan scan = scan_tree(root(), {}).value();
    for (const ScannedEntry& entry : scan.entries) baseline.manifest.entries.push_back(entry.state);
    SensorOptions options;
    options.host = "web1";
    options.roots = {{root(), "/", std::make_shared<const ReadManifest>(std::move(baseline)), {}, {}}};
    options.watch = GetParam() == "inotify" ? SensorOptions::Watch::inotify : SensorOptions::Watch::fanotify;
    auto opened = Sensor::open(std::move(options), clock, random, [this](HostEvent e) { take(e); });
    if (!opened && opened.error().code == ErrorCode::refused) GTEST_SKIP() << opened.error().message;
    ASSERT_TRUE(opened) << opened.error().message;
    sensor = *std::move(opened);
    turn_until([&] { return sensor->has_read_all(); });
  }

  void take(const HostEvent& event) {
    if (event.type == "host.mutation") told[event.data["path"]] = event.data;
  }
  void turn_until(const std::function<bool()>& ready) {
    const Duration end = clock.elapsed() + seconds(30);
    while (!ready() && clock.elapsed() < end) ASSERT_TRUE(sensor->turn(milliseconds(20)));
  }

  void act(const Attack& attack) const {
    const std::string path = at(attack.path);
    switch (attack.deed) {
      case Deed::create:
      case Deed::change:
        return write(attack.path, "evil");
      case Deed::replace:
        write(attack.path + std::string(".new"), "evil");
        return fs::rename(path + ".new", path);
      case Deed::run:
        write(attack.path, "evil");
        return fs::permissions(path, fs::perms(0755));
      case Deed::elevate:
        return fs::permissions(path, fs::perms(04755));
      case Deed::lend:
        return lend(path);
      case Deed::remove:
        fs::remove(path);
        return;
      case Deed::stomp:
        write(attack.path, "evil");
        const timespec old[2] = {{1'500'000'000, 0}, {1'500'000'000, 0}};
        EXPECT_EQ(utimensat(AT_FDCWD, path.c_str(), old, 0), 0);
    }
  }
  static void lend(const std::string& path) {
    vfs_cap_data capabilities{};
    capabilities.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
    capabilities.data[0].permitted = 1U << CAP_NET_RAW;
    EXPECT_EQ(setxattr(path.c_str(), "security.capability", &capabilities, XATTR_CAPS_SZ_2, 0), 0);
  }

  const TemporaryDirectory place;
  SystemClock clock;
  Random random{7};
  std::unique_ptr<Sensor> sensor;
  std::map<std::string, Json> told;
};

INSTANTIATE_TEST_SUITE_P(Both, Techniques, testing::Values("inotify", "fanotify"),
                         [](const auto& watcher) { return watcher.param; });

TEST_P(Techniques, EachIsToldForWhatItIs) {
  for (const Attack& attack : kAttacks) act(attack);
  turn_until([&] {
    return std::all_of(kAttacks.begin(), kAttacks.end(),
                       [&](const Attack& one) { return told.contains(at(one.path)); });
  });
  for (const Attack& attack : kAttacks) {
    ASSERT_TRUE(told.contains(at(attack.path))) << attack.technique << " " << attack.path << " was not told";
    const Json& data = told.at(at(attack.path));
    EXPECT_THAT(data["techniques"].get<std::vector<std::string>>(), testing::Contains(attack.technique)) << data;
    EXPECT_EQ(data["severity"], attack.severity) << data;
  }
  EXPECT_EQ(told.size(), kAttacks.size());
}

// A new line of the policy is a new attack above.
TEST(TechniquesOfThePolicy, EachIsTried) {
  std::set<std::string> tried;
  for (const Attack& attack : kAttacks) tried.insert(attack.technique);
  for (const MeaningOfPaths& line : default_meanings()) {
    for (const std::string& technique : line.meaning.techniques) EXPECT_TRUE(tried.contains(technique)) << technique;
  }
}

}  // namespace
}  // namespace kedge
