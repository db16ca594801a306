// A restored ledger goes on where its backup ended, and repeats nothing unseen.
#include "ledger/restoration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/json.h"
#include "guard/restored.h"
#include "ledger/backup.h"
#include "ledger/claim.h"
#include "ledger/sqlite.h"
#include "ledger/sqlite_ledger.h"
#include "ledger/tables.h"
#include "tests/ledger/dying.h"
#include "tests/ledger/fixtures.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr Duration kHorizon = std::chrono::hours(24 * 90);

class RestorationTest : public testing::Test {
 protected:
  void SetUp() override {
    options.directory = directory.path() / "data";
    open();
    ASSERT_TRUE(commit(sample_rules()).done());
    ASSERT_TRUE(commit(ClaimPositions{{{kPartition, {}, {"cluster-1", 0, 5, {}}, "", Json::object()}}, ""}).done());
    open_one(1);
    id = *reader()->ledger_id();
    backed_up = ledger->head();
    ASSERT_TRUE(back_up_ledger(options.directory, file, kHorizon)->good());
    clock.advance(std::chrono::hours(1));
    for (int number = 2; number < 5; ++number) open_one(number);
    former_head = ledger->head();
    ledger.reset();
  }

  void open() { ledger = *open_sqlite_ledger(options, clock, random); }
  std::unique_ptr<LedgerReader> reader() { return *open_sqlite_reader(options.directory); }
  Answer commit(Change change) { return ledger->apply({&change, 1}).at(0); }
  void open_one(int number) {
    ASSERT_TRUE(commit(batch_of({sample_finding(number, "t" + std::to_string(number), clock.now())})).done());
  }
  Result<Restoration> restore() { return restore_ledger(options.directory, file, kHorizon, "alice", clock, log()); }
  std::optional<LogOfLedger> log() const {
    if (!log_end) return std::nullopt;
    return LogOfLedger{*log_end, [this](int64_t from, size_t limit) -> Result<std::vector<JournalEntry>> {
                         std::vector<JournalEntry> found;
                         for (const JournalEntry& entry : logged) {
                           if (entry.seq >= from && found.size() < limit) found.push_back(entry);
                         }
                         return found;
                       }};
  }
  Json record(int64_t seq) { return *parse_json(reader()->journal(seq, 1)->at(0).bytes); }
  std::string db() const { return options.directory + "/ledger.db"; }

  const PartitionId kPartition{"cloudtrail", "events", 3};
  TemporaryDirectory directory;
  const std::string file = directory.path() / "backup.db";
  SqliteLedgerOptions options;
  FakeClock clock;
  Random random{1};
  std::optional<int64_t> log_end;    // of the audit log, where there is one
  std::vector<JournalEntry> logged;  // what can be read of it
  std::unique_ptr<Ledger> ledger;
  std::string id;
  int64_t backed_up = 0;
  int64_t former_head = 0;
};

TEST_F(RestorationTest, BeginsANewIncarnationBehindTheRecordsThatAreLost) {
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->incarnation, 2);
  EXPECT_EQ(restored->head, former_head + 1);
  const LedgerCheck now = *check_ledger(db(), kHorizon);
  EXPECT_TRUE(now.good()) << now.faults.front().message;
  EXPECT_EQ(now.ledger_id, id);
  EXPECT_EQ(now.incarnation, 2);
  EXPECT_EQ(now.open, 1);
  const Json told = record(restored->head);
  EXPECT_EQ(told["kind"], "restoration");
  EXPECT_EQ(told["actor"], "alice");
  EXPECT_EQ(told["from"], backed_up);
  EXPECT_EQ(told["missing"], Json({{"first", backed_up + 1}, {"last", former_head}}));
  EXPECT_EQ(told["former"], Json({{"ledger", id}, {"incarnation", 1}, {"head", former_head}}));
}

