#include "ledger/restoration.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "ledger/backup.h"
#include "ledger/exchange.h"
#include "ledger/ledger_lock.h"
#include "ledger/record.h"
#include "ledger/schema.h"
#include "ledger/tables.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRecordBytesMax = 65'535;

// ---- the new incarnation -------------------------------------------------------------------------------------------

std::optional<Restoration::Former> look_at(const std::string& path) {
  try {
    Database database(path, SQLITE_OPEN_READONLY);
    Query row = database.query(
        "SELECT ledger_id, incarnation, (SELECT max(seq) FROM journal), (SELECT max(epoch) FROM position) FROM meta");
    if (!row.next()) return std::nullopt;
    return Restoration::Former{row.text(0), row.integer(1), row.is_null(2) ? -1 : row.integer(2), row.integer(3)};
  } catch (const SqliteFailure&) {
    return std::nullopt;  // damage may be the very reason to restore
  }
}

// Nobody claims a partition so often in a second: the epochs of an incarnation are above all that any incarnation
// before it has given, those of a ledger that is lost among them. They stay within what a record's number can hold
// until the year 2242.
constexpr int64_t kEpochsPerSecond = int64_t{1} << 20U;

int64_t first_epoch(Time now) {
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() * kEpochsPerSecond;
}

class Incarnation {
 public:
  Incarnation(Database& database, Clock& clock, Restoration& restoration, const std::string& actor,
              std::optional<int64_t> log_end)
      : db_(database), tables_(database), clock_(clock), restoration_(restoration), actor_(actor), log_end_(log_end) {}

  void begin() {
    db_.run("BEGIN IMMEDIATE");
    const Tables::Meta meta = *tables_.meta();
    const LedgerTime time(clock_, meta.mark);
    now_ = time.now();
    const auto& former = restoration_.former;
    const bool same = former && former->ledger_id == meta.ledger_id;
    restoration_.incarnation = 1 + std::max(restoration_.backup.incarnation, same ? former->incarnation : int64_t{0});
    db_.run("UPDATE meta SET incarnation = ?", restoration_.incarnation);
    tables_.put_mark(time.mark(now_));
    // The former's clock may have been ahead of ours, and so its epochs.
    db_.run("UPDATE position SET epoch = max(epoch, ?)", std::max(first_epoch(now_), same ? former->epoch + 1 : 0));
    hold_what_claims_find();
    const int64_t known = log_end_ ? *log_end_ - 1 : same ? former->head : -1;
    write(std::max(known, restoration_.backup.head), meta.ledger_id);
    db_.run("COMMIT");
  }

 private:
  // A person may have undone, since, what a claim stands for. The next event that confirms it makes a claim of its own.
  void hold_what_claims_find() {
    db_.run("UPDATE claim SET body = json_set(body, '$.policy.reconcile', ?)", std::string(to_string(Reconcile::hold)));
  }

  void write(int64_t last, const std::string& ledger_id) {
    restoration_.head = last + 1;
    append(restoration_record(restoration_, ledger_id, actor_), restoration_.head);
    const Pause pause{"all",
                      fmt::format("the ledger was restored from a backup: what was done after its record {} is not "
                                  "known to it",
                                  restoration_.backup.head),
                      actor_, now_};
    tables_.put(pause);
    append(pause_record(pause), restoration_.head + 1);
  }

  void append(Record record, int64_t seq) {
    tables_.append(seq, seal(std::move(record), seq, now_, kRecordBytesMax).bytes);
  }

  Database& db_;
  Tables tables_;
  Clock& clock_;
  Restoration& restoration_;
  const std::string& actor_;
  const std::optional<int64_t> log_end_;
  Time now_;
};

// ---- in the place of the former ------------------------------------------------------------------------------------

constexpr const char* kNotInItsPlace = "the ledger is restored, but not in its place: `kedge run` puts it there";

class Restorer {
 public:
  Restorer(std::string directory, std::string backup, Duration undo_horizon, std::string actor, Clock& clock,
           std::optional<int64_t> log_end)
      : directory_(std::move(directory)),
        backup_(std::move(backup)),
        undo_horizon_(undo_horizon),
        actor_(std::move(actor)),
        clock_(clock),
        log_end_(log_end) {}

  Result<Restoration> run() {
    if (auto ended = end_exchange(directory_, clock_.now()); !ended) return ended.error();
    restoration_.former = look_at(directory_ + "/ledger.db");
    const auto prepared = prepare();
    if (!prepared && !check_no_exchange(directory_)) return prepared.error().with(kNotInItsPlace);
    if (!prepared || !restoration_.backup.good()) give_up_exchange(directory_);
    if (!prepared) return prepared.error().with("the ledger stays as it is");
    if (!restoration_.backup.good()) return restoration_;
    auto former = end_exchange(directory_, clock_.now());
    if (!former) return former.error().with(kNotInItsPlace);
    restoration_.set_aside = *std::move(former);
    return restoration_;
  }

 private:
  // Up to the moment at which the backup, with a new incarnation, is the ledger.
  Result<void> prepare() {
    const auto fresh = begin_exchange(directory_);
    if (!fresh) return fresh.error();
    constexpr int kOldest = 1;
    if (auto copied = copy_ledger(backup_, *fresh, kOldest); !copied) return copied;
    if (auto begun = begin_incarnation(*fresh); !begun || !restoration_.backup.good()) return begun;
    const auto checked = check_ledger(*fresh, undo_horizon_);
    if (!checked) return checked.error();
    if (!checked->good()) {
      return Error{ErrorCode::internal, "the restored copy would have a fault: " + checked->faults.front().message};
    }
    return commit_exchange(directory_);
  }

  // Unless the check finds a fault. An older backup is brought to our version: it is its own copy.
  Result<void> begin_incarnation(const std::string& fresh) {
    try {
      Database database(fresh, SQLITE_OPEN_READWRITE);
      if (auto upgraded = upgrade(database, fresh, ledger_migrations()); !upgraded) return upgraded;
      auto checked = check_ledger(fresh, undo_horizon_);
      if (!checked) return checked.error();
      restoration_.backup = *std::move(checked);
      if (restoration_.backup.good()) Incarnation(database, clock_, restoration_, actor_, log_end_).begin();
      return {};
    } catch (const SqliteFailure& failure) {
      return failure.error().with("beginning a new incarnation");
    }
  }

  const std::string directory_;
  const std::string backup_;
  const Duration undo_horizon_;
  const std::string actor_;
  Clock& clock_;
  const std::optional<int64_t> log_end_;
  Restoration restoration_;
};

}  // namespace

Result<Restoration> restore_ledger(const std::string& directory, const std::string& backup, Duration undo_horizon,
                                   const std::string& actor, Clock& clock, std::optional<int64_t> log_end) {
  std::error_code failure;
  if (fs::create_directories(directory, failure)) chmod(directory.c_str(), 0700);
  if (failure) return Error{ErrorCode::refused, "cannot make " + directory + ": " + failure.message()};
  const auto lock = lock_ledger(directory);
  if (!lock) return lock.error().with("a ledger is restored while no daemon runs");
  return Restorer(directory, backup, undo_horizon, actor, clock, log_end).run();
}

}  // namespace kedge
