#include "trail/log_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "tests/audit/log_files.h"
#include "tests/trail/kept_journal.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;
using testing::KeptJournal;

std::vector<JournalEntry> entries(int64_t from, int64_t to) {
  std::vector<JournalEntry> entries;
  for (int64_t seq = from; seq < to; ++seq) {
    entries.push_back({seq, R"({"kind":"test","seq":)" + std::to_string(seq) + "}"});
  }
  return entries;
}

class LogRecordsTest : public ::testing::Test {
 protected:
  // The log as it is published with so many records.
  void publish(int64_t records) {
    std::vector<std::string> bytes;
    for (const JournalEntry& entry : entries(0, records)) bytes.push_back(entry.bytes);
    write_log(directory_, log_files(bytes));
  }
  void take_bundle(const std::string& name) { std::filesystem::remove(directory_.path() / "tile" / "entries" / name); }

  TemporaryDirectory directory_;
  LogRecords log_{directory_.path()};
};

TEST_F(LogRecordsTest, GivesEntriesByTheirNumbers) {
  publish(700);
  ASSERT_EQ(*log_.look(), 700);
  for (const int64_t from : {0, 1, 255, 256, 511, 512, 699}) {
    for (const int64_t limit : {1, 2, 256, 257, 1000}) {
      EXPECT_EQ(*log_.records(from, static_cast<size_t>(limit)), entries(from, std::min<int64_t>(700, from + limit)))
          << from << " " << limit;
    }
  }
  EXPECT_TRUE(log_.records(700, 10)->empty());
  EXPECT_EQ(*log_.end(), 700);
}

TEST_F(LogRecordsTest, SeesWhatIsPublishedWhenItLooksAgain) {
  EXPECT_EQ(log_.look().error().code, ErrorCode::not_found);
  EXPECT_EQ(*log_.end(), 0);
  publish(300);
  ASSERT_EQ(*log_.look(), 300);
  EXPECT_EQ(log_.records(299, 10)->size(), 1U);
  publish(310);
  EXPECT_EQ(log_.records(299, 100)->size(), 1U);
  ASSERT_EQ(*log_.look(), 310);
  EXPECT_EQ(log_.records(299, 100)->size(), 11U);
}

TEST_F(LogRecordsTest, NamesTheFileThatIsMissing) {
  publish(300);
  ASSERT_TRUE(log_.look());
  take_bundle("000");
  const auto found = log_.records(17, 1);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_THAT(found.error().message, HasSubstr("tile/entries/000"));
  EXPECT_EQ(log_.records(260, 1)->size(), 1U);
}

// Whatever part of the records each of both has, as long as nothing lies between them.
TEST_F(LogRecordsTest, WithTheJournalBehindThemTheyAreAllRecords) {
  constexpr int64_t kAll = 600;
  for (const int64_t published : {0, 1, 255, 256, 300, 512, 599, 600}) {
    if (published > 0) publish(published);
    for (const int64_t kept_from : {int64_t{0}, published / 2, published}) {
      KeptJournal journal(entries(std::min(kept_from, kAll - 1), kAll));
      LogThenJournal all(log_, journal);
      ASSERT_EQ(*all.end(), kAll);
      for (int64_t from = 0; from <= kAll; from += 37) {
        for (const int64_t limit : {1, 64, 256, 1000}) {
          ASSERT_EQ(*all.records(from, static_cast<size_t>(limit)), entries(from, std::min(kAll, from + limit)))
              << published << " " << kept_from << " " << from << " " << limit;
        }
      }
    }
  }
}

TEST_F(LogRecordsTest, WithTheJournalBehindThemTheNewestIsSeenAtOnce) {
  publish(10);
  KeptJournal journal(entries(0, 12));
  LogThenJournal all(log_, journal);
  EXPECT_EQ(*all.end(), 12);
  journal.append(entries(12, 13).front());
  EXPECT_EQ(*all.end(), 13);
  EXPECT_EQ(all.records(11, 10)->size(), 2U);
}

// An engine that follows for long: what it last saw of the log is old when the journal lets records go.
TEST_F(LogRecordsTest, WithTheJournalBehindThemNothingIsMissedThatTheJournalLetGoMeanwhile) {
  publish(10);
  KeptJournal journal(entries(0, 20));
  LogThenJournal all(log_, journal);
  ASSERT_EQ(*all.end(), 20);
  publish(500);
  KeptJournal later(entries(490, 510));
  LogThenJournal follower(log_, later);
  ASSERT_EQ(log_.size(), 10);
  EXPECT_EQ(*follower.records(15, 1000), entries(15, 510));
}

TEST_F(LogRecordsTest, WithTheJournalBehindThemADamagedFileIsPassedOverWhereTheJournalHasItsRecords) {
  publish(300);
  take_bundle("000");
  KeptJournal whole(entries(0, 305));
  LogThenJournal all(log_, whole);
  ASSERT_TRUE(all.end());
  EXPECT_EQ(*all.records(100, 1000), entries(100, 305));
  KeptJournal later(entries(150, 305));
  LogThenJournal some(log_, later);
  EXPECT_EQ(some.records(100, 1000).error().code, ErrorCode::not_found);
}

TEST_F(LogRecordsTest, TellTheSameAsALedgerWhoseHistoryTheyAre) {
  publish(300);
  ASSERT_TRUE(log_.look());
  const auto same = [&](std::vector<JournalEntry> journal) {
    KeptJournal ledger(std::move(journal));
    return *tells_the_same(log_, ledger);
  };
  EXPECT_TRUE(same(entries(0, 300)));
  EXPECT_TRUE(same(entries(0, 320))) << "the log has not all";
  EXPECT_TRUE(same(entries(0, 20))) << "the ledger is older";
  EXPECT_TRUE(same(entries(299, 320))) << "the journal begins later";
  EXPECT_FALSE(same(entries(310, 320))) << "what lies between is gone";
  auto other = entries(0, 320);
  other[299].bytes = R"({"kind":"other","seq":299})";
  EXPECT_FALSE(same(other));
  auto put_back = entries(0, 200);
  put_back.push_back({300, R"({"kind":"restoration","seq":300})"});
  EXPECT_TRUE(same(put_back));
  put_back.back().bytes = R"({"kind":"start","seq":300})";
  EXPECT_FALSE(same(put_back));
}

}  // namespace
}  // namespace kedge
