#include "ledger/restoration.h"

#include <sys/stat.h>

#include <filesystem>

#include "ledger/backup.h"
#include "ledger/exchange.h"
#include "ledger/incarnation.h"
#include "ledger/ledger_lock.h"
#include "ledger/schema.h"

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
