#include "host/baseline_difference.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "base/random.h"
#include "tests/host/some_tree.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;

std::vector<std::string> lines(const std::vector<Difference>& found) {
  std::vector<std::string> all;
  for (const Difference& difference : found) all.push_back(to_text(difference));
  return all;
}

TEST(BaselineDifference, OfATreeThatNobodyTouchedIsNone) {
  const SomeTree tree;
  EXPECT_THAT(differences(tree.states(), tree.states(), true), IsEmpty());
}

TEST(BaselineDifference, SaysWhatAndFromWhatToWhat) {
  const SomeTree tree;
  const auto before = tree.states();
  tree.write("usr/bin/tool", "a longer text than there was before");
  EXPECT_EQ(chmod(tree.at("usr/bin/tool").c_str(), 04755), 0);
  tree.write("usr/bin/new one", "");
  std::filesystem::remove(tree.at("fifo"));
  EXPECT_THAT(
      lines(differences(before, tree.states())),
      ElementsAre(
          "removed fifo", "added usr/bin/new\\040one",
          MatchesRegex("modified usr/bin/tool: sha256 [0-9a-f]{12}…→[0-9a-f]{12}…, size 23→35, mode 0755→4755")));
}

TEST(BaselineDifference, FindsOtherContentOfTheSameSizeAndTime) {
  const SomeTree tree;
  const auto before = tree.states();
  const FileTime time = state_at(before, "etc/hosts")->mtime;
  tree.write("etc/hosts", "what etc/hosts HOLDS");
  tree.set_mtime("etc/hosts", time);
  EXPECT_THAT(lines(differences(before, tree.states(), true)),
              ElementsAre(MatchesRegex("modified etc/hosts: sha256 .*→[^,]*"),
                          MatchesRegex("modified etc/hosts.linked: sha256 .*→[^,]*")));
}

TEST(BaselineDifference, OfATimeAloneIsToldOnlyWhenAskedFor) {
  const SomeTree tree;
  const auto before = tree.states();
  tree.set_mtime("empty", {1, 5});
  EXPECT_THAT(differences(before, tree.states()), IsEmpty());
  EXPECT_THAT(lines(differences(before, tree.states(), true)),
              ElementsAre(MatchesRegex("modified empty: time .*→1.000000005")));
}

// One change of each kind, at a place that a seed chooses: exactly that is told.
class OneMutation : public testing::TestWithParam<int> {};

TEST_P(OneMutation, IsFoundAndNothingElse) {
  const SomeTree tree;
  Random random(static_cast<uint64_t>(GetParam()));
  for (int i = 0; i < 20; ++i) {
    tree.write("d" + std::to_string(random.below(4)) + "/f" + std::to_string(i), random.bytes(1 + random.below(5000)));
  }
  const auto before = tree.states();
  std::vector<std::string> files;
  for (const FileState& state : before) {
    if (state.type == FileType::file && state.path.starts_with("d")) files.push_back(state.path);
  }
  const std::string victim = files[random.below(files.size())];
  const std::string at = tree.at(victim);
  const FileState old = *state_at(before, victim);
  const std::string beside = victim + ".beside";
  const std::vector<std::pair<std::function<void()>, std::vector<std::string>>> mutations = {
      {[&] {
         std::string bytes = random.bytes(old.size);
         tree.write(victim, bytes);
         tree.set_mtime(victim, old.mtime);
       },
       {"modified " + victim + ": sha256"}},
      {[&] { std::filesystem::resize_file(at, old.size + 1); }, {"modified " + victim + ": sha256 size"}},
      {[&] { ASSERT_EQ(chmod(at.c_str(), old.mode ^ 04000), 0); }, {"modified " + victim + ": mode"}},
      {[&] { std::filesystem::remove(at); }, {"removed " + victim}},
      {[&] { tree.write(beside, "x"); }, {"added " + beside}},
      {[&] { std::filesystem::create_hard_link(at, tree.at("linked")); },
       {"modified " + victim + ": links", "added linked"}},
      {[&] {
         std::filesystem::remove(at);
         std::filesystem::create_symlink("/etc/passwd", at);
       },
       {"modified " + victim + ": type mode"}},
      {[&] { std::filesystem::rename(at, tree.at(beside)); }, {"removed " + victim, "added " + beside}},
      {[&] {
         std::filesystem::remove(tree.at("bin"));
         std::filesystem::create_symlink("usr/lib", tree.at("bin"));
       },
       {"modified bin: link"}},
      {[&] {
         std::filesystem::remove(at);
         std::filesystem::create_directory(at);
       },
       {"modified " + victim + ": type mode"}},
      {[&] { std::filesystem::rename(tree.at("usr/bin"), tree.at("usr/bin2")); },
       {"removed usr/bin", "removed usr/bin/tool", "added usr/bin2", "added usr/bin2/tool"}},
  };
  const auto& [mutate, expected] = mutations[static_cast<size_t>(GetParam()) % mutations.size()];
  mutate();
  std::vector<std::string> found;
  for (const Difference& difference : differences(before, tree.states())) {
    std::string text = std::string(to_string(difference.kind)) + " " + difference.path;
    if (!difference.changes.empty()) text += ":";
    for (const FieldChange& change : difference.changes) text += " " + change.field;
    found.push_back(text);
  }
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(expected));
}

INSTANTIATE_TEST_SUITE_P(Seeds, OneMutation, testing::Range(0, 44));

TEST(BaselineDifference, FindsAnotherOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  const SomeTree tree;
  const auto before = tree.states();
  ASSERT_EQ(lchown(tree.at("empty").c_str(), 1, 2), 0);
  EXPECT_THAT(lines(differences(before, tree.states())), ElementsAre("modified empty: owner 0:0→1:2"));
}

TEST(BaselineDifference, SaysNothingOfContentThatWasNotRead) {
  FileState read;
  read.path = "a";
  read.sha256 = sha256("a");
  read.capabilities = "x";
  FileState unread = read;
  unread.sha256.reset();
  unread.capabilities.clear();
  unread.unread = true;
  EXPECT_THAT(differences({read}, {unread}), IsEmpty());
  unread.mode = 04755;
  EXPECT_THAT(lines(differences({read}, {unread})), ElementsAre("modified a: mode 0000→4755"));
}

}  // namespace
}  // namespace kedge
