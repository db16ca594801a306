// The check finds nothing in a ledger as we leave it, whatever was done with it, and finds what somebody else does.
#include "ledger/ledger_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "ledger/sqlite.h"
#include "ledger/sqlite_ledger.h"
#include "tests/ledger/change_maker.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Duration kHorizon = std::chrono::hours(24 * 90);

std::string told(const LedgerCheck& check) {
  std::string all;
  for (const LedgerFault& fault : check.faults) all += fault.part + " " + fault.where + ": " + fault.message + "\n";
  return all;
}

class LedgerCheckTest : public testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    options.directory = directory.path();
    auto opened = open_sqlite_ledger(options, clock, random);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    ledger = *std::move(opened);
  }
  Answer commit(Change change) { return ledger->apply({&change, 1}).at(0); }

  // A remediation that has been tried, one that has ended, a position, an exception, a pause, a dead letter, a notice.
  void use() {
    ASSERT_TRUE(commit(sample_rules()).done());
    ASSERT_TRUE(commit(ClaimPositions{{{kPartition, {}, {"cluster-1", 0, 5, {}}, "accepted", Json::object()}}, "alice"})
                    .done());
    ASSERT_TRUE(
        commit(AddException{{"E1", "*", "t", "team", "why", clock.now() + std::chrono::hours(1), "alice", clock.now()}})
            .done());
    CommitBatch batch = batch_of({sample_finding(1, "one", clock.now()), sample_finding(2, "two", clock.now())});
    batch.moves = {{kPartition, 1, 5, 9, Bookmark{8, clock.now(), sha256("value")}}};
    DeadLetter letter;
    letter.source = "cloudtrail";
    letter.topic = "events";
    letter.offset = 7;
    letter.reason = "not_json";
    letter.value = "junk";
    letter.value_bytes = 4;
    letter.value_digest = sha256("junk");
    batch.dead_letters = {letter};
    ASSERT_TRUE(commit(batch).done());
    ASSERT_TRUE(commit(sample_start(sample_id(1), "one", ledger->head())).done());
    ASSERT_TRUE(commit(PersonalMove{sample_id(2), Move::cancel, "alice", "no"}).done());
    ASSERT_TRUE(commit(AddPause{{"all", "freeze", "alice", clock.now()}}).done());
    ASSERT_TRUE(commit(RaiseAlarm{"own-principal", "somebody", Json::object(), {"on-call"}}).done());
  }

  LedgerCheck check() { return *check_ledger(directory.path() / "ledger.db", kHorizon); }
  void tamper(const std::string& sql) {
    ledger.reset();
    Database(directory.path() / "ledger.db", SQLITE_OPEN_READWRITE).execute(sql);
  }
  std::string found_after(const std::string& sql) {
    tamper(sql);
    return told(check());
  }

  const PartitionId kPartition{"cloudtrail", "events", 3};
  TemporaryDirectory directory;
  SqliteLedgerOptions options;
  FakeClock clock;
  Random random{1};
  std::unique_ptr<Ledger> ledger;
};

TEST_F(LedgerCheckTest, ANewLedgerIsGood) {
  const LedgerCheck found = check();
  EXPECT_TRUE(found.good()) << told(found);
  EXPECT_EQ(found.head, 0);
  EXPECT_EQ(found.records, 1);
  EXPECT_EQ(found.incarnation, 1);
  EXPECT_EQ(found.ledger_id, *(*open_sqlite_reader(options.directory))->ledger_id());
}

TEST_F(LedgerCheckTest, AUsedLedgerIsGoodBesideItsWriter) {
  use();
  const LedgerCheck found = check();
  EXPECT_TRUE(found.good()) << told(found);
  EXPECT_EQ(found.head, ledger->head());
  EXPECT_EQ(found.open, 1);
  EXPECT_EQ(found.ended, 1);
  EXPECT_GT(found.blobs, 2);
}