TEST_F(RestorationTest, GoesOnWithTheNumberThatComesNextInTheAuditLog) {
  for (const int64_t end : {former_head - 1, backed_up + 1, backed_up - 1, former_head + 20}) {
    log_end = end;
    const auto restored = restore();
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    EXPECT_EQ(restored->head, std::max(end, backed_up + 1));
    EXPECT_TRUE(check_ledger(db(), kHorizon)->good());
  }
}

TEST_F(RestorationTest, KeepsTheFormerLedger) {
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  const LedgerCheck former = *check_ledger(restored->set_aside + "/ledger.db", kHorizon);
  EXPECT_TRUE(former.good());
  EXPECT_EQ(former.head, former_head);
  const auto again = restore();
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_NE(again->set_aside, restored->set_aside);
  EXPECT_EQ(again->incarnation, 3);
  EXPECT_EQ(check_ledger(again->set_aside + "/ledger.db", kHorizon)->incarnation, 2);
}

TEST_F(RestorationTest, KeepsWhatStoodInTheFormersLog) {
  open();  // an engine that dies leaves its log: here, its copy
  open_one(7);
  const int64_t head = ledger->head();
  fs::copy(options.directory, directory.path() / "dead");
  ASSERT_GT(fs::file_size(directory.path() / "dead/ledger.db-wal"), 0U);
  options.directory = directory.path() / "dead";
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->former->head, head);
  EXPECT_EQ(check_ledger(restored->set_aside + "/ledger.db", kHorizon)->head, head);
  EXPECT_TRUE(check_ledger(db(), kHorizon)->good());
}

TEST_F(RestorationTest, PausesAllEffectsUntilAPersonGoesOn) {
  ASSERT_TRUE(restore().ok());
  open();
  const auto pauses = *reader()->pauses();
  ASSERT_EQ(pauses.size(), 2U);
  EXPECT_EQ(pauses[0].scope, "all");
  EXPECT_EQ(pauses[0].by, "alice");
  EXPECT_EQ(pauses[1].scope, "restored");
  EXPECT_EQ(pauses[1].since, clock.now());
  clock.advance(std::chrono::minutes(5));
  open_one(12);  // what happens from now on
  const Answer answer = commit(sample_start(sample_id(12), "t12", ledger->head()));
  ASSERT_TRUE(answer.done());
  EXPECT_EQ(answer.go->go, Go::held);
  EXPECT_EQ(answer.go->guard, "pause");
  EXPECT_EQ(commit(RemovePause{"all", "alice"}).runnable.size(), 1U);
}

// ---- what came of it since the backup ------------------------------------------------------------------------------

