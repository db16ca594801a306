#include "ledger/restoration.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/json.h"
#include "ledger/backup.h"
#include "ledger/exchange.h"
#include "ledger/incarnation.h"
#include "ledger/ledger_lock.h"
#include "ledger/schema.h"
#include "ledger/tables.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

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

bool is_restoration(const std::string& bytes) {
  const auto record = parse_json(bytes);
  return record && record->is_object() && record->value("kind", Json()) == "restoration";
}

// Whether the former ledger is the one that the log was made of, as far as can be told, or one that was restored and
// goes on behind it.
bool is_of_log(Tables& former, const LogOfLedger& log) {
  if (log.end == 0) return true;
  const std::vector<JournalEntry> kept = former.journal(log.end - 1, 1);
  if (kept.empty()) return false;
  if (kept.front().seq > log.end) return true;  // it has let go what could tell
  if (kept.front().seq == log.end) return is_restoration(kept.front().bytes);
  const auto logged = log.records(log.end - 1, 1);
  return logged && *logged == kept;
}

// What a log could not take yet is in the former ledger alone, and its numbers would be given again. Of another ledger,
// and of what cannot be read any more, it takes nothing: that is set aside.
Result<void> check_log_has_all(const std::string& former, const std::optional<LogOfLedger>& log) {
  if (!log) return {};
  try {
    Database database(former, SQLITE_OPEN_READONLY);
    Tables tables(database);
    if (!is_of_log(tables, *log)) return {};
    const std::vector<JournalEntry> rest = tables.journal(log->end, 1);
    if (rest.empty()) return {};
    return Error{ErrorCode::refused,
                 fmt::format("the audit log has not got the records {} to {} of the former ledger: they would be lost, "
                             "and their numbers given again. Make room for the log, or put its newest copy in its "
                             "place, and restore again; or, to give them up, move {}, and what begins with its name, "
                             "away first",
                             rest.front().seq, tables.journal_head(), former)};
  } catch (const SqliteFailure&) {
    return {};  // damage may be the very reason to restore
  }
}

constexpr const char* kNotInItsPlace = "the ledger is restored, but not in its place: `kedge run` puts it there";

class Restorer {
 public:
  Restorer(std::string directory, std::string backup, Duration undo_horizon, std::string actor, Clock& clock,
           const std::optional<LogOfLedger>& log)
      : directory_(std::move(directory)),
        backup_(std::move(backup)),
        undo_horizon_(undo_horizon),
        actor_(std::move(actor)),
        clock_(clock),
        log_(log) {}

  Result<Restoration> run() {
    if (auto ended = end_exchange(directory_, clock_.now()); !ended) return ended.error();
    const std::string path = directory_ + "/ledger.db";
    if (auto has_all = check_log_has_all(path, log_); !has_all) return has_all.error();
    restoration_.former = look_at(path);
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
      if (restoration_.backup.good()) {
        kedge::begin_incarnation(database, directory_ + "/ledger.db", log_, actor_, clock_, restoration_);
      }
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
  const std::optional<LogOfLedger>& log_;
  Restoration restoration_;
};

}  // namespace

Result<Restoration> restore_ledger(const std::string& directory, const std::string& backup, Duration undo_horizon,
                                   const std::string& actor, Clock& clock, const std::optional<LogOfLedger>& log) {
  std::error_code failure;
  if (fs::create_directories(directory, failure)) chmod(directory.c_str(), 0700);
  if (failure) return Error{ErrorCode::refused, "cannot make " + directory + ": " + failure.message()};
  const auto lock = lock_ledger(directory);
  if (!lock) return lock.error().with("a ledger is restored while no daemon runs");
  return Restorer(directory, backup, undo_horizon, actor, clock, log).run();
}

}  // namespace kedge
