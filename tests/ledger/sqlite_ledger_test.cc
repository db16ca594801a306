// What is SQLite's own: the file, its lock and its versions, disks that are full or fail, crashes, time over restarts.
#include "ledger/sqlite_ledger.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "base/json.h"
#include "ledger/ledger_check.h"
#include "ledger/schema.h"
#include "ledger/tables.h"
#include "tests/ledger/dying.h"
#include "tests/ledger/faulty_disk.h"
#include "tests/ledger/fixtures.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
namespace fs = std::filesystem;

class SqliteLedgerTest : public testing::Test {
 protected:
  SqliteLedgerTest() {
    set_disk_fault(DiskFault::none);
    options.directory = directory.path() / "data";
  }
  ~SqliteLedgerTest() override { set_disk_fault(DiskFault::none); }

  Result<std::unique_ptr<Ledger>> try_open() { return open_sqlite_ledger(options, clock, random); }
  std::unique_ptr<Ledger> open() {
    auto opened = try_open();
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  std::unique_ptr<LedgerReader> read() { return *open_sqlite_reader(options.directory); }
  Answer commit(Ledger& ledger, Change change) { return ledger.apply({&change, 1}).at(0); }
  Answer note(Ledger& ledger) { return commit(ledger, NoteStart{"0.1.0", "digest", "boot"}); }
  nlohmann::json last_record() {
    const auto reader = read();
    return *parse_json(reader->journal(*reader->journal_head(), 1)->at(0).bytes);
  }
  fs::path file(const char* name) const { return fs::path(options.directory) / name; }

  // Runs SQL on the closed file.
  void tamper(const std::string& sql) {
    Database database(file("ledger.db"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    database.execute(sql);
  }

  TemporaryDirectory directory;
  SqliteLedgerOptions options;
  FakeClock clock;
  Random random{1};
};

// ---- the file ------------------------------------------------------------------------------------------------------

TEST_F(SqliteLedgerTest, IsReadableByItsOwnerOnly) {
  const auto ledger = open();
  for (const char* name : {"ledger.db", "ledger.db-wal", "lock"}) {
    struct stat status {};
    ASSERT_EQ(stat(file(name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << name;
  }
}

TEST_F(SqliteLedgerTest, HasOneWriter) {
  const auto first = open();
  const auto second = try_open();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos) << second.error().message;
}

TEST_F(SqliteLedgerTest, KeepsItsIdAndItsHead) {
  auto ledger = open();
  note(*ledger);
  const std::string id = *read()->ledger_id();
  ledger.reset();
  EXPECT_EQ(*read()->ledger_id(), id);  // without a writer
  EXPECT_EQ(*read()->journal_head(), 1);
  EXPECT_EQ(open()->head(), 1);
}

TEST_F(SqliteLedgerTest, SaysThatThereIsNoLedger) {
  EXPECT_EQ(open_sqlite_reader(options.directory).error().code, ErrorCode::not_found);
}

TEST_F(SqliteLedgerTest, RefusesAFileThatANewerEngineWrote) {
  open();
  tamper("PRAGMA user_version = 99");
  for (const Error& error : {try_open().error(), open_sqlite_reader(options.directory).error()}) {
    EXPECT_EQ(error.code, ErrorCode::invalid);
    EXPECT_NE(error.message.find("ledger.db has version 99"), std::string::npos) << error.message;
  }
}

TEST_F(SqliteLedgerTest, RefusesADatabaseOfSomethingElse) {
  fs::create_directories(options.directory);
  tamper("CREATE TABLE t (x)");
  EXPECT_EQ(try_open().error().code, ErrorCode::invalid);
}

TEST_F(SqliteLedgerTest, RefusesAFileThatIsNoDatabase) {
  fs::create_directories(options.directory);
  std::ofstream(file("ledger.db")) << std::string(5'000, 'x');
  EXPECT_EQ(try_open().error().code, ErrorCode::corrupt);
}

TEST_F(SqliteLedgerTest, MigratesForwardAfterABackup) {
  const fs::path path = directory.path() / "some.db";
  const char* const kOne = "CREATE TABLE one (x); INSERT INTO one VALUES (1)";
  const char* const kTwo = "ALTER TABLE one ADD COLUMN y";
  const char* const kBroken = "CREATE TABLE three (x); CREATE NONSENSE";
  {
    Database database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    const char* const first[] = {kOne};
    ASSERT_TRUE(migrate(database, path, first).ok());
    const char* const both[] = {kOne, kTwo};
    ASSERT_TRUE(migrate(database, path, both).ok());
    database.execute("SELECT y FROM one");
  }
  Database backup(path.string() + ".v1", SQLITE_OPEN_READWRITE);
  EXPECT_THROW(backup.execute("SELECT y FROM one"), SqliteFailure);
  {
    Database database(path, SQLITE_OPEN_READWRITE);
    const char* const broken[] = {kOne, kTwo, kBroken};
    EXPECT_THROW(std::ignore = migrate(database, path, broken), SqliteFailure);
  }
  Database database(path, SQLITE_OPEN_READWRITE);
  EXPECT_THROW(database.execute("SELECT * FROM three"), SqliteFailure);  // all of it, or nothing
}

// ---- from an older version of the tables (contracts §3) ------------------------------------------------------------

// A ledger of today with open remediations stands for an older one: the version that follows is the test's own.
class MigrationTest : public SqliteLedgerTest {
 protected:
  MigrationTest() {
    const auto ledger = open();
    commit(*ledger, sample_rules());
    commit(*ledger, batch_of({sample_finding(1, "one", clock.now()), sample_finding(2, "two", clock.now())}));
    commit(*ledger, sample_start(sample_id(1), "one", ledger->head()));
    steps.assign(ledger_migrations().begin(), ledger_migrations().end());
    steps.push_back(kNext);
  }

  Result<void> migrate_file() {
    Database database(path(), SQLITE_OPEN_READWRITE);
    return migrate(database, path(), steps);
  }
  std::string path() const { return file("ledger.db"); }
  std::string copy() const { return path() + ".v" + std::to_string(ledger_schema_version()); }
  int64_t version() const {
    Database database(path(), SQLITE_OPEN_READONLY);
    Query row = database.query("PRAGMA user_version");
    return row.next() ? row.integer(0) : -1;
  }
  // The open remediations, as today's engine reads them.
  std::vector<Remediation> open_ones() {
    Database database(path(), SQLITE_OPEN_READONLY);
    return Tables(database).open_remediations();
  }

  static constexpr const char* kNext =
      "ALTER TABLE remediation ADD COLUMN team TEXT NOT NULL DEFAULT ''; UPDATE remediation SET team = rule;"
      "CREATE INDEX remediation_by_team ON remediation (team)";
  const int64_t next_version = ledger_schema_version() + 1;
  std::vector<const char*> steps;
};

TEST_F(MigrationTest, KeepsOpenRemediationsAndACopyOfWhatWas) {
  const std::vector<Remediation> before = open_ones();
  ASSERT_EQ(before.size(), 2U);
  ASSERT_TRUE(migrate_file().ok());
  EXPECT_EQ(version(), next_version);
  EXPECT_EQ(open_ones(), before);
  const auto kept = check_ledger(copy(), hours(24));
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_TRUE(kept->good());
  EXPECT_EQ(kept->open, 2);
  struct stat status {};
  ASSERT_EQ(stat(copy().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(try_open().error().code, ErrorCode::invalid);  // an engine of today refuses it then
}

TEST_F(MigrationTest, IsDoneWholeOrNotAtAllWhereverItDies) {
  const std::vector<Remediation> before = open_ones();
  const fs::path state = directory.path() / "state";
  fs::copy(options.directory, state);
  for (int call = 1;; ++call) {
    SCOPED_TRACE(call);
    fs::remove_all(options.directory);
    fs::copy(state, options.directory);
    const bool died = dies_at(call, [this] {
      if (!migrate_file().ok()) _exit(1);
    });
    const int64_t found = version();
    EXPECT_EQ(open_ones(), before);
    if (fs::exists(copy())) {
      EXPECT_TRUE(check_ledger(copy(), hours(24))->good());
    }
    if (found == next_version) {
      EXPECT_TRUE(fs::exists(copy()));
    }
    if (found < next_version) {
      EXPECT_TRUE(open());  // by the engine that it was
    }
    ASSERT_TRUE(migrate_file().ok());
    EXPECT_EQ(version(), next_version);
    if (!died) break;
  }
}

// An engine may have gone on with the old version since.
TEST_F(MigrationTest, TakesANewCopyAfterAnAttemptThatFailed) {
  steps.back() = "CREATE TABLE three (x); CREATE NONSENSE";
  EXPECT_THROW(std::ignore = migrate_file(), SqliteFailure);
  EXPECT_EQ(version(), next_version - 1);
  note(*open());
  const int64_t head = *read()->journal_head();
  steps.back() = kNext;
  ASSERT_TRUE(migrate_file().ok());
  EXPECT_EQ(check_ledger(copy(), hours(24))->head, head);
}

TEST_F(MigrationTest, HappensOnlyWithACopy) {
  fs::create_directories(copy() + "/in the way");
  EXPECT_FALSE(migrate_file().ok());
  EXPECT_EQ(version(), next_version - 1);
}

// What each version of the tables added, taken back: a ledger of today becomes one as that version's engine left it. A
// new version adds its line here.
constexpr const char* kTakenBack[] = {
    "DROP TABLE wanted; DROP TABLE mass_match; DROP TABLE put_right",
    "ALTER TABLE approval DROP COLUMN digest",
    R"(DROP INDEX claim_by_phase; ALTER TABLE claim DROP COLUMN phase; ALTER TABLE rule_state DROP COLUMN reconcile;
       DROP TABLE rule_breaker)",
    "ALTER TABLE meta DROP COLUMN wall_ahead",
    "DROP TABLE throttle; ALTER TABLE attempt DROP COLUMN settled",
    "ALTER TABLE meta DROP COLUMN journal_begin",
    R"(DROP TABLE lease;
       CREATE TABLE lease (
         remediation TEXT NOT NULL, step INTEGER NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
         expires INTEGER NOT NULL, PRIMARY KEY (remediation, step)) WITHOUT ROWID)",
    R"(DROP TABLE awaited; ALTER TABLE rule_breaker DROP COLUMN last_due;
       DROP TABLE rule_state;
       CREATE TABLE rule_state (
         id TEXT PRIMARY KEY, version TEXT NOT NULL, mode TEXT NOT NULL, per_minute INTEGER, per_hour INTEGER,
         reconcile TEXT NOT NULL DEFAULT 'off') WITHOUT ROWID;
       UPDATE remediation SET guard = substr(guard, 1, instr(guard, ' ') - 1)
         WHERE guard LIKE 'rule %' OR guard LIKE 'rule-breaker %')",
    "DROP TABLE out_of_service",
};

class EarlierVersion : public SqliteLedgerTest, public testing::WithParamInterface<int> {
 protected:
  // As the version left it, and as a new file of that version looks.
  void take_back() {
    Database database(file("ledger.db"), SQLITE_OPEN_READWRITE);
    for (int version = ledger_schema_version(); version > GetParam(); --version) {
      database.execute(kTakenBack[version - 2]);
    }
    database.execute("PRAGMA user_version = " + std::to_string(GetParam()));
  }
  static std::vector<std::string> shape_of(Database& database) {
    std::vector<std::string> columns;
    Query row = database.query(
        "SELECT m.name, c.name, c.type FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND"
        " m.name NOT LIKE 'sqlite_%' ORDER BY 1, 2");
    while (row.next()) columns.push_back(row.text(0) + "." + row.text(1) + " " + row.text(2));
    return columns;
  }
};

TEST_P(EarlierVersion, IsBroughtForwardWithAllThatIsOpen) {
  std::vector<Remediation> before;
  {
    const auto ledger = open();
    LoadRules rules = sample_rules();
    commit(*ledger, rules);
    for (int i = 1; i <= 3; ++i) {
      commit(*ledger, batch_of({sample_finding(i, "bucket-" + std::to_string(i), clock.now())}));
    }
    commit(*ledger, sample_start(sample_id(1), "bucket-1", ledger->head()));
    commit(*ledger, PersonalMove{sample_id(2), Move::cancel, "alice", "not wanted"});
    commit(*ledger, AddPause{{"all", "maintenance", "alice", clock.now()}});
    commit(*ledger, sample_start(sample_id(3), "bucket-3", ledger->head()));
    before = *read()->open_remediations();
    ASSERT_EQ(before.size(), 2U);
  }
  take_back();
  {
    Database older(file("ledger.db"), SQLITE_OPEN_READONLY);
    Database made(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    ASSERT_TRUE(upgrade(made, ":memory:", ledger_migrations().first(static_cast<size_t>(GetParam()))).ok());
    ASSERT_EQ(shape_of(older), shape_of(made));
  }
  const auto ledger = open();
  EXPECT_EQ(*read()->open_remediations(), before);
  EXPECT_TRUE(check_ledger(file("ledger.db"), hours(24 * 90))->good());
  EXPECT_TRUE(commit(*ledger, RecordOutcome{sample_id(1), sample_outcome(0, 1, "mark-of-" + sample_id(1), clock.now()),
                                            Move::apply_all, ""})
                  .done());
  EXPECT_TRUE(commit(*ledger, RemovePause{"all", "alice"}).done());
  EXPECT_EQ(read()->remediation(sample_id(3))->state, State::planned);
  EXPECT_TRUE(check_ledger(file("ledger.db"), hours(24 * 90))->good());
}

TEST_P(EarlierVersion, KnowsWhoWaitsForALockAndWhomItsRuleHolds) {
  const auto ask = [&](Ledger& ledger, int number) {
    commit(ledger, batch_of({sample_finding(number, "bucket-" + std::to_string(number), clock.now())}));
    Start start = sample_start(sample_id(number), "bucket-" + std::to_string(number), ledger.head());
    start.touches = {"shared"};
    return commit(ledger, start).go->guard;
  };
  {
    const auto ledger = open();
    commit(*ledger, sample_rules());
    ASSERT_EQ(ask(*ledger, 1), "");
    ASSERT_EQ(ask(*ledger, 2), "locks");
    commit(*ledger, sample_rules(Mode::shadow));
    ASSERT_EQ(ask(*ledger, 3), "rule");
  }
  take_back();
  const auto ledger = open();
  const StepOutcome outcome = sample_outcome(0, 1, "mark-of-" + sample_id(1), clock.now());
  ASSERT_TRUE(commit(*ledger, RecordOutcome{sample_id(1), outcome, Move::apply_all, ""}).done());
  const Conclude confirm{sample_id(1), Move::confirm, ledger->head(), {{0, captured("private")}}, "", Json::object()};
  const Answer ended = commit(*ledger, confirm);
  ASSERT_EQ(ended.runnable.size(), 1U);
  EXPECT_EQ(ended.runnable[0].id, sample_id(2));
  const Answer loaded = commit(*ledger, sample_rules());
  ASSERT_EQ(loaded.runnable.size(), 1U);
  EXPECT_EQ(loaded.runnable[0].id, sample_id(3));
}

TEST_P(EarlierVersion, KnowsWhichHostsAreOutOfService) {
  {
    const auto ledger = open();
    commit(*ledger, sample_rules());
    commit(*ledger, batch_of({sample_finding(1, "host:a", clock.now())}));
    ASSERT_EQ(commit(*ledger, sample_start(sample_id(1), "host:a", ledger->head())).go->go, Go::go);
  }
  take_back();
  const auto ledger = open();
  commit(*ledger, sample_rules());
  commit(*ledger, batch_of({sample_finding(2, "host:b", clock.now())}));
  EXPECT_EQ(commit(*ledger, sample_start(sample_id(2), "host:b", ledger->head())).go->guard, "share");
}

INSTANTIATE_TEST_SUITE_P(Each, EarlierVersion, testing::Range(1, ledger_schema_version()));

TEST_F(SqliteLedgerTest, RestartsTheLogWhenItIsTooLarge) {
  options.wal_bytes_max = 100'000;
  const auto ledger = open();
  for (int i = 0; i < 100; ++i) note(*ledger);
  EXPECT_LT(fs::file_size(file("ledger.db-wal")), 400'000U);
  EXPECT_EQ(*read()->journal_head(), 100);
}

TEST_F(SqliteLedgerTest, PrunesWhatIsPastItsHorizon) {
  options.undo_horizon = hours(48);
  const auto ledger = open();
  commit(*ledger, sample_rules());
  for (int i = 0; i < 20; ++i) {
    commit(*ledger, batch_of({sample_finding(i, "bucket", clock.now()), sample_finding(i, "bucket", clock.now())}));
    commit(*ledger, PersonalMove{sample_id(i), Move::cancel, "alice", ""});
  }
  clock.advance(hours(24 * 30));
  for (int i = 0; i < 40; ++i) note(*ledger);
  Database database(file("ledger.db"), SQLITE_OPEN_READONLY);
  EXPECT_FALSE(database.query("SELECT 1 FROM seen").next());
  EXPECT_FALSE(database.query("SELECT 1 FROM ended").next());
  EXPECT_FALSE(database.query("SELECT 1 FROM blob").next());
  EXPECT_FALSE(database.query("SELECT 1 FROM counter").next());
}

TEST_F(SqliteLedgerTest, GoesOnBesideARecordThatIsDamagedAndDoesNotLetItGo) {
  options.published = [] { return 1'000; };
  auto ledger = open();
  for (int i = 0; i < 5; ++i) note(*ledger);
  ledger.reset();
  tamper("UPDATE journal SET bytes = 'x' WHERE seq = 2");
  ledger = open();
  clock.advance(options.journal_horizon + hours(48));
  note(*ledger);
  note(*ledger);
  EXPECT_EQ(read()->journal(0, 1)->front().seq, 2);
  EXPECT_EQ(*read()->journal_head(), 7);
}

TEST_F(SqliteLedgerTest, KeepsTheBundlesOfTheRulesInForceHoweverLongAgoTheyWereLoaded) {
  options.undo_horizon = hours(48);
  LoadRules rules = sample_rules();
  rules.rules[0].version = sha256(rules.rules[0].bundle).hex();
  const std::string digest = rules.rules[0].version;
  auto ledger = open();
  commit(*ledger, rules);
  for (int months = 0; months < 2; ++months) {
    clock.advance(hours(24 * 30));
    for (int i = 0; i < 40; ++i) note(*ledger);
    ASSERT_TRUE(read()->blob(digest)) << months;
  }
  rules.rules[0].bundle = "{}";
  rules.rules[0].version = sha256("{}").hex();
  commit(*ledger, rules);
  ledger.reset();
  ledger = open();
  clock.advance(hours(24));
  for (int i = 0; i < 40; ++i) note(*ledger);
  EXPECT_TRUE(read()->blob(digest)) << "what was in force yesterday";
  clock.advance(hours(24 * 30));
  for (int i = 0; i < 40; ++i) note(*ledger);
  EXPECT_FALSE(read()->blob(digest));
  EXPECT_TRUE(read()->blob(rules.rules[0].version));
}

// ---- time over restarts --------------------------------------------------------------------------------------------

TEST_F(SqliteLedgerTest, CountsTheTimeOfARestartExactlyWithinOneBoot) {
  auto ledger = open();
  note(*ledger);
  const Time before = ledger->now();
  ledger.reset();
  clock.set_wall(clock.now() + hours(500));
  clock.advance(seconds(7));
  ledger = open();
  EXPECT_EQ(ledger->now(), before + seconds(7));
}

TEST_F(SqliteLedgerTest, TakesWallTimeAfterABootIfItIsLater) {
  auto ledger = open();
  note(*ledger);
  const Time before = ledger->now();
  ledger.reset();
  clock.reboot(seconds(60));
  ledger = open();
  EXPECT_EQ(ledger->now(), before + seconds(60));
  note(*ledger);
  ledger.reset();
  clock.reboot(seconds(5));
  clock.set_wall(before - hours(3));
  EXPECT_EQ(open()->now(), before + seconds(60));
}

// ---- the wall clock in doubt
// -----------------------------------------------------------------------------------------

TEST_F(SqliteLedgerTest, DoubtsAWallClockThatIsFarFromLedgerTime) {
  const auto ledger = open();
  EXPECT_EQ(ledger->clock_doubt(), std::nullopt);
  clock.set_wall(clock.now() + seconds(60));
  EXPECT_EQ(ledger->clock_doubt(), std::nullopt);
  clock.set_wall(clock.now() + seconds(1));
  EXPECT_EQ(ledger->clock_doubt(), seconds(61));
  clock.set_wall(clock.now() - seconds(122));
  EXPECT_EQ(ledger->clock_doubt(), -seconds(61));
  clock.set_wall(clock.now() + seconds(50));
  EXPECT_EQ(ledger->clock_doubt(), std::nullopt);
  EXPECT_EQ(commit(*ledger, AcceptClock{"why not", "alice"}).error.code, ErrorCode::refused);
}

TEST_F(SqliteLedgerTest, RemembersForTheBootHowFarAnAcceptedWallClockIsFromIt) {
  for (const seconds ahead : {hours(2), -hours(2)}) {
    options.directory = directory.path() / ("data" + std::to_string(ahead.count()));
    auto ledger = open();
    const Time before = ledger->now();
    clock.set_wall(before + ahead);
    EXPECT_EQ(ledger->time_of_day(), before);
    ASSERT_TRUE(commit(*ledger, AcceptClock{"the time server is right", "alice"}).done());
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(ledger->clock_doubt(), std::nullopt);
      EXPECT_EQ(ledger->now(), before);  // no budget is emptied by it
      EXPECT_EQ(ledger->time_of_day(), before + ahead);
      ledger.reset();
      ledger = open();  // the same boot
    }
    const nlohmann::json record = last_record();
    EXPECT_EQ(record["kind"], "clock_acceptance");
    EXPECT_EQ(record["wall"], format_time(before + ahead));
    EXPECT_EQ(record["ahead"], Duration(ahead).count());
    clock.set_wall(clock.now() - seconds(61));  // another jump
    EXPECT_EQ(ledger->clock_doubt(), ahead - seconds(61));
    clock.set_wall(before);  // as it was before all that
    EXPECT_EQ(ledger->clock_doubt(), std::nullopt);
    EXPECT_EQ(ledger->time_of_day(), before);
  }
}

TEST_F(SqliteLedgerTest, TakesAnAcceptedWallClockAtTheNextBootIfItIsLater) {
  for (const seconds ahead : {hours(2), -hours(2)}) {
    options.directory = directory.path() / ("data" + std::to_string(ahead.count()));
    auto ledger = open();
    const Time before = ledger->now();
    clock.set_wall(before + ahead);
    ASSERT_TRUE(commit(*ledger, AcceptClock{"the time server is right", "alice"}).done());
    ledger.reset();
    clock.reboot(seconds(60));
    ledger = open();
    const bool is_later = ahead > seconds(0);
    EXPECT_EQ(ledger->now(), is_later ? before + ahead + seconds(60) : before);
    EXPECT_EQ(ledger->clock_doubt().has_value(), !is_later);
    clock.set_wall(ledger->now());
  }
}

TEST_F(SqliteLedgerTest, AcceptsNoClockWithAGroupThatIsNotKept) {
  const auto ledger = open();
  const Time before = ledger->now();
  clock.set_wall(clock.now() + hours(2));
  set_disk_fault(DiskFault::full);
  EXPECT_EQ(commit(*ledger, AcceptClock{"right", "alice"}).outcome, Outcome::no_room);
  EXPECT_EQ(ledger->now(), before);
  EXPECT_EQ(ledger->clock_doubt(), hours(2));
  set_disk_fault(DiskFault::none);
}

// ---- disks ---------------------------------------------------------------------------------------------------------

TEST_F(SqliteLedgerTest, AnswersNoRoomAndGoesOnWhenThereIsRoomAgain) {
  const auto ledger = open();
  for (const DiskFault fault : {DiskFault::full, DiskFault::read_only}) {
    const int64_t head = ledger->head();
    set_disk_fault(fault);
    const Change group[] = {NoteStart{"0.1.0", "", ""}, RemovePause{"all", "alice"}};
    for (const Answer& answer : ledger->apply(group)) {  // the whole group, what would have been refused too
      EXPECT_EQ(static_cast<int>(answer.outcome), static_cast<int>(Outcome::no_room)) << answer.error.message;
      EXPECT_EQ(answer.error.code, ErrorCode::no_room);
    }
    EXPECT_EQ(ledger->head(), head);
    set_disk_fault(DiskFault::none);
    EXPECT_TRUE(commit(*ledger, CommitBatch{}).done()) << "who has nothing to write finds it out, too";
    EXPECT_TRUE(note(*ledger).done());
    EXPECT_EQ(ledger->head(), head + 1);
    EXPECT_EQ(read()->journal(head + 1, 10)->size(), 1U);
  }
}

TEST_F(SqliteLedgerTest, SaysItsLastWordsWithTheRoomOfTheReserve) {
  options.notify_alarms = {"on-call"};
  const auto ledger = open();
  set_disk_fault(DiskFault::full_while_file_is, file("reserve"));
  EXPECT_EQ(static_cast<int>(note(*ledger).outcome), static_cast<int>(Outcome::no_room));
  const auto notices = *read()->due_notices(clock.now(), 10);
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].data["alarm"], "no-room");
  EXPECT_EQ(*read()->journal_head(), ledger->head());
  set_disk_fault(DiskFault::none);
  EXPECT_TRUE(note(*ledger).done());
  EXPECT_TRUE(fs::exists(file("reserve")));  // made again
}

// Otherwise it would go on for as long as that lasts, and stop again without a word.
TEST_F(SqliteLedgerTest, HasRoomAgainOnlyWhenThereIsRoomForItsReserveToo) {
  const auto ledger = open();
  set_disk_fault(DiskFault::full_while_file_is, file("reserve"));
  EXPECT_EQ(static_cast<int>(note(*ledger).outcome), static_cast<int>(Outcome::no_room));
  set_disk_fault(DiskFault::none);
  fs::create_directory(file("reserve"));  // so that it cannot be made
  const int64_t head = ledger->head();
  EXPECT_EQ(static_cast<int>(note(*ledger).outcome), static_cast<int>(Outcome::no_room));
  EXPECT_EQ(ledger->head(), head);
  fs::remove(file("reserve"));
  EXPECT_TRUE(note(*ledger).done());
  EXPECT_TRUE(fs::exists(file("reserve")));
}

TEST_F(SqliteLedgerTest, IsFinishedByAFailedSync) {
  auto ledger = open();
  note(*ledger);
  set_disk_fault(DiskFault::sync_fails);
  EXPECT_EQ(static_cast<int>(note(*ledger).outcome), static_cast<int>(Outcome::final));
  set_disk_fault(DiskFault::none);
  EXPECT_EQ(static_cast<int>(note(*ledger).outcome), static_cast<int>(Outcome::final));  // never tried again
}

TEST_F(SqliteLedgerTest, RefusesADamagedFile) {
  auto ledger = open();
  for (int i = 0; i < 50; ++i) commit(*ledger, batch_of({sample_finding(i, "b" + std::to_string(i), clock.now())}));
  ledger.reset();
  {
    std::fstream damaged(file("ledger.db"), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(4096);
    const std::string noise(static_cast<size_t>(fs::file_size(file("ledger.db"))) - 8192, '\x5A');
    damaged << noise;
  }
  const auto opened = try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::corrupt) << opened.error().message;
}

// ---- crashes -------------------------------------------------------------------------------------------------------

TEST_F(SqliteLedgerTest, OpensWithAllThatWasAcknowledgedFromACopyAtAnyMoment) {
  const auto ledger = open();
  commit(*ledger, sample_rules());
  for (int i = 0; i < 25; ++i) {
    commit(*ledger, batch_of({sample_finding(i, "bucket-" + std::to_string(i), clock.now())}));
    SqliteLedgerOptions copied = options;
    copied.directory = directory.path() / ("copy-" + std::to_string(i));
    fs::create_directories(copied.directory);
    for (const char* name : {"ledger.db", "ledger.db-wal"}) fs::copy(file(name), fs::path(copied.directory) / name);
    const auto copy = open_sqlite_ledger(copied, clock, random);
    ASSERT_TRUE(copy.ok()) << copy.error().message;
    EXPECT_EQ((*copy)->head(), ledger->head());
    EXPECT_EQ(open_sqlite_reader(copied.directory).value()->open_remediations()->size(), static_cast<size_t>(i + 1));
  }
}

TEST_F(SqliteLedgerTest, LosesNothingAcknowledgedToAKill) {
  for (int round = 0; round < 5; ++round) {
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
      auto ledger = open_sqlite_ledger(options, clock, random);
      for (int64_t i = 0; ledger.ok(); ++i) {
        const Answer answer = note(**ledger);
        if (write(pipes[1], &answer.seq, sizeof answer.seq) != sizeof answer.seq) _exit(1);
      }
      _exit(2);
    }
    close(pipes[1]);
    int64_t acknowledged = 0;
    for (int i = 0; i < 10 + round; ++i) {
      ASSERT_EQ(::read(pipes[0], &acknowledged, sizeof acknowledged), ssize_t{sizeof acknowledged});
    }
    kill(child, SIGKILL);
    for (int64_t seq = 0; ::read(pipes[0], &seq, sizeof seq) == ssize_t{sizeof seq};) acknowledged = seq;
    waitpid(child, nullptr, 0);
    close(pipes[0]);
    const auto ledger = open();
    ASSERT_GE(ledger->head(), acknowledged);
    const auto journal = *read()->journal(0, SIZE_MAX);
    for (size_t i = 0; i < journal.size(); ++i) ASSERT_EQ(journal[i].seq, static_cast<int64_t>(i));
  }
}

}  // namespace
}  // namespace kedge
