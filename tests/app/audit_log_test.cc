// The audit log beside a ledger: copied, compared at the start, and what it stops.
#include "app/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "audit/key_file.h"
#include "audit/log_reader.h"
#include "audit/verifier.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

class AuditLogTest : public testing::Test {
 protected:
  AuditLogTest() { fs::create_directories(data); }

  void note(MemoryLedger& ledger, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const Change change = NoteStart{"0.1.0", "digest", "boot-" + std::to_string(i)};
      ledger.apply({&change, 1});
    }
  }
  Result<std::unique_ptr<AuditLog>> start(MemoryLedger& ledger) {
    return AuditLog::start(options, data, ledger, system_clock);
  }
  LogVerification verified() { return *verify_log(data + "/audit", {verifier}, {}, 1); }

  TemporaryDirectory directory;
  const std::string data = directory.path() / "data";
  FakeClock clock;
  SystemClock system_clock;
  AuditOptions options{.keys = {directory.path() / "key"}};
  const VerifierKey verifier = make_key_file(options.keys[0], "example.com/audit").value();
};

TEST_F(AuditLogTest, HoldsTheJournalByteForByteOnceItIsStopped) {
  MemoryLedger ledger(clock);
  note(ledger, 300);
  for (int round = 0; round < 2; ++round) {
    const auto log = start(ledger);
    ASSERT_TRUE(log.ok()) << log.error().message;
    note(ledger, 3);
    (*log)->stop();
    EXPECT_EQ((*log)->stops_effects(), std::nullopt);
  }
  const LogVerification found = verified();
  EXPECT_TRUE(found.good()) << found.faults.at(0).message;
  ASSERT_TRUE(found.checkpoint);
  const auto journal = *ledger.journal(0, SIZE_MAX);
  EXPECT_EQ(found.checkpoint->size, journal.size());
  std::string bytes;
  for (const JournalEntry& entry : journal) bytes += entry.bytes;
  EXPECT_EQ(found.entry_bytes, bytes.size());
}

TEST_F(AuditLogTest, StopsEffectsOfALedgerThatIsOlderThanItsLog) {
  MemoryLedger ledger(clock);
  const MemoryLedger backup = ledger;
  note(ledger, 5);
  (*start(ledger))->stop();
  MemoryLedger restored = backup;
  const auto log = start(restored);
  ASSERT_TRUE(log.ok()) << log.error().message;
  EXPECT_THAT((*log)->stops_effects().value_or(""), testing::HasSubstr("the ledger is older than what it did"));
  note(restored, 10);
  (*log)->stop();
  EXPECT_EQ(verified().checkpoint->size, 6U) << "nothing of it goes into the log";
}

TEST_F(AuditLogTest, StopsEffectsOfALedgerThatWentOnInAnotherWay) {
  MemoryLedger ledger(clock);
  const MemoryLedger backup = ledger;
  note(ledger, 5);
  (*start(ledger))->stop();
  MemoryLedger other = backup;
  const Change change = NoteStop{"another history"};
  for (int i = 0; i < 10; ++i) other.apply({&change, 1});
  options.stops_effects = false;  // which concerns the log's directory alone
  const auto log = start(other);
  ASSERT_TRUE(log.ok()) << log.error().message;
  EXPECT_THAT((*log)->stops_effects().value_or(""), testing::HasSubstr("record 5 of the ledger is not the one"));
  EXPECT_EQ((*log)->alarm(), std::nullopt) << "nothing goes on";
}

TEST_F(AuditLogTest, StopsEffectsWhileTheLogIsTooManyRecordsBehindTheLedger) {
  options.publish_every = std::chrono::hours(24 * 3650);
  options.behind_records = 5;
  MemoryLedger ledger(clock);
  const auto log = start(ledger);
  ASSERT_TRUE(log.ok()) << log.error().message;
  const auto behind = [&] { return (*log)->status().records_behind; };
  note(ledger, 4);
  while (behind() < 5) std::this_thread::yield();
  EXPECT_EQ((*log)->stops_effects(), std::nullopt);
  note(ledger, 1);
  while (behind() < 6) std::this_thread::yield();
  EXPECT_EQ((*log)->stops_effects(), "the audit log is 6 records behind the ledger (5 are allowed)");
  (*log)->stop();
  EXPECT_EQ((*log)->stops_effects(), std::nullopt) << "it has caught up";
}

