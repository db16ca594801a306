#include "pipeline/audit_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/audit/lossy_log_disk.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"
#include "tests/trail/kept_journal.h"

namespace kedge {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class AuditFollowerTest : public ::testing::Test {
 protected:
  AuditFollowerTest() {
    EXPECT_TRUE(disk_.open()->make_directory("/log"));
    EXPECT_TRUE(disk_.open()->make_directory("/state"));
    EXPECT_TRUE(disk_.open()->sync_all());
    open();
  }

  void open() {
    follower_.reset();
    const auto key = SigningKey::from_seed("example.com/log", std::string(32, 'k'));
    auto writer = LogWriter::open({"/log", "/state/head", {*key}}, disk_.open());
    ASSERT_TRUE(writer) << writer.error().message;
    writer_ = *std::move(writer);
    follower_ = std::make_unique<AuditFollower>(
        ledger_, *writer_, clock_, AuditFollower::Options{.blobs = blobs_, .in_doubt = [this] { return in_doubt_; }});
  }

  // So many records more.
  void write(int records) {
    for (int i = 0; i < records; ++i) {
      const std::vector<Change> changes = {NoteStop{"record " + std::to_string(ledger_.head() + 1)}};
      ASSERT_TRUE(ledger_.apply(changes).front().done());
    }
  }
  uint64_t in_journal() const { return static_cast<uint64_t>(ledger_.head()) + 1; }
  void turn_later() {
    clock_.advance(seconds(1));
    follower_->turn();
  }