// Whatever is done with it in whatever order, and however much time passes.
TEST_F(LedgerCheckTest, NothingThatTheEngineDoesIsAFault) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    ledger.reset();
    std::filesystem::remove_all(directory.path());
    options.notify_alarms = {"on-call"};
    options.gate.budgets.all.most = 5;
    options.dead_letters_max = 6;
    options.suppressions_per_minute = 3;
    options.record_bytes_max = 3'000;
    options.undo_horizon = std::chrono::hours(24 * 3);
    options.journal_horizon = std::chrono::hours(24 * static_cast<int64_t>(seed % 3));
    options.published = [this] { return ledger ? ledger->head() - 3 : 0; };
    open();
    const auto reader = *open_sqlite_reader(options.directory);
    ChangeMaker maker(seed, clock);
    for (int i = 0; i < 300; ++i) {
      clock.advance(maker.pause());
      commit(maker.next(*reader));
      if (i % 100 != 99) continue;
      const auto found = *check_ledger(directory.path() / "ledger.db", options.undo_horizon);
      ASSERT_TRUE(found.good()) << "seed " << seed << ", change " << i << "\n" << told(found);
    }
  }
}

TEST_F(LedgerCheckTest, AJournalThatLetRecordsGoIsGoodAndOneThatLostTheSameIsNot) {
  options.published = [this] { return ledger ? ledger->head() : 0; };
  ledger.reset();
  open();
  use();
  clock.advance(options.journal_horizon + std::chrono::hours(48));
  commit(NoteStop{"long after"});
  commit(NoteStop{"and later"});
  const LedgerCheck found = check();
  EXPECT_TRUE(found.good()) << told(found);
  EXPECT_EQ(found.first, ledger->head() - 2);
  EXPECT_EQ(found.open, 1) << "of which no record tells any more";
  EXPECT_THAT(found_after("DELETE FROM journal WHERE seq = (SELECT min(seq) FROM journal)"),
              HasSubstr("are missing before it"));
}

TEST_F(LedgerCheckTest, FindsWhatIsWrongWithTheJournal) {
  use();
  EXPECT_THAT(found_after("DELETE FROM journal WHERE seq = 3"), HasSubstr("journal 4: the records 3 to 3 are missing"));
}

TEST_F(LedgerCheckTest, FindsARecordThatWasChanged) {
  use();
  const std::string found =
      found_after("UPDATE journal SET bytes = replace(bytes, '\"v\":1', '\"v\": 1') WHERE seq = 2");
  EXPECT_THAT(found, HasSubstr("journal 2: is not in canonical form"));
  EXPECT_THAT(found_after("UPDATE journal SET bytes = 'x' WHERE seq = 2"),
              HasSubstr("journal 2: is not a JSON object"));
}

TEST_F(LedgerCheckTest, FindsMovesThatNoRemediationMakes) {
  use();
  const std::string id = sample_id(2);
  EXPECT_THAT(found_after("UPDATE journal SET bytes = replace(bytes, '\"from\":\"planned\"', '\"from\":\"running\"') "
                          "WHERE bytes LIKE '%\"to\":\"cancelled\"%'"),
              HasSubstr("moves " + id + " from running, and it was planned"));
  EXPECT_THAT(found_after("UPDATE journal SET bytes = replace(bytes, '\"to\":\"cancelled\"', '\"to\":\"undone\"')"),
              HasSubstr("moves " + id + " from running to undone, which no move does"));
}

TEST_F(LedgerCheckTest, FindsAJournalThatIsCutOff) {
  use();
  const std::string found = found_after("DELETE FROM journal WHERE seq > 5");
  EXPECT_THAT(found,
              HasSubstr("remediation 018f0000-0000-7000-8000-000000000001: is running, and by the journal it is"));
  EXPECT_THAT(found, HasSubstr("pause all: is there, and by the journal it is not"));
}

TEST_F(LedgerCheckTest, FindsTheJournalOfAnotherLedger) {
  EXPECT_THAT(found_after("UPDATE meta SET ledger_id = 'other', incarnation = 2"),
              testing::AllOf(HasSubstr("the ledger is other, and its journal is that of"),
                             HasSubstr("is in incarnation 2, and its journal in 1")));
}

TEST_F(LedgerCheckTest, FindsOpenRemediationsThatNobodyCanTakeUp) {
  use();
  EXPECT_THAT(found_after("DELETE FROM lock"), HasSubstr("does not hold the lock of s3:one"));
  EXPECT_THAT(found_after("UPDATE remediation SET state = 'confirmed'"),
              HasSubstr("has ended (confirmed) and still stands among the open ones"));
  EXPECT_THAT(found_after("UPDATE remediation SET moving = 'x'"),
              HasSubstr("cannot be read, so no worker takes it up"));
  EXPECT_THAT(found_after("DELETE FROM finding"), HasSubstr("what it was opened for is missing"));
  EXPECT_THAT(found_after("DELETE FROM remediation"),
              testing::AllOf(HasSubstr("is not open, and by the journal it is running"),
                             HasSubstr("step 0: the remediation that it belongs to is not open")));
}