TEST_F(AuditLogTest, StopsEffectsWhileTheLogIsTooLongBehindTheLedger) {
  options.publish_every = std::chrono::hours(24 * 3650);
  MemoryLedger ledger(clock);
  const auto log = AuditLog::start(options, data, ledger, clock);
  ASSERT_TRUE(log.ok()) << log.error().message;
  while ((*log)->status().records_behind == 0) std::this_thread::yield();
  clock.advance(std::chrono::seconds(30));
  EXPECT_EQ((*log)->stops_effects(), std::nullopt);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ((*log)->stops_effects(), "the audit log is 31s behind the ledger (30s are allowed)");
  (*log)->stop();
  EXPECT_EQ((*log)->stops_effects(), std::nullopt);
}

// What on_failure: continue is: nothing stops, all is on record, and nothing is missing in the log in the end.
TEST_F(AuditLogTest, WhereEffectsGoOnWithoutItThatIsOnRecordAndItCatchesUp) {
  options.stops_effects = false;
  options.publish_every = std::chrono::milliseconds(10);
  MemoryLedger ledger(clock);
  const auto log = start(ledger);
  ASSERT_TRUE(log.ok()) << log.error().message;
  while ((*log)->status().published < 1) std::this_thread::yield();
  EXPECT_EQ((*log)->alarm(), std::nullopt);
  const fs::path tiles = data + "/audit/tile";
  fs::rename(tiles, tiles.string() + "-away");
  std::ofstream(tiles) << "no directory";
  note(ledger, 3);
  while (!(*log)->trouble()) std::this_thread::yield();
  EXPECT_EQ((*log)->stops_effects(), std::nullopt);
  const auto begins = (*log)->alarm();
  ASSERT_TRUE(begins);
  EXPECT_EQ(begins->kind, "audit-log");
  EXPECT_THAT(begins->message, testing::StartsWith("effects go on while the audit log cannot be written: "));
  EXPECT_EQ((*log)->alarm(), std::nullopt) << "once";
  const Change changes[] = {*begins};
  ledger.apply(changes);
  fs::remove(tiles);
  fs::rename(tiles.string() + "-away", tiles);
  while ((*log)->trouble()) std::this_thread::yield();
  const auto ends = (*log)->alarm();
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->message, "the audit log has caught up: it has what was done meanwhile");
  EXPECT_EQ((*log)->alarm(), std::nullopt) << "once";
  (*log)->stop();
  const LogVerification found = verified();
  EXPECT_TRUE(found.good()) << found.faults.at(0).message;
  EXPECT_EQ(found.checkpoint->size, ledger.journal(0, SIZE_MAX)->size());
}

class UnreadableLedger : public MemoryLedger {
 public:
  using MemoryLedger::MemoryLedger;
  Result<std::vector<JournalEntry>> journal(int64_t from, size_t limit) override {
    if (unreadable) return Error{ErrorCode::corrupt, "the database disk image is malformed"};
    return MemoryLedger::journal(from, limit);
  }
  std::atomic<bool> unreadable = false;
};

