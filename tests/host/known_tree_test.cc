#include "host/known_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace kedge {
namespace {

using Depth = ScanPart::Depth;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Time kNow{std::chrono::seconds(2'000'000'000)};

FileState directory(const std::string& path) {
  FileState state;
  state.path = path;
  state.type = FileType::directory;
  state.mode = 0755;
  return state;
}

FileState file(const std::string& path, const std::string& content = "as it was") {
  FileState state;
  state.path = path;
  state.mode = 0644;
  state.links = 1;
  state.size = content.size();
  state.sha256 = sha256(content);
  return state;
}

// etc/{app/{one,two},hosts}, usr
std::vector<FileState> good() {
  return {directory(""),       directory("etc"),  directory("etc/app"), file("etc/app/one"),
          file("etc/app/two"), file("etc/hosts"), directory("usr")};
}

Scan scan_of(const std::vector<FileState>& states) {
  Scan scan;
  uint64_t inode = 100;
  for (const FileState& state : states) scan.entries.push_back({state, {1, ++inode, {1'900'000'000, 0}}});
  return scan;
}

// One line for each: "modified etc/hosts", "restored created etc/hosts".
std::vector<std::string> told(const KnownTree::Found& found) {
  std::vector<std::string> lines;
  for (const Mutation& one : found.mutations) {
    lines.push_back((one.restored ? "restored " : "") + std::string(to_string(one.kinds.front())) + " " + one.path);
  }
  return lines;
}

class KnownTreeTest : public testing::Test {
 protected:
  KnownTree::Found look(const ScanPart& part, const std::vector<FileState>& states) {
    return tree.look(part, scan_of(states), kNow);
  }
  std::vector<std::string> look_and_accept(const ScanPart& part, const std::vector<FileState>& states) {
    const auto found = look(part, states);
    for (const Mutation& one : found.mutations) tree.accept(one);
    return told(found);
  }

  KnownTree tree{std::make_shared<const std::vector<FileState>>(good())};
};

TEST_F(KnownTreeTest, FindsNothingWhereAllIsAsTheBaselineHasIt) {
  EXPECT_THAT(look_and_accept({"", Depth::tree}, good()), IsEmpty());
  EXPECT_THAT(look_and_accept({"etc/hosts", Depth::entry}, {file("etc/hosts")}), IsEmpty());
  EXPECT_EQ(tree.differing(), 0U);
}

TEST_F(KnownTreeTest, FindsAChangeOnceAndItsReturnOnce) {
  const ScanPart hosts{"etc/hosts", Depth::entry};
  EXPECT_THAT(look_and_accept(hosts, {file("etc/hosts", "evil")}), ElementsAre("modified etc/hosts"));
  EXPECT_THAT(look_and_accept(hosts, {file("etc/hosts", "evil")}), IsEmpty());
  EXPECT_EQ(tree.differing(), 1U);
  EXPECT_THAT(look_and_accept(hosts, {file("etc/hosts", "evil too")}), ElementsAre("modified etc/hosts"));
  EXPECT_THAT(look_and_accept(hosts, {file("etc/hosts")}), ElementsAre("restored modified etc/hosts"));
  EXPECT_THAT(look_and_accept(hosts, {file("etc/hosts")}), IsEmpty());
  EXPECT_EQ(tree.differing(), 0U);
}

TEST_F(KnownTreeTest, FindsAgainWhatWasNotAccepted) {
  const ScanPart hosts{"etc/hosts", Depth::entry};
  EXPECT_THAT(told(look(hosts, {file("etc/hosts", "evil")})), ElementsAre("modified etc/hosts"));
  EXPECT_THAT(told(look(hosts, {file("etc/hosts", "evil")})), ElementsAre("modified etc/hosts"));
}

TEST_F(KnownTreeTest, ComparesWithWhatWasKnownLast) {
  look_and_accept({"etc/hosts", Depth::entry}, {file("etc/hosts", "first")});
  const auto found = look({"etc/hosts", Depth::entry}, {file("etc/hosts", "second")});
  ASSERT_EQ(found.mutations.size(), 1U);
  EXPECT_EQ(found.mutations[0].before->state.sha256, sha256("first"));
  EXPECT_EQ(found.mutations[0].after->state.sha256, sha256("second"));
}

TEST_F(KnownTreeTest, NamesTheGravestKindFirst) {
  FileState now = file("etc/hosts", "evil");
  now.mode = 04755;
  now.uid = 7;
  const auto found = look({"etc/hosts", Depth::entry}, {now});
  ASSERT_EQ(found.mutations.size(), 1U);
  EXPECT_THAT(found.mutations[0].kinds,
              ElementsAre(MutationKind::modified, MutationKind::mode, MutationKind::ownership));
}

TEST_F(KnownTreeTest, TellsADirectoryThatIsGoneOnceWithAllThatWasInIt) {
  const auto found = look({"etc/app", Depth::entry}, {});
  EXPECT_THAT(told(found), ElementsAre("deleted etc/app"));
  EXPECT_THAT(found.mutations[0].gone_below, ElementsAre("etc/app/one", "etc/app/two"));
  tree.accept(found.mutations[0]);
  EXPECT_THAT(look_and_accept({"etc/app/one", Depth::entry}, {}), IsEmpty());
  EXPECT_THAT(look_and_accept({"etc", Depth::tree}, {directory("etc"), file("etc/hosts")}), IsEmpty());
}

TEST_F(KnownTreeTest, ADirectoryThatIsBackIsRestoredAndWhatLacksInItIsFound) {
  look_and_accept({"etc/app", Depth::tree}, {});
  EXPECT_THAT(
      look_and_accept({"etc/app", Depth::tree},
                      {directory("etc/app"), file("etc/app/one", "evil"), file("etc/app/three")}),
      ElementsAre("restored created etc/app", "modified etc/app/one", "created etc/app/three", "deleted etc/app/two"));
  EXPECT_EQ(tree.differing(), 3U);
  EXPECT_THAT(
      look_and_accept({"etc/app", Depth::tree}, {directory("etc/app"), file("etc/app/one"), file("etc/app/two")}),
      ElementsAre("restored modified etc/app/one", "restored deleted etc/app/three", "restored created etc/app/two"));
  EXPECT_EQ(tree.differing(), 0U);
}

TEST_F(KnownTreeTest, ADirectoryThatBecameAFileIsGoneWithAllThatWasInIt) {
  const auto found = look({"etc", Depth::directory}, {directory("etc"), file("etc/app", "a file"), file("etc/hosts")});
  EXPECT_THAT(told(found), ElementsAre("modified etc/app"));
  EXPECT_THAT(found.mutations[0].gone_below, ElementsAre("etc/app/one", "etc/app/two"));
}

TEST_F(KnownTreeTest, AListingFindsWhatIsNewAndWhatIsGoneAndNoMore) {
  const auto found =
      look({"etc", Depth::directory}, {directory("etc"), directory("etc/app"), directory("etc/new"), file("etc/x")});
  EXPECT_THAT(told(found), ElementsAre("deleted etc/hosts", "created etc/new", "created etc/x"));
  EXPECT_THAT(found.unlisted, ElementsAre("etc/new"));
}

TEST_F(KnownTreeTest, WhatCouldNotBeReadSaysNothing) {
  Scan scan = scan_of({directory("etc")});
  scan.faults.push_back({"etc/app", "Permission denied"});
  scan.faults.push_back({"etc/hosts", "Input/output error"});
  EXPECT_THAT(told(tree.look({"etc", Depth::tree}, scan, kNow)), IsEmpty());
  FileState unread = file("etc/hosts", "longer than it was before");
  unread.unread = true;
  unread.sha256.reset();
  Scan half = scan_of({unread});
  half.faults.push_back({"etc/hosts", "it changes while it is read"});
  EXPECT_THAT(told(tree.look({"etc/hosts", Depth::entry}, half, kNow)), IsEmpty());
}

TEST_F(KnownTreeTest, AFileSystemThatHidesADirectoryIsTheMutationNotWhatItHides) {
  Scan scan = scan_of({directory("etc"), directory("etc/app"), file("etc/hosts")});
  scan.not_entered = {"etc/app"};
  const auto found = tree.look({"etc", Depth::tree}, scan, kNow);
  EXPECT_THAT(told(found), ElementsAre("mounted etc/app"));
  tree.accept(found.mutations[0]);
  EXPECT_THAT(told(tree.look({"etc", Depth::tree}, scan, kNow)), IsEmpty());
  EXPECT_THAT(look_and_accept({"etc", Depth::tree}, {directory("etc"), directory("etc/app"), file("etc/app/one"),
                                                     file("etc/app/two"), file("etc/hosts")}),
              ElementsAre("restored mounted etc/app"));
}

TEST_F(KnownTreeTest, AFileThatWasReadIsKnownUntilAnythingOfItChanges) {
  const Scan scan = scan_of(good());
  tree.look({"", Depth::tree}, scan, kNow);
  const ScannedEntry& hosts = scan.entries[5];
  ASSERT_EQ(hosts.state.path, "etc/hosts");
  const FileIdentity identity = hosts.identity;
  ASSERT_NE(tree.known("etc/hosts", identity, 9, {}), nullptr);
  EXPECT_EQ(tree.known("etc/hosts", identity, 9, {})->sha256, hosts.state.sha256);
  EXPECT_EQ(tree.known("etc/hosts", identity, 10, {}), nullptr);
  EXPECT_EQ(tree.known("etc/hosts", identity, 9, {1, 0}), nullptr);
  EXPECT_EQ(tree.known("etc/hosts", {identity.device, identity.inode + 1, identity.ctime}, 9, {}), nullptr);
  EXPECT_EQ(tree.known("etc/hosts", {identity.device, identity.inode, {1'900'000'000, 1}}, 9, {}), nullptr);
}

TEST_F(KnownTreeTest, AFileThatChangedJustNowIsNotKnown) {
  Scan scan = scan_of(good());
  for (ScannedEntry& entry : scan.entries) entry.identity.ctime = {1'999'999'999, 0};
  tree.look({"", Depth::tree}, scan, kNow);
  EXPECT_EQ(tree.known("etc/hosts", scan.entries[5].identity, 9, {}), nullptr);
}

TEST_F(KnownTreeTest, FindsEachPathOfTheBaselineInWhateverOrder) {
  auto entries = std::make_shared<std::vector<FileState>>(std::vector{directory("")});
  for (int i = 0; i < 60; ++i) {
    const std::string name = "d" + std::to_string(100 + i);
    entries->push_back(directory(name));
    for (int j = 0; j < i % 7; ++j) entries->push_back(file(name + "/" + std::to_string(j)));
  }
  for (size_t size = 0; size <= entries->size(); size += 19) {
    const KnownTree whole(
        std::make_shared<const std::vector<FileState>>(entries->begin(), entries->begin() + static_cast<long>(size)));
    Random random(size);
    for (int looks = 0; looks < 2'000; ++looks) {
      const size_t sought = random.below(entries->size());
      const std::string& path = (*entries)[sought].path;
      const FileState* const found = whole.in_baseline(path);
      ASSERT_EQ(found != nullptr, sought < size) << path;
      if (found != nullptr) {
        ASSERT_EQ(found->path, path);
      }
      ASSERT_EQ(whole.in_baseline(path + "!"), nullptr);
    }
  }
}

TEST_F(KnownTreeTest, TheRescanGoesOverAllDirectoriesThatAreThere) {
  look_and_accept({"etc/app", Depth::tree}, {});
  look_and_accept({"usr/new", Depth::tree}, {directory("usr/new")});
  std::vector<std::string> all;
  for (std::optional<std::string> at = ""; at; at = tree.directory_after(*at)) all.push_back(*at);
  EXPECT_THAT(all, ElementsAre("", "etc", "usr", "usr/new"));
}

TEST_F(KnownTreeTest, ARootThatIsGoneIsOneMutationAndNothingIsLeftToRescan) {
  EXPECT_THAT(look_and_accept({"", Depth::tree}, {}), ElementsAre("deleted "));
  EXPECT_EQ(tree.directory_after(""), std::nullopt);
  EXPECT_THAT(look_and_accept({"", Depth::tree}, good()), ElementsAre("restored created "));
}

// Whatever the looks in between saw: what ends different from the baseline is known to differ.
// It was told by one who died before it was remembered; what is there is told, whatever it is.
TEST_F(KnownTreeTest, WhatIsInDoubtIsFoundOnceAlsoWhereAllIsAsItWasKnown) {
  EXPECT_THAT(tree.doubt("etc/hosts"), ElementsAre("etc/hosts"));
  EXPECT_THAT(tree.doubt("etc/evil"), ElementsAre("etc/evil"));
  EXPECT_THAT(tree.doubt("etc/evil"), IsEmpty());
  EXPECT_THAT(look_and_accept({"etc", Depth::directory}, {directory("etc"), directory("etc/app"), file("etc/hosts")}),
              ElementsAre("restored deleted etc/evil", "restored modified etc/hosts"));
  EXPECT_THAT(look_and_accept({"", Depth::tree}, good()), IsEmpty());
}

TEST_F(KnownTreeTest, WithADirectoryAllThatWasToldOfWhatLiesInItIsInDoubt) {
  tree.recall("etc/app/new", ScannedEntry{file("etc/app/new"), {}});
  EXPECT_THAT(tree.doubt("etc/app"), ElementsAre("etc/app", "etc/app/new"));
  auto now = good();
  now.insert(now.begin() + 3, file("etc/app/new"));
  EXPECT_THAT(look_and_accept({"", Depth::tree}, now),
              ElementsAre("restored modified etc/app", "modified etc/app/new"));
  tree.doubt("etc/app");
  EXPECT_THAT(
      look_and_accept({"", Depth::tree}, {directory(""), directory("etc"), file("etc/hosts"), directory("usr")}),
      ElementsAre("deleted etc/app"));
  EXPECT_THAT(look_and_accept({"", Depth::tree}, good()), ElementsAre("restored created etc/app"));
}

TEST_F(KnownTreeTest, WhatEndsDifferentIsNeverLost) {
  const std::vector<std::string> contents = {"as it was", "evil", "worse"};
  uint32_t state = 7;
  const auto next = [&state] { return state = state * 1'664'525 + 1'013'904'223; };
  for (int i = 0; i < 2'000; ++i) {
    const std::string& content = contents[next() % contents.size()];
    const bool there = next() % 4 != 0;
    std::vector<FileState> now;
    if (there) now.push_back(file("etc/hosts", content));
    look_and_accept({"etc/hosts", Depth::entry}, now);
    EXPECT_EQ(tree.differing(), there && content == "as it was" ? 0U : 1U);
  }
}

}  // namespace
}  // namespace kedge
