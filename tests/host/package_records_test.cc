#include "host/package_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "tests/host/some_tree.h"

namespace kedge {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

// MD5 of "new", "conf" and "lib".
constexpr const char* kNew = "22af645d1859cb5ca6da0c484f1f37ea";
constexpr const char* kConf = "3a8e4c06e471595f6eb262bb9b5582d9";
constexpr const char* kLib = "e8acc63b1e238f3255c900eed37254b8";

class PackageRecords : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "packages' files are root's";
    write_records("1.0", "0");
    tree_.write("usr/bin/other", "x");
    before_ = tree_.states();
  }

  void write_records(const std::string& version, const std::string& md5) {
    tree_.write("var/lib/dpkg/status",
                "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version +
                    "\nConffiles:\n /etc/hosts " + kConf + "\n /etc/old " + kConf +
                    " obsolete\nDescription: a tool\n more\n\nPackage: gone\nStatus: deinstall ok "
                    "config-files\nVersion: 3\n\n");
    tree_.write("var/lib/dpkg/info/tool:amd64.md5sums", md5 + "  bin/tool\n" + kLib + "  usr/lib/new file\n");
    tree_.write("var/lib/dpkg/info/gone.md5sums", std::string(kNew) + "  usr/bin/other\n");
  }

  std::vector<std::string> told() {
    const Scan now = tree_.scan();
    std::vector<FileState> states;
    for (const ScannedEntry& entry : now.entries) states.push_back(entry.state);
    auto found = differences(before_, states);
    const auto done = mark_package_upgrades(tree_.root(), now.entries, found);
    EXPECT_TRUE(done) << done.error().message;
    std::vector<std::string> lines;
    for (const Difference& difference : found) lines.push_back(to_text(difference));
    return lines;
  }

  SomeTree tree_;
  std::vector<FileState> before_;
};

TEST_F(PackageRecords, TellAnUpgradeFromAMutation) {
  tree_.write("usr/bin/tool", "new");  // known to dpkg as bin/tool
  tree_.write("etc/hosts", "conf");    // a conffile, with another name
  tree_.write("usr/lib/new file", "lib");
  write_records("2.0", kNew);
  EXPECT_THAT(
      told(),
      ElementsAre(StartsWith("package upgrade etc/hosts (tool 2.0): sha256"), StartsWith("modified etc/hosts.linked: "),
                  StartsWith("package upgrade usr/bin/tool (tool 2.0): sha256"), "added usr/lib",
                  "package upgrade usr/lib/new\\040file (tool 2.0)",
                  StartsWith("package upgrade var/lib/dpkg/info/tool:amd64.md5sums (dpkg's own tables): "),
                  StartsWith("package upgrade var/lib/dpkg/status (dpkg's own tables): ")));
}

TEST_F(PackageRecords, ExplainNothingButTheContent) {
  tree_.write("usr/bin/tool", "new");
  EXPECT_EQ(chmod(tree_.at("usr/bin/tool").c_str(), 04755), 0);
  tree_.write("usr/lib/new file", "lib");
  EXPECT_EQ(chmod(tree_.at("usr/lib/new file").c_str(), 02755), 0);
  write_records("2.0", kNew);
  EXPECT_THAT(told(), Contains(StartsWith("modified usr/bin/tool: ")));
  EXPECT_THAT(told(), Contains("added usr/lib/new\\040file"));
}

TEST_F(PackageRecords, ExplainNoOtherContentAndNoPackageThatIsNotInstalled) {
  tree_.write("usr/bin/tool", "New");
  tree_.write("usr/bin/other", "new");  // of a package that was removed
  tree_.write("var/lib/dpkg/info/tool.postinst", "#!/bin/sh\n");
  write_records("2.0", kNew);
  const auto lines = told();
  EXPECT_THAT(lines, Contains(StartsWith("modified usr/bin/tool: ")));
  EXPECT_THAT(lines, Contains(StartsWith("modified usr/bin/other: ")));
  EXPECT_THAT(lines, Contains("added var/lib/dpkg/info/tool.postinst"));
}

TEST_F(PackageRecords, CountAPackageThatIsHalfWay) {
  tree_.write("usr/bin/tool", "new");
  write_records("2.0", kNew);
  const std::string whole = *read_file(tree_.at("var/lib/dpkg/status"));
  for (const std::string state : {"unpacked", "half-configured", "half-installed", "triggers-awaited"}) {
    std::string text = whole;
    tree_.write("var/lib/dpkg/status", text.replace(text.find("ok installed"), 12, "ok " + state));
    EXPECT_THAT(told(), Contains(StartsWith("package upgrade usr/bin/tool (tool 2.0)"))) << state;
    EXPECT_TRUE(is_package_there(tree_.root(), "tool:amd64")) << state;
  }
  EXPECT_FALSE(is_package_there(tree_.root(), "gone"));
}

TEST_F(PackageRecords, FollowDiversions) {
  tree_.write("var/lib/dpkg/diversions", "/bin/tool\n/bin/tool.diverted\nwrapper\n");
  tree_.write("usr/bin/tool", "new");
  tree_.write("usr/bin/tool.diverted", "new");
  write_records("2.0", kNew);
  const auto lines = told();
  EXPECT_THAT(lines, Contains("package upgrade usr/bin/tool.diverted (tool 2.0)"));
  EXPECT_THAT(lines, Contains(StartsWith("modified usr/bin/tool: ")));
}

TEST_F(PackageRecords, AreThereOrNot) {
  EXPECT_TRUE(has_package_records(tree_.root()));
  EXPECT_FALSE(has_package_records(tree_.at("usr")));
}

}  // namespace
}  // namespace kedge