// on_failure: continue is about the log: over a ledger that is damaged nothing goes on.
TEST_F(AuditLogTest, EffectsNeverGoOnWhereItIsTheLedgerThatCannotBeRead) {
  options.stops_effects = false;
  options.publish_every = std::chrono::milliseconds(10);
  UnreadableLedger ledger(clock);
  const auto log = start(ledger);
  ASSERT_TRUE(log.ok()) << log.error().message;
  while ((*log)->status().published < 1) std::this_thread::yield();
  ledger.unreadable = true;
  note(ledger);
  while (!(*log)->trouble()) std::this_thread::yield();
  EXPECT_THAT((*log)->stops_effects().value_or(""),
              testing::HasSubstr("the audit log cannot be continued: the journal cannot be read: the database disk"));
  EXPECT_EQ((*log)->alarm(), std::nullopt) << "nothing goes on";
  ledger.unreadable = false;
  while ((*log)->trouble()) std::this_thread::yield();
  EXPECT_EQ((*log)->stops_effects(), std::nullopt);
}

TEST_F(AuditLogTest, DoesNotStartWhereTheLogCannotBeOpenedWhateverItsFailureMeans) {
  options.stops_effects = false;
  fs::create_directories(directory.path() / "not-a-volume");
  options.directory = directory.path() / "not-a-volume" / "log";
  std::ofstream(options.directory) << "in the way";
  MemoryLedger ledger(clock);
  const auto log = start(ledger);
  ASSERT_FALSE(log.ok());
  EXPECT_THAT(log.error().message, testing::StartsWith("audit.directory: "));
}

TEST_F(AuditLogTest, WhereEffectsStopWithItNothingIsSaidToGoOn) {
  options.publish_every = std::chrono::hours(24 * 3650);
  options.behind_records = 0;
  MemoryLedger ledger(clock);
  const auto log = start(ledger);
  ASSERT_TRUE(log.ok()) << log.error().message;
  while (!(*log)->trouble()) std::this_thread::yield();
  EXPECT_NE((*log)->stops_effects(), std::nullopt);
  EXPECT_EQ((*log)->alarm(), std::nullopt);
}

// A log that was cut, or is a new one: what lies between is nowhere any more.
TEST_F(AuditLogTest, SaysWhatIsMissingWhereTheJournalHasLetGoWhatTheLogNeeds) {
  int64_t published = 0;
  SqliteLedgerOptions of_ledger;
  of_ledger.published = [&] { return published; };
  MemoryLedger ledger(clock, of_ledger);
  note(ledger, 5);
  (*start(ledger))->stop();
  fs::copy(data, directory.path() / "older", fs::copy_options::recursive);
  note(ledger, 20);
  (*start(ledger))->stop();
  clock.advance(of_ledger.journal_horizon + std::chrono::hours(48));
  published = ledger.head() + 1;
  note(ledger, 5);
  ASSERT_GT(ledger.journal(0, 1)->front().seq, 20);
  {
    const auto log = start(ledger);
    ASSERT_TRUE(log.ok()) << log.error().message;
    (*log)->stop();
    EXPECT_EQ((*log)->stops_effects(), std::nullopt) << "the log has them";
  }
  fs::remove_all(data);
  fs::copy(directory.path() / "older", data, fs::copy_options::recursive);
  options.stops_effects = false;  // which concerns the log alone
  const auto cut = start(ledger);
  ASSERT_TRUE(cut.ok()) << cut.error().message;
  (*cut)->stop();
  EXPECT_THAT((*cut)->stops_effects().value_or(""), testing::HasSubstr("the log ends before record 6"));
  EXPECT_EQ((*cut)->alarm(), std::nullopt) << "nothing goes on";
}

TEST_F(AuditLogTest, DoesNotStartWithoutAKeyThatItMaySignWith) {
  MemoryLedger ledger(clock);
  fs::permissions(options.keys[0], fs::perms::owner_all | fs::perms::group_read);
  const auto log = start(ledger);
  ASSERT_FALSE(log.ok());
  EXPECT_THAT(log.error().message, testing::StartsWith("audit.keys[0]: "));
}

TEST_F(AuditLogTest, HasOneWriter) {
  MemoryLedger ledger(clock);
  const auto log = start(ledger);
  ASSERT_TRUE(log.ok()) << log.error().message;
  EXPECT_EQ(start(ledger).error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace kedge
