#include "host/scan.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/host/some_tree.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> paths_of(const std::vector<FileState>& states) {
  std::vector<std::string> paths;
  for (const FileState& state : states) paths.push_back(state.path);
  return paths;
}

// As somebody who may not read everything: what a thread does and those that it starts.
class AsNobody {
 public:
  AsNobody() { setfsuid(65534); }
  ~AsNobody() { setfsuid(geteuid()); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
};

TEST(Scan, FindsEveryEntryOnceInTheOrderOfTheTree) {
  const SomeTree tree;
  EXPECT_THAT(paths_of(tree.states()),
              ElementsAre("", "bin", "empty", "etc", "etc/hosts", "etc/hosts.linked", "fifo", "nothing", "socket",
                          "usr", kMarksInName, "usr/bin", "usr/bin/tool", "usr/dangling", kLineInName, kNoUtf8));
}

TEST(Scan, KnowsWhatEachKindOfEntryIs) {
  const SomeTree tree;
  const std::vector<FileState> states = tree.states();
  const FileState& tool = *state_at(states, "usr/bin/tool");
  EXPECT_EQ(tool.type, FileType::file);
  EXPECT_EQ(tool.mode, 0755U);
  EXPECT_EQ(tool.size, 23U);
  EXPECT_EQ(tool.sha256, sha256("what usr/bin/tool holds"));
  EXPECT_EQ(state_at(states, "empty")->sha256, sha256(""));
  EXPECT_EQ(state_at(states, "etc/hosts")->links, 2U);
  EXPECT_EQ(state_at(states, "bin")->link_target, "usr/bin");
  EXPECT_EQ(state_at(states, "usr/dangling")->link_target, "/no where\n");
  EXPECT_EQ(state_at(states, "fifo")->type, FileType::fifo);
  EXPECT_EQ(state_at(states, "fifo")->mode, 0640U & ~umask(umask(0)));
  EXPECT_EQ(state_at(states, "socket")->type, FileType::socket);
  EXPECT_EQ(state_at(states, "nothing")->type, FileType::directory);
}

TEST(Scan, IsTheSameWithAnyNumberOfThreads) {
  const SomeTree tree;
  for (int i = 0; i < 300; ++i) tree.write("many/" + std::to_string(i % 7) + "/" + std::to_string(i), "x");
  ScanOptions one;
  const auto alone = scan_tree(tree.root(), one);
  ASSERT_TRUE(alone);
  const std::vector<FileState> together = tree.states();
  ASSERT_EQ(alone->entries.size(), together.size());
  for (size_t i = 0; i < together.size(); ++i) EXPECT_EQ(alone->entries[i].state, together[i]);
}

TEST(Scan, KnowsDevicesAndCapabilities) {
  if (geteuid() != 0) GTEST_SKIP() << "only root makes them";
  const SomeTree tree;
  // cap_net_raw=ep, as setcap writes it.
  const std::string capability("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  if (mknod(tree.at("null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0 ||
      setxattr(tree.at("usr/bin/tool").c_str(), "security.capability", capability.data(), capability.size(), 0) != 0) {
    GTEST_SKIP() << "this root may not make them: " << std::strerror(errno);
  }
  const std::vector<FileState> states = tree.states();
  EXPECT_EQ(state_at(states, "null")->type, FileType::character);
  EXPECT_EQ(state_at(states, "null")->device_major, 1U);
  EXPECT_EQ(state_at(states, "null")->device_minor, 3U);
  EXPECT_EQ(state_at(states, "usr/bin/tool")->capabilities, capability);
}

TEST(Scan, LeavesOutWhatIsExcludedWithAllThatIsInIt) {
  const SomeTree tree;
  ScanOptions options;
  options.excludes = {"usr", "etc/*.linked", "n*"};
  std::vector<std::string> paths;
  for (const ScannedEntry& entry : tree.scan(options).entries) paths.push_back(entry.state.path);
  EXPECT_THAT(paths, ElementsAre("", "bin", "empty", "etc", "etc/hosts", "fifo", "socket"));
}

TEST(Scan, NamesWhatItMayNotRead) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  const SomeTree tree;
  ASSERT_EQ(chmod(tree.at("etc/hosts").c_str(), 0600), 0);
  ASSERT_EQ(chmod(tree.at("usr/bin").c_str(), 0700), 0);
  ASSERT_EQ(chmod(tree.at("nothing").c_str(), 0444), 0);
  const AsNobody nobody;
  const Scan scan = tree.scan();
  EXPECT_THAT(
      scan.faults,
      ElementsAre(ScanFault{"etc/hosts", "Permission denied"}, ScanFault{"etc/hosts.linked", "Permission denied"},
                  ScanFault{"nothing", "Permission denied"}, ScanFault{"usr/bin", "Permission denied"}));
  for (const ScannedEntry& entry : scan.entries) {
    const bool unread = std::any_of(scan.faults.begin(), scan.faults.end(),
                                    [&](const ScanFault& fault) { return fault.path == entry.state.path; });
    EXPECT_EQ(entry.state.unread, unread) << entry.state.path;
  }
}

