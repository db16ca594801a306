#include "host/baseline_seen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "base/clock.h"
#include "tests/host/some_tree.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Seen : public testing::Test {
 protected:
  // A baseline made at `begun`, and what lets the next scan read less.
  void make(Time begun) {
    const Scan scan = tree_.scan();
    Manifest manifest;
    for (const ScannedEntry& entry : scan.entries) manifest.entries.push_back(entry.state);
    manifest_ = *parse_manifest(to_text(manifest), "m");
    text_ = seen_text(manifest_.digest, scan.entries, begun);
    const auto read = SeenFiles::parse(text_, "m.seen", manifest_);
    ASSERT_TRUE(read) << read.error().message;
    seen_ = *read;
  }

  // What the next scan reads, and what it finds.
  std::set<std::string> read_again() {
    std::set<std::string> paths;
    std::mutex mutex;
    ScanOptions options;
    options.known = [&](const auto&... facts) { return seen_.find(facts...); };
    options.before_reading = [&](const std::string& path) {
      const std::lock_guard lock(mutex);
      paths.insert(path);
    };
    states_.clear();
    for (const ScannedEntry& entry : tree_.scan(options).entries) states_.push_back(entry.state);
    return paths;
  }

  static Time later() { return SystemClock().now() + std::chrono::minutes(1); }

  SomeTree tree_;
  ReadManifest manifest_;
  std::string text_;
  SeenFiles seen_;
  std::vector<FileState> states_;
};

TEST_F(Seen, FilesAreNotReadAgainAndKnownAsBefore) {
  make(later());
  EXPECT_THAT(read_again(), IsEmpty());
  EXPECT_EQ(states_, manifest_.manifest.entries);
}

TEST_F(Seen, FilesAreReadAgainWhateverIsDoneToThem) {
  make(later());
  const FileTime time = state_at(manifest_.manifest.entries, "etc/hosts")->mtime;
  tree_.write("etc/hosts", "what etc/hosts HOLDS");  // in place, with the mtime put back
  tree_.set_mtime("etc/hosts", time);
  tree_.write("usr/bin/new", "new");
  EXPECT_EQ(chmod(tree_.at("empty").c_str(), 0600), 0);
  EXPECT_THAT(read_again(), UnorderedElementsAre("etc/hosts", "etc/hosts.linked", "usr/bin/new", "empty"));
  EXPECT_EQ(state_at(states_, "etc/hosts")->sha256, sha256("what etc/hosts HOLDS"));
}

TEST_F(Seen, FilesThatChangedJustBeforeAreNotTrusted) {
  make(SystemClock().now());
  EXPECT_EQ(read_again().size(), 7U);
}

TEST_F(Seen, IsOfOneManifest) {
  make(later());
  ReadManifest other = manifest_;
  other.digest = sha256("another");
  EXPECT_THAT(SeenFiles::parse(text_, "m.seen", other).error().message, HasSubstr("m.seen:1: "));
  EXPECT_THAT(SeenFiles::parse(text_ + "1 2 3 4 nowhere\n", "m.seen", manifest_).error().message,
              HasSubstr("m.seen:9: "));
  EXPECT_THAT(SeenFiles::parse(text_ + "1 2 3\n", "m.seen", manifest_).error().message, HasSubstr("m.seen:9: "));
}

}  // namespace
}  // namespace kedge