class MissingRecordsTest : public RestorationTest {
 protected:
  // Behind the backup: t2 is put right, t3 is rejected, t4 stays open, and a plan about t5 is suppressed.
  void SetUp() override {
    RestorationTest::SetUp();
    began = clock.now();
    open();
    put_right(2);
    ASSERT_TRUE(commit(PersonalMove{sample_id(3), Move::cancel, "alice", "meant"}).done());
    CommitBatch suppressed;
    suppressed.suppressions = {suppression(5)};
    ASSERT_TRUE(commit(suppressed).done());
    close();
  }
  void close() {
    former_head = ledger->head();
    ledger.reset();
  }
  void put_right(int number) {
    const std::string target = "t" + std::to_string(number);
    const Answer started = commit(sample_start(sample_id(number), target, ledger->head()));
    ASSERT_TRUE(started.done() && started.go->go == Go::go) << started.error.message << started.go->reason;
    const StepOutcome outcome = sample_outcome(0, 1, "mark-of-" + sample_id(number), clock.now());
    ASSERT_TRUE(commit(RecordOutcome{sample_id(number), outcome, Move::apply_all, ""}).done());
    const Conclude conclude{sample_id(number), Move::confirm, ledger->head(), {}, "", Json::object()};
    ASSERT_TRUE(commit(conclude).done());
  }
  Suppression suppression(int number) {
    const Finding finding = sample_finding(number, "t" + std::to_string(number), began);
    return {finding.key, finding.plan, finding.policy, finding.event, finding.times, "mode", "shadow", {}, {}};
  }
  // The event is read again.
  Disposition::Kind again(int number) {
    Finding finding = sample_finding(number, "t" + std::to_string(number), began);
    finding.remediation = sample_id(number + 100);
    const Answer answer = commit(batch_of({finding}));
    EXPECT_TRUE(answer.done()) << answer.error.message;
    return answer.dispositions.at(0).kind;
  }
  int64_t suppressions() {
    int64_t number = 0;
    const auto records = *reader()->journal(former_head + 1, 1000);
    for (const auto& entry : records) number += entry.bytes.find("\"kind\":\"suppression\"") != std::string::npos;
    return number;
  }
  void expect_dropped(const Restoration& restored, int64_t known) {
    EXPECT_EQ(restored.known, known);
    EXPECT_EQ(restored.dropped, 3);
    EXPECT_EQ(record(restored.head)["known"], known);
    EXPECT_EQ(record(restored.head)["dropped"], 3);
    EXPECT_TRUE(check_ledger(db(), kHorizon)->good());
    open();
    EXPECT_EQ(again(2), Disposition::Kind::duplicate);
    EXPECT_EQ(again(3), Disposition::Kind::duplicate);
    EXPECT_EQ(again(4), Disposition::Kind::opened) << "nothing came of it yet: it would be lost";
    CommitBatch suppressed;
    suppressed.suppressions = {suppression(5)};
    ASSERT_TRUE(commit(suppressed).done());
    EXPECT_EQ(suppressions(), 0);
    const Answer started = commit(sample_start(sample_id(104), "t4", ledger->head()));
    EXPECT_EQ(started.go->guard, kRestored);
  }
  Remediation open_row(int number) { return *reader()->remediation(sample_id(number)); }

  Time began;
};

TEST_F(MissingRecordsTest, DropWhatCameToItsEndByTheFormersJournal) {
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  expect_dropped(*restored, former_head);
}

TEST_F(MissingRecordsTest, DropWhatCameToItsEndByTheLogWhereTheFormerIsLost) {
  logged = *reader()->journal(0, 1000);
  log_end = former_head + 1;
  fs::remove_all(options.directory);
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  expect_dropped(*restored, former_head);
}

TEST_F(MissingRecordsTest, TellNothingWhereTheyDoNotGoOnBehindTheBackup) {
  logged = *reader()->journal(0, 1000);
  logged[static_cast<size_t>(backed_up)].bytes = "{}";
  log_end = former_head + 1;
  fs::remove_all(options.directory);
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_FALSE(restored->known);
  EXPECT_FALSE(record(restored->head).contains("known"));
  open();
  EXPECT_EQ(again(2), Disposition::Kind::opened);
  EXPECT_EQ(commit(sample_start(sample_id(102), "t2", ledger->head())).go->guard, kRestored);
}

TEST_F(MissingRecordsTest, LetOwnAttemptsBeRecognised) {
  ASSERT_TRUE(restore().ok());
  const std::string mark = "mark-of-" + sample_id(2);
  const auto by_mark = *reader()->attempts_by_mark(mark);
  ASSERT_EQ(by_mark.size(), 1U);
  EXPECT_EQ(by_mark[0], (AttemptTrace{sample_id(2), "t2", mark, {"s3:t2"}, true}));
  EXPECT_EQ(*reader()->attempts_by_request("request-of-" + mark), by_mark);
}