TEST_F(LedgerCheckTest, FindsALockThatNobodyGivesBack) {
  use();
  EXPECT_THAT(found_after("INSERT INTO lease VALUES ('s3:x', 'gone')"), HasSubstr("lease s3:x: the remediation"));
  EXPECT_THAT(found_after("INSERT INTO lock VALUES ('s3:x', 'gone')"),
              HasSubstr("lock s3:x: it is held for a remediation"));
}

TEST_F(LedgerCheckTest, FindsOneThatAnEndedPauseHolds) {
  use();
  commit(batch_of({sample_finding(3, "three", clock.now())}));
  commit(sample_start(sample_id(3), "three", ledger->head()));
  EXPECT_TRUE(check().good()) << told(check());
  EXPECT_THAT(found_after("DELETE FROM pause"),
              testing::AllOf(HasSubstr("is held by a pause that is over"), HasSubstr("pause all: is not there")));
}

TEST_F(LedgerCheckTest, FindsAPositionThatWentBack) {
  use();
  EXPECT_THAT(found_after("UPDATE position SET next = 3, bookmark_offset = NULL"),
              HasSubstr("position cloudtrail/events[3]: stands at 3 in epoch 1, and by the journal it was at 5"));
  EXPECT_THAT(found_after("DELETE FROM position"), HasSubstr("is not there, and by the journal it was read"));
}

TEST_F(LedgerCheckTest, FindsClaimsThatReconcileCannotLookAt) {
  use();
  EXPECT_THAT(
      found_after("INSERT INTO claim VALUES ('R', 'T', 'x', 'no JSON', 0, 0, -1)"),
      testing::AllOf(HasSubstr("claim R T: stands at -1, where reconcile never looks"), HasSubstr("cannot be read")));
}

TEST_F(LedgerCheckTest, FindsBlobsThatAreGoneOrChanged) {
  use();
  EXPECT_THAT(found_after("UPDATE blob SET bytes = x'00'"), HasSubstr("holds other bytes than those of this digest"));
  EXPECT_THAT(
      found_after("DELETE FROM blob"),
      testing::AllOf(HasSubstr("its event is missing"), HasSubstr("its bundle of rule aws.s3.public-bucket is missing"),
                     HasSubstr("its value is missing, so it cannot be undone")));
}

TEST_F(LedgerCheckTest, FindsDeadLettersAndExceptionsThatAreGone) {
  use();
  EXPECT_THAT(
      found_after("DELETE FROM dead_letter; DELETE FROM exception"),
      testing::AllOf(HasSubstr("dead letter cloudtrail: 1 with 4 bytes are counted, and 0 with 0 are there"),
                     HasSubstr("is not there, and by the journal it is"), HasSubstr("exception E1: is not there")));
}

TEST_F(LedgerCheckTest, FindsAnIndexThatLies) {
  use();
  const std::string found = found_after(
      "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, '(rule, target)', '(target, rule)') "
      "WHERE name = 'remediation_by_target'");
  EXPECT_THAT(found, HasSubstr("file : "));
}

TEST_F(LedgerCheckTest, CountsFaultsBeyondItsLimit) {
  tamper(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) INSERT INTO lock SELECT 'k' || "
      "i, 'gone' FROM n");
  const LedgerCheck found = check();
  EXPECT_EQ(found.faults.size(), kLedgerFaultsMax);
  EXPECT_EQ(found.more_faults, 200);
}

TEST_F(LedgerCheckTest, SaysWhatIsNoLedger) {
  EXPECT_EQ(check_ledger(directory.path() / "no", kHorizon).error().code, ErrorCode::not_found);
  EXPECT_EQ(check_ledger(directory.write("text", std::string(5'000, 'x')), kHorizon).error().code, ErrorCode::corrupt);
  tamper("PRAGMA user_version = 99");
  EXPECT_EQ(check_ledger(directory.path() / "ledger.db", kHorizon).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace kedge