TEST(Scan, OfNoRootIsAnError) {
  const SomeTree tree;
  EXPECT_EQ(scan_tree(tree.at("nowhere"), {}).error().code, ErrorCode::not_found);
  EXPECT_FALSE(scan_tree(tree.at("empty"), {}));
}

TEST(Scan, TakesAWholeStateOfAFileThatIsReplacedMeanwhile) {
  const SomeTree tree;
  ScanOptions options;
  options.before_reading = [&](const std::string& path) {
    if (path != "etc/hosts") return;
    tree.write("beside", "what came instead");
    std::filesystem::rename(tree.at("beside"), tree.at("etc/hosts"));
  };
  const Scan scan = tree.scan(options);
  const auto found = std::find_if(scan.entries.begin(), scan.entries.end(),
                                  [](const ScannedEntry& entry) { return entry.state.path == "etc/hosts"; });
  ASSERT_NE(found, scan.entries.end());
  // Losing a name is a change of the old file: it is read again, and is what it was.
  EXPECT_EQ(found->state.sha256, sha256("what etc/hosts holds"));
  EXPECT_EQ(found->state.size, 20U);
  EXPECT_THAT(scan.faults, IsEmpty());
}

TEST(Scan, ReadsAFileAgainThatChangesAndThenNamesIt) {
  const SomeTree tree;
  std::atomic<int> changes = 0;
  int changes_max = 1;
  ScanOptions options;
  options.before_reading = [&](const std::string& path) {
    if (path == "empty" && changes < changes_max) tree.write("empty", std::string(static_cast<size_t>(++changes), 'x'));
  };
  Scan scan = tree.scan(options);
  EXPECT_THAT(scan.faults, IsEmpty());
  EXPECT_EQ(scan.entries[2].state.sha256, sha256("x"));
  EXPECT_EQ(scan.entries[2].state.size, 1U);

  changes_max = 1000;
  scan = tree.scan(options);
  EXPECT_THAT(scan.faults, ElementsAre(ScanFault{"empty", "it changes while it is read"}));
  EXPECT_TRUE(scan.entries[2].state.unread);
  EXPECT_FALSE(scan.entries[2].state.sha256);
}

// Somebody who swaps a directory for a link, and a file for a FIFO, gets nothing read that lies elsewhere, and stops
// nobody.
TEST(Scan, NeitherFollowsALinkNorOpensAFifoThatComesInBetween) {
  const SomeTree tree;
  const SomeTree elsewhere;
  elsewhere.write("secret", "secret");
  std::atomic<bool> over = false;
  std::thread enemy([&] {
    while (!over) {
      std::filesystem::rename(tree.at("usr"), tree.at("kept"));
      std::filesystem::create_symlink(elsewhere.root(), tree.at("usr"));
      std::filesystem::remove(tree.at("usr"));
      std::filesystem::rename(tree.at("kept"), tree.at("usr"));
      std::filesystem::remove(tree.at("file"));
      mkfifo(tree.at("file").c_str(), 0600);
      std::filesystem::remove(tree.at("file"));
      tree.write("file", "x");
    }
  });
  for (int i = 0; i < 100; ++i) {
    for (const ScannedEntry& entry : tree.scan().entries) {
      EXPECT_NE(entry.state.sha256, sha256("secret"));
      EXPECT_FALSE(entry.state.path == "usr/secret" || entry.state.path == "usr/etc");
    }
  }
  over = true;
  enemy.join();
}

// What lies deeper than a path may be long, or than descriptors may be open, is found too.
TEST(Scan, GoesAsDeepAsThereIsSomething) {
  const SomeTree tree;
  constexpr int kLevels = 1500;
  Scan scan;
  {
    int at = open(tree.root().c_str(), O_PATH | O_DIRECTORY);
    for (int i = 0; i < kLevels; ++i) {
      ASSERT_EQ(mkdirat(at, "down", 0755), 0);
      const int next = openat(at, "down", O_PATH | O_DIRECTORY);
      close(at);
      at = next;
    }
    close(at);
    scan = tree.scan();
  }
  EXPECT_THAT(scan.faults, IsEmpty());
  EXPECT_EQ(scan.entries.size(), 16U + kLevels);
}

TEST(Scan, StaysOnTheFileSystemOfItsRoot) {
  const SomeTree tree;
  if (mount("none", tree.at("nothing").c_str(), "tmpfs", 0, nullptr) != 0)
    GTEST_SKIP() << "nothing can be mounted here";
  tree.write("nothing/inside", "x");
  const Scan narrow = tree.scan();
  ScanOptions options;
  options.all_file_systems = true;
  const Scan wide = tree.scan(options);
  umount(tree.at("nothing").c_str());
  EXPECT_THAT(narrow.not_entered, ElementsAre("nothing"));
  EXPECT_EQ(narrow.entries.size() + 1, wide.entries.size());
  EXPECT_THAT(wide.not_entered, IsEmpty());
}

TEST(Scan, ExcludesByItselfOnlyInARunningSystem) {
  const SomeTree tree;
  EXPECT_THAT(default_excludes(tree.root()), IsEmpty());
  EXPECT_THAT(default_excludes("/"), testing::Contains("proc/*"));
}

}  // namespace
}  // namespace kedge
