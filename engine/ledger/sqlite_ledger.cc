// The ledger over SQLite: one transaction a group, a savepoint a Change, and what each failure means.
#include "ledger/sqlite_ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/id.h"
#include "base/json.h"
#include "ledger/checkpointer.h"
#include "ledger/exchange.h"
#include "ledger/ledger_lock.h"
#include "ledger/ledger_time.h"
#include "ledger/reserve.h"
#include "ledger/schema.h"
#include "ledger/sqlite_writer.h"

namespace kedge {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr int kBusyMillis = 5'000;  // how long somebody with an SQL shell may keep us from writing

// A failure that is the Change's alone: our bug, or a value that no column takes. Others concern the file.
bool is_the_changes_own(int code) {
  return code == SQLITE_CONSTRAINT || code == SQLITE_ERROR || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH ||
         code == SQLITE_RANGE || code == SQLITE_MISUSE;
}

bool is_damage_of_file(int code) { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB; }

Answer answer_of(Outcome outcome, Error error) {
  Answer answer;
  answer.outcome = outcome;
  answer.error = std::move(error);
  return answer;
}

// A restored ledger may give a number again whose record is lost: its notices must not be taken for those of that one.
std::string name_of(const Tables::Meta& meta) {
  return meta.incarnation == 1 ? meta.ledger_id : fmt::format("{}/{}", meta.ledger_id, meta.incarnation);
}

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(SqliteLedgerOptions options, std::unique_ptr<LockFile> lock, std::unique_ptr<Database> database,
               Clock& clock, const Tables::Meta& meta)
      : options_(std::move(options)),
        lock_(std::move(lock)),
        name_(name_of(meta)),
        database_(std::move(database)),
        checkpointer_(options_.directory + "/ledger.db"),
        reserve_(options_.directory + "/reserve"),
        writer_(*database_, options_, name_),
        tables_(*database_),
        time_(clock, meta.mark),
        head_(writer_.head()),
        last_(meta.mark->time) {
    sqlite3_wal_hook(database_->handle(), note_wal_size, this);
  }

  std::vector<Answer> apply(std::span<const Change> changes) override;
  int64_t head() const override { return head_; }
  Time now() const override {
    const std::lock_guard lock(time_mutex_);
    return time_.now();
  }
  Time time_of_day() const override {
    const std::lock_guard lock(time_mutex_);
    return time_.time_of_day();
  }
  std::optional<Duration> clock_doubt() const override {
    const std::lock_guard lock(time_mutex_);
    return time_.clock_doubt();
  }

 private:
  static int note_wal_size(void* self, sqlite3*, const char*, int pages) {
    static_cast<SqliteLedger*>(self)->wal_bytes_ = static_cast<size_t>(pages) * kPageBytes;
    return SQLITE_OK;
  }

  std::vector<Answer> apply_group(std::span<const Change> changes);
  Answer apply_one(const Change& change, bool alone);
  void take_back(int64_t head, bool alone);
  LedgerTime::Mark mark_of(Time at) const;
  void accept_clock(Duration ahead);
  Error fail_group(const SqliteFailure&, bool committing);
  void say_last_words(const Error&);
  void tend_wal();

  // Constant after construction.
  const SqliteLedgerOptions options_;
  const std::unique_ptr<LockFile> lock_;
  const std::string name_;  // what the ids of notices are made of

  // Provide their own synchronization.
  const std::unique_ptr<Database> database_;
  Checkpointer checkpointer_;

  // Of whoever writes, one thread at a time.
  Reserve reserve_;
  SqliteWriter writer_;
  Tables tables_;
  std::optional<Error> final_;
  size_t wal_bytes_ = 0;
  size_t checkpointed_at_ = 0;  // the log's size when a checkpoint was last asked for

  // Guarded by time_mutex_.
  mutable std::mutex time_mutex_;
  LedgerTime time_;

  std::atomic<int64_t> head_;
  Time last_;  // of the last group
};