  BlobsBesideLog blobs_ = BlobsBesideLog::parts;
  bool in_doubt_ = false;
  FakeClock clock_;
  MemoryLedger ledger_{clock_};
  LossyLogDisk disk_{1};
  std::unique_ptr<LogWriter> writer_;
  std::unique_ptr<AuditFollower> follower_;
};

// It may be older than what it did, and what was signed once would be signed in another way.
TEST_F(AuditFollowerTest, PutsNothingIntoTheLogWhileTheLedgerIsInDoubt) {
  write(3);
  turn_later();
  const auto before = disk_.files();
  const uint64_t calls = disk_.calls();
  in_doubt_ = true;
  write(5);
  turn_later();
  follower_->start();
  follower_->stop();
  EXPECT_EQ(disk_.files(), before);
  EXPECT_EQ(disk_.calls(), calls);
  EXPECT_TRUE(follower_->status().held);
  EXPECT_EQ(follower_->status().records_behind, 5);
  EXPECT_EQ(follower_->status().trouble, std::nullopt);
  in_doubt_ = false;
  turn_later();
  EXPECT_FALSE(follower_->status().held);
  EXPECT_EQ(follower_->status().published, in_journal());
  EXPECT_EQ(follower_->status().records_behind, 0);
}

TEST_F(AuditFollowerTest, CopiesEveryRecordByteForByteUnderItsNumber) {
  write(300);
  turn_later();
  EXPECT_EQ(writer_->published().size, in_journal());
  MerkleFrontier tree;
  for (const JournalEntry& record : *ledger_.journal(0, 1000)) tree.append(leaf_hash(record.bytes));
  EXPECT_EQ(writer_->published().root, tree.root());
}

TEST_F(AuditFollowerTest, HandsOutTheCheckpointThatTheLogShowsAlsoAfterARestart) {
  EXPECT_FALSE(follower_->newest());
  write(3);
  follower_->turn();
  const auto newest = follower_->newest();
  ASSERT_TRUE(newest);
  EXPECT_EQ(*newest,
            (PublishedCheckpoint{"example.com/log", in_journal(), *disk_.open()->read("/log/checkpoint", 4096)}));
  open();
  EXPECT_EQ(follower_->newest(), newest);
}

TEST_F(AuditFollowerTest, PublishesAtItsCadenceAndNotWithEveryRecord) {
  turn_later();
  EXPECT_EQ(follower_->status().publications, 1U);
  for (int i = 0; i < 9; ++i) {
    write(1);
    clock_.advance(std::chrono::milliseconds(100));
    follower_->turn();
  }
  EXPECT_EQ(follower_->status().publications, 1U);
  EXPECT_EQ(follower_->status().records_behind, 9);
  clock_.advance(std::chrono::milliseconds(100));
  follower_->turn();
  EXPECT_EQ(follower_->status().publications, 2U);
  EXPECT_EQ(follower_->status().records_behind, 0);
  turn_later();
  EXPECT_EQ(follower_->status().publications, 2U);
}

TEST_F(AuditFollowerTest, GoesOnAtTheLogsLastLeafAfterItsMachineDied) {
  write(10);
  turn_later();
  write(10);
  follower_->turn();
  disk_.lose_what_is_not_synced();
  open();
  EXPECT_LT(writer_->size(), in_journal());
  turn_later();
  EXPECT_EQ(writer_->published().size, in_journal());
}

class BlobsOfAuditFollower : public AuditFollowerTest, public ::testing::WithParamInterface<BlobsBesideLog> {
 protected:
  bool is_there(const std::string& digest) {
    return disk_.files().contains("/log/blobs/" + digest.substr(0, 2) + "/" + digest.substr(2));
  }
};

INSTANTIATE_TEST_SUITE_P(AuditFollower, BlobsOfAuditFollower,
                         ::testing::Values(BlobsBesideLog::none, BlobsBesideLog::parts, BlobsBesideLog::all));

// The sample's rules have bundles; of an alarm with much to say the details are too large for its record.
TEST_P(BlobsOfAuditFollower, LieBesideTheLogAsFarAsTheyMay) {
  blobs_ = GetParam();
  open();
  RaiseAlarm alarm;
  alarm.kind = "test";
  alarm.details = {{"long", std::string(70'000, 'x')}};
  Finding finding = sample_finding(1, "arn:aws:s3:::b", ledger_.now());
  const std::vector<Change> changes = {sample_rules(), alarm, batch_of({finding})};
  for (const Answer& answer : ledger_.apply(changes)) ASSERT_TRUE(answer.done()) << answer.error.message;
  turn_later();
  ASSERT_EQ(writer_->published().size, in_journal());
  const bool parts = GetParam() != BlobsBesideLog::none;
  size_t bundles = 0;
  for (const LoadedRule& rule : sample_rules().rules) {
    if (rule.bundle.empty()) continue;
    EXPECT_EQ(is_there(sha256(rule.bundle).hex()), parts);
    ++bundles;
  }
  EXPECT_GT(bundles, 0U);
  EXPECT_EQ(is_there(sha256(*canonical_json(alarm.details)).hex()), parts);
  EXPECT_EQ(is_there(sha256(finding.event.document).hex()), GetParam() == BlobsBesideLog::all);
}

TEST_F(AuditFollowerTest, GoesOnWithoutABlobThatTheLedgerHasNotAnyMore) {
  const std::vector<Change> changes = {sample_rules()};
  ASSERT_TRUE(ledger_.apply(changes).front().done());
  kedge::testing::KeptJournal journal(*ledger_.journal(0, 100));
  AuditFollower follower(journal, *writer_, clock_, AuditFollower::Options{});
  clock_.advance(seconds(1));
  follower.turn();
  EXPECT_EQ(writer_->published().size, in_journal());
  EXPECT_FALSE(follower.status().trouble);
}

TEST_F(AuditFollowerTest, PublishesOnceMoreWhenItIsStopped) {
  follower_->start();
  write(5);
  follower_->stop();
  EXPECT_EQ(writer_->published().size, in_journal());
}

TEST_F(AuditFollowerTest, SaysHowFarBehindItIsWhileTheDiskIsFullAndCatchesUpByItself) {
  turn_later();
  bool full = true;
  disk_.fate = [&](uint64_t) { return full ? LossyLogDisk::Fate::has_no_room : LossyLogDisk::Fate::well; };
  write(7);
  turn_later();
  clock_.advance(seconds(30));
  follower_->turn();
  const auto behind = follower_->status();
  EXPECT_EQ(behind.records_behind, 7);
  EXPECT_EQ(behind.behind_for, seconds(30));
  EXPECT_EQ(behind.failures, 2U);
  EXPECT_THAT(behind.trouble.value_or(""), HasSubstr("the audit log cannot be written"));
  full = false;
  turn_later();
  const auto caught_up = follower_->status();
  EXPECT_EQ(caught_up.records_behind, 0);
  EXPECT_EQ(caught_up.behind_for, Duration{0});
  EXPECT_FALSE(caught_up.trouble);
  EXPECT_EQ(writer_->published().size, in_journal());
}

}  // namespace
}  // namespace kedge