TEST_F(MissingRecordsTest, HoldWhatWasOpenInTheBackupAndWentOn) {
  open();
  put_right(1);
  close();
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->outdated, 1);
  EXPECT_EQ(record(restored->head)["outdated"], 1);
  const Remediation r = open_row(1);
  EXPECT_EQ(r.state, State::held);
  EXPECT_EQ(r.guard, kOutdated);
  EXPECT_THAT(r.reason, HasSubstr("by record " + std::to_string(former_head) + " it is confirmed"));
  EXPECT_THAT(r.reason, HasSubstr("kedge remediation reject " + r.id));
  EXPECT_EQ(r.figures, Json({{"record", former_head}, {"state", "confirmed"}}));
  const LedgerCheck checked = *check_ledger(db(), kHorizon);
  EXPECT_TRUE(checked.good()) << checked.faults.front().message;
  open();
  EXPECT_TRUE(commit(RemovePause{"all", "alice"}).runnable.empty());
  EXPECT_TRUE(commit(RemovePause{"restored", "alice"}).runnable.empty()) << "each is asked about by itself";
  EXPECT_EQ(commit(PersonalMove{r.id, Move::resume, "alice", ""}).runnable.size(), 1U);
}

TEST_F(MissingRecordsTest, HoldAnUndoOfWhichNobodyKnowsWhatBecame) {
  open();
  put_right(4);
  ASSERT_TRUE(commit(PersonalMove{sample_id(4), Move::undo, "alice", "meant"}).done());
  close();
  fs::remove(file);
  ASSERT_TRUE(back_up_ledger(options.directory, file, kHorizon)->good());
  ASSERT_TRUE(restore().ok());
  EXPECT_EQ(open_row(4).state, State::undoing) << "all is known, and nothing became of it";
  fs::remove_all(options.directory);
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->outdated, 1);
  EXPECT_EQ(open_row(4).guard, kOutdated);
  EXPECT_THAT(open_row(4).reason, HasSubstr("what became of it since record " + std::to_string(restored->backup.head)));
  EXPECT_TRUE(check_ledger(db(), kHorizon)->good());
  open();
  EXPECT_EQ(commit(PersonalMove{sample_id(4), Move::undo, "alice", "go on"}).runnable.size(), 1U);
}

// A yes of before was given by somebody who did not know of this.
TEST_F(MissingRecordsTest, LeaveNoApproval) {
  Database(file, SQLITE_OPEN_READWRITE)
      .execute("INSERT INTO approval VALUES ('" + sample_id(1) + "', 'alice', '', 0, x'')");
  ASSERT_TRUE(restore().ok());
  Database database(db(), SQLITE_OPEN_READONLY);
  EXPECT_FALSE(database.query("SELECT 1 FROM approval").next());
}

// Whatever the group's offset carries, it carries no greater epoch: reading goes on where the backup stood.
// A person may have undone, since, what a claim stands for.
TEST_F(RestorationTest, HoldsWhatReconcileFindsByTheClaimsOfTheBackup) {
  {
    Database backup(file, SQLITE_OPEN_READWRITE);
    Tables tables(backup);
    Claim claim;
    claim.remediation = sample_id(1);
    claim.plan = sample_plan("t1");
    claim.policy.reconcile = Reconcile::enforce;
    tables.put(claim);
  }
  const auto restored = restore();
  ASSERT_TRUE(restored.ok() && restored->backup.good());
  EXPECT_EQ(restored->backup.claims, 1);
  const std::vector<Claim> claims = *reader()->claims({}, kDialPoints, 10);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].policy.reconcile, Reconcile::hold);
}

TEST_F(RestorationTest, RaisesTheEpochsAboveAnyThatWereGiven) {
  const uint64_t before = reader()->positions()->at(0).position.epoch;
  ASSERT_TRUE(restore().ok());
  const Position first = reader()->positions()->at(0).position;
  EXPECT_GT(first.epoch, before + 1'000'000);
  EXPECT_EQ(first.next, 5);
  fs::remove(db());  // lost altogether, and restored from the same backup
  clock.advance(std::chrono::seconds(2));
  ASSERT_TRUE(restore().ok());
  EXPECT_GT(reader()->positions()->at(0).position.epoch, first.epoch + 1'000'000);
}

TEST_F(RestorationTest, SaysNothingOfAFormerLedgerThatIsNotThere) {
  fs::remove_all(options.directory);
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->set_aside, "");
  EXPECT_EQ(restored->head, backed_up + 1);
  EXPECT_FALSE(record(restored->head).contains("missing"));
  EXPECT_TRUE(check_ledger(db(), kHorizon)->good());
}