std::vector<Answer> SqliteLedger::apply(std::span<const Change> changes) {
  if (!final_) final_ = checkpointer_.failed();
  if (final_) return {changes.size(), answer_of(Outcome::final, *final_)};
  if (reserve_.spent()) reserve_.restock();
  if (reserve_.spent()) {
    return {changes.size(), answer_of(Outcome::no_room, {ErrorCode::no_room, "the disk of the ledger is full"})};
  }
  bool committing = false;
  try {
    database_->run("BEGIN IMMEDIATE");
    const Time at = std::max(last_, now());
    writer_.set_time(at, time_of_day(), clock_doubt());
    const int64_t untouched = sqlite3_total_changes64(database_->handle());
    std::vector<Answer> answers = apply_group(changes);
    if (!database_->in_transaction()) return answers;  // there was one only, and it was refused
    const int64_t written = sqlite3_total_changes64(database_->handle()) - untouched;
    if (written == 0) {
      database_->run("ROLLBACK");  // all were refused or found nothing to write: nothing to sync
      return answers;
    }
    writer_.prune(written);
    if (writer_.head() > head_) writer_.let_records_go(writer_.head() - head_);
    tables_.put_mark(mark_of(at));
    committing = true;
    database_->run("COMMIT");
    last_ = at;
    if (const auto ahead = writer_.clock_accepted()) accept_clock(*ahead);
    head_ = writer_.head();
    reserve_.restock();
    tend_wal();
    return answers;
  } catch (const SqliteFailure& failure) {
    const Error error = fail_group(failure, committing);
    return {changes.size(), answer_of(final_ ? Outcome::final : Outcome::no_room, error)};
  }
}

LedgerTime::Mark SqliteLedger::mark_of(Time at) const {
  const std::lock_guard lock(time_mutex_);
  LedgerTime::Mark mark = time_.mark(at);
  mark.wall_ahead = writer_.clock_accepted().value_or(mark.wall_ahead);
  return mark;
}

void SqliteLedger::accept_clock(Duration ahead) {
  const std::lock_guard lock(time_mutex_);
  time_.accept(ahead);
}

std::vector<Answer> SqliteLedger::apply_group(std::span<const Change> changes) {
  std::vector<Answer> answers;
  answers.reserve(changes.size());
  for (const Change& change : changes) answers.push_back(apply_one(change, changes.size() == 1));
  return answers;
}

// One that is alone in its group needs no savepoint, for which SQLite keeps a copy of every page that is written.
Answer SqliteLedger::apply_one(const Change& change, bool alone) {
  const int64_t head = writer_.head();
  if (!alone) database_->run("SAVEPOINT change");
  Error error;
  try {
    Result<Answer> answer = writer_.apply(change);
    if (answer) {
      if (!alone) database_->run("RELEASE change");
      return *std::move(answer);
    }
    error = answer.error();
  } catch (const SqliteFailure& failure) {
    if (!is_the_changes_own(failure.code) || !database_->in_transaction()) throw;
    error = Error{ErrorCode::internal, failure.message};
  } catch (const Json::exception& cause) {
    error = Error{ErrorCode::internal, std::string("a value that JSON cannot hold: ") + cause.what()};
  }
  take_back(head, alone);
  Answer answer = answer_of(Outcome::refused, error);
  answer.seq = head;
  return answer;
}

void SqliteLedger::take_back(int64_t head, bool alone) {
  if (alone) {
    database_->run("ROLLBACK");
  } else {
    database_->run("ROLLBACK TO change");
    database_->run("RELEASE change");
  }
  writer_.set_head(head);
}

