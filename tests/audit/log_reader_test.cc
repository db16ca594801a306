#include "audit/log_reader.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "audit/proof.h"
#include "tests/audit/log_files.h"
#include "tests/audit/reference_tree.h"

namespace kedge {
namespace {

TEST(LogReader, ReadsTheKnownLog) {
  const LogFiles files = log_files(vectors::kEntries);
  EXPECT_EQ(files.at("checkpoint"), vectors::kCheckpoint);
  EXPECT_EQ(files.at("tile/entries/000.p/5"), vectors::kBundle);
  EXPECT_EQ(sha256(files.at("tile/0/000.p/5")).hex(), vectors::kTileSha256);
  EXPECT_EQ(files.size(), 3U);
  const TemporaryDirectory directory;
  write_log(directory, files);
  EXPECT_EQ(*read_checkpoint_file(directory.path()), vectors::kCheckpoint);
  const LogReader log(directory.path(), 5);
  EXPECT_EQ(*log.entries(0, 100), vectors::kEntries);
  EXPECT_EQ(*log.tile({0, 0, 5}), vectors::kLeaves);
  const NodeReader nodes = [&](unsigned level, uint64_t index) { return log.node(level, index); };
  EXPECT_EQ(*inclusion_proof(2, 5, nodes), vectors::kInclusion);
  EXPECT_EQ(*consistency_proof(3, 5, nodes), vectors::kConsistency);
}

TEST(LogReader, HasEverySubtreeThatTheLogHas) {
  const ReferenceTree tree(numbered_entries(600));
  const TemporaryDirectory directory;
  write_log(directory, log_files(tree.entries()));
  const LogReader log(directory.path(), 600);
  for (unsigned level = 0; level < 10; ++level) {
    const uint64_t span = uint64_t{1} << level;
    for (uint64_t index = 0; (index + 1) * span <= 600; index += 5) {
      ASSERT_EQ(*log.node(level, index), tree.root(index * span, (index + 1) * span)) << level << " " << index;
    }
    EXPECT_FALSE(log.node(level, 600 / span).ok());
  }
}

TEST(LogReader, GivesAnyRangeOfTheEntries) {
  const auto entries = numbered_entries(600);
  const TemporaryDirectory directory;
  write_log(directory, log_files(entries));
  const LogReader log(directory.path(), 600);
  for (const uint64_t from : {0, 1, 255, 256, 300, 511, 512, 599, 600, 1000}) {
    for (const uint64_t limit : {0, 1, 2, 256, 257, 700}) {
      std::vector<std::string> expected;
      for (uint64_t i = from; i < std::min<uint64_t>(600, from + limit); ++i) expected.push_back(entries[i]);
      EXPECT_EQ(*log.entries(from, limit), expected) << from << " " << limit;
    }
  }
  EXPECT_EQ(log.entries(599, UINT64_MAX)->size(), 1U);
}

TEST(LogReader, FallsBackToTheFullFileThatReplacedAPartialOne) {
  const auto entries = numbered_entries(300);
  const TemporaryDirectory directory;
  LogFiles files = log_files(entries);
  ASSERT_EQ(files.count("tile/entries/000.p/5"), 0U);
  write_log(directory, files);
  const LogReader log(directory.path(), 5);
  EXPECT_EQ(*log.entries(0, 100), std::vector<std::string>(entries.begin(), entries.begin() + 5));
  EXPECT_EQ(log.tile({0, 0, 5})->size(), 5U);
}

TEST(LogReader, NamesTheFileThatIsNotThereOrNotOfItsLength) {
  const TemporaryDirectory directory;
  LogFiles files = log_files(numbered_entries(5));
  files["tile/0/000.p/5"].pop_back();
  files.erase("tile/entries/000.p/5");
  write_log(directory, files);
  const LogReader log(directory.path(), 5);
  EXPECT_EQ(log.tile({0, 0, 5}).error(), (Error{ErrorCode::corrupt, "tile/0/000.p/5: it has 159 bytes, not 160"}));
  EXPECT_EQ(log.entries(0, 1).error().code, ErrorCode::not_found);
  EXPECT_EQ(log.node(0, 0).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace kedge
