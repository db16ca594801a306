// What the ledger hears of the pause file.
#include "api/pause_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/api/temporary_directory.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

class PauseRecord : public ::testing::Test {
 protected:
  void make_file() { std::ofstream(data.path("pause")).close(); }
  void remove_file() { std::filesystem::remove(data.path("pause")); }
  void record() {
    const auto recorded = record_pause_file(file, ledger, committer);
    EXPECT_TRUE(recorded) << recorded.error().message;
  }
  std::string scope() const { return "file:" + data.path("pause"); }

  const testing::TemporaryDirectory data;
  FakeClock clock;
  MemoryLedger ledger{clock};
  Mailbox<Remediation> runnable{100};
  Committer committer{ledger, runnable, {}};
  PauseFile file = *PauseFile::open(data.path());
};

TEST_F(PauseRecord, FollowsTheFile) {
  record();
  EXPECT_TRUE(ledger.pauses()->empty());
  make_file();
  record();
  ASSERT_EQ(ledger.pauses()->size(), 1U);
  EXPECT_EQ(ledger.pauses()->front().scope, scope());
  EXPECT_FALSE(ledger.pauses()->front().by.empty()) << "whose file it is";
  EXPECT_THAT(ledger.pauses()->front().reason, ::testing::HasSubstr("is there"));
  remove_file();
  record();
  EXPECT_TRUE(ledger.pauses()->empty());
}

TEST_F(PauseRecord, WritesARecordOnlyWhenSomethingHasChanged) {
  make_file();
  for (int i = 0; i < 3; ++i) record();
  EXPECT_EQ(*ledger.journal_head(), 1);  // behind the genesis
  remove_file();
  for (int i = 0; i < 3; ++i) record();
  EXPECT_EQ(*ledger.journal_head(), 2);
}

TEST_F(PauseRecord, LeavesAPersonsPauseAlone) {
  ASSERT_TRUE(committer.commit(AddPause{{"all", "maintenance", "alice", ledger.now()}}).done());
  make_file();
  record();
  EXPECT_EQ(ledger.pauses()->size(), 2U);
  remove_file();
  record();
  ASSERT_EQ(ledger.pauses()->size(), 1U);
  EXPECT_EQ(ledger.pauses()->front().scope, "all");
}

TEST_F(PauseRecord, EndsThePauseOfAFileThatNobodyLooksAtAnyMore) {
  ASSERT_TRUE(committer.commit(AddPause{{"file:/data/before/it/moved/pause", "", "", ledger.now()}}).done());
  record();
  EXPECT_TRUE(ledger.pauses()->empty());
}

TEST_F(PauseRecord, TriesAgainWhenTheLedgerHadNoRoom) {
  make_file();
  ledger.answer_with(Outcome::no_room);
  EXPECT_FALSE(record_pause_file(file, ledger, committer));
  ledger.answer_with(Outcome::done);
  record();
  EXPECT_EQ(ledger.pauses()->size(), 1U);
}

}  // namespace
}  // namespace kedge