TEST_F(RestorationTest, TakesThePlaceOfADamagedLedger) {
  fs::resize_file(db(), 100);
  const auto restored = restore();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_FALSE(restored->former);
  EXPECT_EQ(fs::file_size(restored->set_aside + "/ledger.db"), 100U);
}

TEST_F(RestorationTest, NoticesOfTwoIncarnationsHaveDifferentIds) {
  const auto id_of_next = [&] {
    open();
    commit(RaiseAlarm{"own-principal", "somebody", Json::object(), {"on-call"}});
    ledger.reset();
    return reader()->due_notices(clock.now(), 100)->back().id;
  };
  fs::remove_all(options.directory);
  ASSERT_TRUE(restore().ok());
  const std::string first = id_of_next();
  Database(db(), SQLITE_OPEN_READWRITE)
      .execute(
          "DELETE FROM outbox; DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal); UPDATE meta SET "
          "incarnation = 3");
  EXPECT_NE(id_of_next(), first);
}

TEST_F(RestorationTest, RaisesTheEpochsAboveThoseOfAFormerLedgerWhoseClockWasAhead) {
  constexpr int64_t kFarAhead = int64_t{1} << 52U;
  Database(db(), SQLITE_OPEN_READWRITE).execute("UPDATE position SET epoch = " + std::to_string(kFarAhead));
  ASSERT_TRUE(restore().ok());
  EXPECT_GT(reader()->positions()->at(0).position.epoch, static_cast<uint64_t>(kFarAhead));
}

TEST_F(RestorationTest, BeginsAnewWhereAnEarlierOneWasEndedHalfWay) {
  for (const char* more : {"", "-journal", "-wal"})
    directory.write(std::string("data/ledger-restoring/restored.db") + more, "x");
  ASSERT_TRUE(restore().ok());
  EXPECT_TRUE(check_ledger(db(), kHorizon)->good());
  for (const auto& entry : fs::directory_iterator(options.directory)) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::AnyOf("ledger-restoring", "ledger-restored")));
  }
}

TEST_F(RestorationTest, IsRefusedWhileADaemonRuns) {
  open();
  const auto restored = restore();
  ASSERT_FALSE(restored.ok());
  EXPECT_EQ(restored.error().code, ErrorCode::conflict);
  EXPECT_EQ(ledger->head(), former_head);
}

TEST_F(RestorationTest, ChangesNothingWhereTheBackupIsFaulty) {
  Database(file, SQLITE_OPEN_READWRITE).execute("DELETE FROM journal WHERE seq = 1");
  const auto restored = restore();
  ASSERT_TRUE(restored.ok());
  EXPECT_FALSE(restored->backup.good());
  EXPECT_EQ(check_ledger(db(), kHorizon)->head, former_head);
  EXPECT_EQ(restore_ledger(options.directory, "/nowhere", kHorizon, "alice", clock, log()).error().code,
            ErrorCode::not_found);
  EXPECT_EQ(check_ledger(db(), kHorizon)->incarnation, 1);
}

// ---- crashes (contracts §6: the engine never acts with a ledger older than the world) ------------------------------