// Takes the whole group back. A failed sync, and a damaged file, are final: what is on the disk is no longer known. An
// error of the commit itself counts as one, unless it is only that the disk was full before anything was synced.
Error SqliteLedger::fail_group(const SqliteFailure& failure, bool committing) {
  writer_.set_head(head_);
  try {
    if (database_->in_transaction()) database_->run("ROLLBACK");
  } catch (const SqliteFailure& second) {
    final_ = second.error().with("rolling back");
  }
  const bool of_sync = failure.extended == SQLITE_IOERR_FSYNC || failure.extended == SQLITE_IOERR_DIR_FSYNC;
  const bool of_commit = committing && failure.code != SQLITE_FULL && failure.code != SQLITE_READONLY;
  const Error error = failure.error().with(committing ? "committing" : "writing");
  if (!final_ && (of_sync || of_commit || is_damage_of_file(failure.code))) final_ = error;
  if (final_) {
    // Closing must not copy a log of which we no longer know what is on the disk: the next open recovers it.
    sqlite3_db_config(database_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return *final_;
  }
  if (failure.code == SQLITE_FULL && reserve_.spend()) say_last_words(error);
  return error;
}

// The reserve's room pays for one record, and so for the notice that somebody is needed.
void SqliteLedger::say_last_words(const Error& error) {
  try {
    database_->run("BEGIN IMMEDIATE");
    apply_one(RaiseAlarm{"no-room", "the disk of the ledger is full, so effects stop: " + error.message, {}, {}}, true);
    if (database_->in_transaction()) database_->run("COMMIT");
    head_ = writer_.head();
  } catch (const SqliteFailure&) {
    writer_.set_head(head_);
    if (database_->in_transaction()) sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

// Between two groups: asks for a checkpoint where the log has grown, and restarts it where it has grown too much
// (readers that hold it open are waited for, within the busy limit).
void SqliteLedger::tend_wal() {
  if (wal_bytes_ < checkpointed_at_) checkpointed_at_ = 0;  // it began anew
  if (wal_bytes_ > options_.wal_bytes_max) {
    const int result =
        sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
    if (is_damage(result)) final_ = Error{ErrorCode::corrupt, "the ledger's checkpoint failed"};
    checkpointed_at_ = wal_bytes_;
  } else if (wal_bytes_ - checkpointed_at_ >= options_.checkpoint_bytes) {
    checkpointer_.poke();
    checkpointed_at_ = wal_bytes_;
  }
}

// ---- opening -------------------------------------------------------------------------------------------------------

Result<void> make_directory(const std::string& directory) {
  std::error_code failure;
  const bool made = std::filesystem::create_directories(directory, failure);
  if (failure) return Error{ErrorCode::refused, "cannot make " + directory + ": " + failure.message()};
  if (made) chmod(directory.c_str(), 0700);  // befores and dead letters may hold what not everybody should read
  return {};
}

Result<void> make_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return Error{ErrorCode::refused, "cannot open " + path + ": " + std::strerror(errno)};
  close(descriptor);
  return {};
}

// A ledger's first commit: its identity, and the record that tells of its birth.
Tables::Meta be_born(Database& database, Tables& tables, const SqliteLedgerOptions& options, Clock& clock,
                     Random& random) {
  const LedgerTime time(clock, std::nullopt);
  const Time now = time.now();
  const std::string id = make_uuid7(now, random);
  database.run("BEGIN IMMEDIATE");
  tables.create_meta(id, time.mark(now));
  SqliteWriter writer(database, options, id);
  writer.set_time(now, now, std::nullopt);
  writer.write(genesis_record(id, ledger_schema_version()));
  database.run("COMMIT");
  return {id, time.mark(now), 1};
}

Result<std::unique_ptr<Ledger>> open_locked(SqliteLedgerOptions options, std::unique_ptr<LockFile> lock,
                                            const std::string& path, Clock& clock, Random& random) {
  auto database = std::make_unique<Database>(path, SQLITE_OPEN_READWRITE);
  sqlite3_busy_timeout(database->handle(), kBusyMillis);
  if (auto migrated = migrate(*database, path, ledger_migrations()); !migrated) return migrated.error();
  database->execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; "
      "PRAGMA temp_store = MEMORY");
  Tables tables(*database);
  auto meta = tables.meta();
  if (!meta) meta = be_born(*database, tables, options, clock, random);
  return std::unique_ptr<Ledger>(
      std::make_unique<SqliteLedger>(std::move(options), std::move(lock), std::move(database), clock, *meta));
}

}  // namespace

Result<std::unique_ptr<Ledger>> open_sqlite_ledger(SqliteLedgerOptions options, Clock& clock, Random& random) {
  const std::string path = options.directory + "/ledger.db";
  if (auto made = make_directory(options.directory); !made) return made.error();
  auto lock = lock_ledger(options.directory);
  if (!lock) return lock.error();
  if (auto ended = end_exchange(options.directory, clock.now()); !ended) return ended.error();
  give_up_exchange(options.directory);
  if (auto made = make_file(path); !made) return made.error();
  try {
    return open_locked(std::move(options), *std::move(lock), path, clock, random);
  } catch (const SqliteFailure& failure) {
    return failure.error().with("opening " + path);
  }
}

}  // namespace kedge
