// The manifest in the hands of NetBSD's mtree: it agrees with a tree, and finds what was changed in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "host/manifest.h"
#include "tests/host/some_tree.h"

namespace kedge {
namespace {

class Mtree : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v mtree > /dev/null") != 0) GTEST_SKIP() << "mtree is not installed";
    Manifest manifest;
    manifest.excludes = {"var/log/*"};
    manifest.entries = tree_.states();
    const std::string text = to_text(manifest);
    beside_.write("manifest", text + note_lines(text, SigningKey::from_seed("a", std::string(32, 'k')).value()));
  }

  // What it says, and with which exit code.
  std::string ask() {
    const std::string at = beside_.path().string();
    const int status =
        std::system(("mtree -f " + at + "/manifest -p " + tree_.root() + " > " + at + "/told 2>&1").c_str());
    return std::to_string(WEXITSTATUS(status)) + "\n" + beside_.read("told");
  }

  SomeTree tree_;
  TemporaryDirectory beside_;
};

TEST_F(Mtree, AgreesThatATreeIsTheSame) { EXPECT_EQ(ask(), "0\n"); }

TEST_F(Mtree, FindsWhatIsNot) {
  const FileTime time = state_at(tree_.states(), "etc/hosts")->mtime;
  tree_.write("etc/hosts", "what etc/hosts HOLDS");
  tree_.set_mtime("etc/hosts", time);
  std::filesystem::remove(tree_.at(kNoUtf8));
  EXPECT_THAT(ask(), testing::AllOf(testing::StartsWith("2\n"), testing::HasSubstr("etc/hosts: \n\tsha256"),
                                    testing::HasSubstr("missing: ./usr/\xff\xfe\x80")));
}

}  // namespace
}  // namespace kedge