class RestorationCrashTest : public RestorationTest {
 protected:
  // The former ledger as an engine leaves it that was killed: with a log.
  void leave_a_log() {
    open();
    open_one(7);
    former_head = ledger->head();
    fs::copy(options.directory, directory.path() / "dead");
    ledger.reset();
    fs::remove_all(options.directory);
    fs::rename(directory.path() / "dead", options.directory);
    ASSERT_GT(fs::file_size(db() + "-wal"), 0U);
  }
  void reset_to(const fs::path& state) {
    fs::remove_all(options.directory);
    if (fs::exists(state)) fs::copy(state, options.directory, fs::copy_options::recursive);
  }
  void keep_as(const fs::path& state) {
    fs::remove_all(state);
    if (fs::exists(options.directory)) fs::copy(options.directory, state, fs::copy_options::recursive);
  }
  std::vector<fs::path> set_aside() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(options.directory)) {
      if (entry.path().filename().string().starts_with("ledger-before-restore-")) found.push_back(entry.path());
    }
    return found;
  }

  // What the next start finds. True: the restored one.
  bool opens_restored() {
    open();
    const int64_t head = ledger->head();
    ledger.reset();
    const LedgerCheck found = *check_ledger(db(), kHorizon);
    EXPECT_TRUE(found.good()) << found.faults.front().message;
    const bool paused = !reader()->pauses()->empty();
    EXPECT_EQ(paused, found.incarnation == 2);
    EXPECT_FALSE(fs::exists(options.directory + "/ledger-restoring"));
    EXPECT_FALSE(fs::exists(options.directory + "/ledger-restored"));
    if (!paused) {
      EXPECT_EQ(head, former_head);
    }
    return paused;
  }

  // Dies at every point of a restoration, and of the start behind it.
  void die_everywhere() {
    const fs::path before = directory.path() / "before";
    const fs::path crashed = directory.path() / "crashed";
    keep_as(before);
    bool restored = false;
    for (int call = 1;; ++call) {
      SCOPED_TRACE("restoration, call " + std::to_string(call));
      reset_to(before);
      const bool died = dies_at(call, [this] { restore_or_exit(); });
      keep_as(crashed);
      const bool was = restored;
      restored = opens_restored();
      EXPECT_TRUE(restored || !was) << "it went back";
      if (restored && !was) die_while_opening(crashed);  // all further points are some of these
      if (HasFailure() || !died) break;
    }
    EXPECT_TRUE(restored);
  }
  void restore_or_exit() {
    if (!restore().ok()) _exit(1);
  }
  void die_while_opening(const fs::path& crashed) {
    for (int call = 1;; ++call) {
      SCOPED_TRACE("start, call " + std::to_string(call));
      reset_to(crashed);
      const bool died = dies_at(call, [this] { open(); });
      const bool ended = !fs::exists(options.directory + "/ledger-restored");
      EXPECT_TRUE(opens_restored());
      ASSERT_EQ(set_aside().size(), 1U);
      EXPECT_EQ(head_of(set_aside()[0]), former_head);
      if (!HasFailure() && died && !ended) continue;  // what follows is any start
      EXPECT_GT(call, 5) << "it ended too early to have tried anything";
      return;
    }
  }
  int64_t head_of(const fs::path& place) const {
    const auto found = check_ledger(place / "ledger.db", kHorizon);
    return found && found->good() ? found->head : -1;
  }
};

TEST_F(RestorationCrashTest, LeavesTheFormerLedgerOrTheRestoredOneWithItsEffectsPaused) { die_everywhere(); }

TEST_F(RestorationCrashTest, LeavesOneOfThemAlsoWhereTheFormerHasALog) {
  leave_a_log();
  die_everywhere();
}

TEST_F(RestorationCrashTest, PutsOneWhereThereIsNone) {
  fs::remove_all(options.directory);
  ASSERT_TRUE(restore().ok());
  EXPECT_TRUE(opens_restored());
  EXPECT_THAT(set_aside(), testing::IsEmpty());
}

// A reader would see the former ledger without its log.
TEST_F(RestorationCrashTest, IsToldToWhoOnlyReads) {
  fs::create_directory(options.directory + "/ledger-restored");
  fs::copy(file, options.directory + "/ledger-restored/restored.db");
  for (const Error& error : {open_sqlite_reader(options.directory).error(),
                             back_up_ledger(options.directory, directory.path() / "copy", kHorizon).error()}) {
    EXPECT_EQ(error.code, ErrorCode::unavailable);
    EXPECT_THAT(error.message, HasSubstr("`kedge run` ends it"));
  }
  const auto restored = restore();  // ends it, and begins another
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->former->head, backed_up);
  ASSERT_EQ(set_aside().size(), 2U);
}

}  // namespace
}  // namespace kedge
