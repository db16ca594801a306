// Scans of parts of a tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/host/some_tree.h"

namespace kedge {
namespace {

using Depth = ScanPart::Depth;
using testing::ElementsAre;
using testing::IsEmpty;

class ScanParts : public testing::Test {
 protected:
  std::vector<std::string> paths(const std::string& path, Depth depth, const ScanOptions& options = {}) const {
    const auto scan = scan_parts(tree.root(), {{path, depth}}, options);
    EXPECT_TRUE(scan) << scan.error().message;
    std::vector<std::string> found;
    for (const ScannedEntry& entry : scan->entries) found.push_back(entry.state.path);
    return found;
  }

  SomeTree tree;
};

TEST_F(ScanParts, OfThePathAloneOfADirectoryOrOfAllBelow) {
  tree.write("etc/app/one", "1");
  EXPECT_THAT(paths("etc/app/one", Depth::entry), ElementsAre("etc/app/one"));
  EXPECT_THAT(paths("etc", Depth::entry), ElementsAre("etc"));
  EXPECT_THAT(paths("etc", Depth::directory), ElementsAre("etc", "etc/app", "etc/hosts", "etc/hosts.linked"));
  EXPECT_THAT(paths("etc", Depth::tree), ElementsAre("etc", "etc/app", "etc/app/one", "etc/hosts", "etc/hosts.linked"));
}

TEST_F(ScanParts, AreTheSameAsTheyAreInAScanOfTheWholeTree) {
  const Scan whole = tree.scan();
  const auto parts = scan_parts(tree.root(), {{"", Depth::tree}}, {});
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->entries.size(), whole.entries.size());
  for (size_t i = 0; i < whole.entries.size(); ++i) EXPECT_EQ(parts->entries[i].state, whole.entries[i].state);
  for (const ScannedEntry& entry : whole.entries) {
    const auto alone = scan_parts(tree.root(), {{entry.state.path, Depth::entry}}, {});
    ASSERT_EQ(alone->entries.size(), 1U) << entry.state.path;
    EXPECT_EQ(alone->entries[0].state, entry.state);
  }
}

TEST_F(ScanParts, OfWhatIsNotThereAreEmpty) {
  EXPECT_THAT(paths("etc/none", Depth::tree), IsEmpty());
  EXPECT_THAT(paths("none/none", Depth::entry), IsEmpty());
  EXPECT_THAT(paths("etc/hosts/none", Depth::entry), IsEmpty());
}

TEST_F(ScanParts, NeverFollowALink) {
  EXPECT_THAT(paths("bin/tool", Depth::entry), IsEmpty());
  EXPECT_THAT(paths("bin", Depth::tree), ElementsAre("bin"));
}

TEST_F(ScanParts, LeaveOutWhatIsExcluded) {
  tree.write("etc/app/one", "1");
  ScanOptions options;
  options.excludes = {"etc/app"};
  EXPECT_THAT(paths("etc/app/one", Depth::entry, options), IsEmpty());
  EXPECT_THAT(paths("etc", Depth::directory, options), ElementsAre("etc", "etc/hosts", "etc/hosts.linked"));
  EXPECT_TRUE(is_excluded("etc/app/one", options.excludes));
  EXPECT_FALSE(is_excluded("etc/apple", options.excludes));
}

TEST_F(ScanParts, ARootThatIsGoneIsSaidToBe) {
  const auto scan = scan_parts(tree.root() + "/none", {{"", Depth::tree}}, {});
  ASSERT_FALSE(scan);
  EXPECT_EQ(scan.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kedge
