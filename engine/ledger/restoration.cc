#include "ledger/restoration.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "ledger/backup.h"
#include "ledger/lock_file.h"
#include "ledger/record.h"
#include "ledger/tables.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRecordBytesMax = 65'535;

Error failed(const std::string& what, const std::string& path) {
  return {ErrorCode::refused, what + " " + path + ": " + std::strerror(errno)};
}

// ---- the new incarnation -------------------------------------------------------------------------------------------

std::optional<Restoration::Former> look_at(const std::string& path) {
  try {
    Database database(path, SQLITE_OPEN_READONLY);
    Query row = database.query("SELECT ledger_id, incarnation, (SELECT max(seq) FROM journal) FROM meta");
    if (!row.next()) return std::nullopt;
    return Restoration::Former{row.text(0), row.integer(1), row.is_null(2) ? -1 : row.integer(2)};
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
  Incarnation(Database& database, Clock& clock, Restoration& restoration, const std::string& actor)
      : db_(database), tables_(database), clock_(clock), restoration_(restoration), actor_(actor) {}

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
    db_.run("UPDATE position SET epoch = max(epoch, ?)", first_epoch(now_));
    write(same ? std::max(former->head, restoration_.backup.head) : restoration_.backup.head, meta.ledger_id);
    db_.run("COMMIT");
  }

 private:
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
  Time now_;
};

// ---- one ledger in the place of the other --------------------------------------------------------------------------

Result<void> sync_directory(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const Error error = synced ? Error{} : failed("cannot sync", path);
  if (descriptor >= 0) close(descriptor);
  if (!synced) return error;
  return {};
}

// The ledger's file, and what belongs to it while it has not been closed.
std::vector<std::string> files_of_ledger(const std::string& directory) {
  std::vector<std::string> names;
  for (const char* name : {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal"}) {
    std::error_code ignored;
    if (fs::exists(directory + "/" + name, ignored)) names.emplace_back(name);
  }
  return names;
}

Result<std::string> make_place_aside(const std::string& directory, Time now) {
  std::string name = directory + "/ledger-before-restore-" + format_time(now).substr(0, 19);
  name.erase(std::remove(name.end() - 19, name.end(), ':'), name.end());
  for (const char* more : {"", "-2", "-3", "-4"}) {
    if (mkdir((name + more).c_str(), 0700) == 0) return name + more;
    if (errno != EEXIST) break;
  }
  return failed("cannot make", name);
}

// Gives every file of the ledger a second name, durably; where that is. Empty: there is no ledger.
Result<std::string> set_aside(const std::string& directory, Time now) {
  const std::vector<std::string> names = files_of_ledger(directory);
  if (names.empty()) return std::string();
  const auto place = make_place_aside(directory, now);
  if (!place) return place.error();
  for (const std::string& name : names) {
    const std::string from = directory + "/" + name;
    if (link(from.c_str(), (*place + "/" + name).c_str()) != 0) return failed("cannot set aside", from);
  }
  for (const std::string& path : {*place, directory}) {
    if (auto synced = sync_directory(path); !synced) return synced.error();
  }
  return place;
}

// The ledger's own file goes first, so that no start can find it without its log.
Result<void> make_room(const std::string& directory) {
  for (const std::string& name : files_of_ledger(directory)) {
    if (unlink((directory + "/" + name).c_str()) != 0) return failed("cannot remove", directory + "/" + name);
    if (auto synced = sync_directory(directory); !synced) return synced;
  }
  return {};
}

class Restorer {
 public:
  Restorer(std::string directory, std::string backup, Duration undo_horizon, std::string actor, Clock& clock)
      : directory_(std::move(directory)),
        backup_(std::move(backup)),
        undo_horizon_(undo_horizon),
        actor_(std::move(actor)),
        clock_(clock) {}

  Result<Restoration> run() {
    auto checked = check_ledger(backup_, undo_horizon_);
    if (!checked) return checked.error();
    restoration_.backup = *std::move(checked);
    if (!restoration_.backup.good()) return restoration_;
    restoration_.former = look_at(directory_ + "/ledger.db");
    clean();  // of one that was ended half way: its journal would be played into our copy
    auto prepared = prepare();
    if (prepared) prepared = keep_former();
    if (!prepared) {
      clean();
      return prepared.error().with("the ledger stays as it is");
    }
    auto placed = make_room(directory_);
    if (placed) placed = take_free_name(fresh_, directory_ + "/ledger.db");
    if (placed) return restoration_;
    return placed.error().with(
        fmt::format("the former ledger lies whole in {}, the restored one is {}, and neither is "
                    "in its place",
                    restoration_.set_aside, fresh_));
  }

 private:
  Result<void> prepare() {
    const int descriptor = open(fresh_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return failed("cannot make", fresh_);
    close(descriptor);
    if (auto copied = copy_ledger(backup_, fresh_); !copied) return copied;
    try {
      Database database(fresh_, SQLITE_OPEN_READWRITE);
      Incarnation(database, clock_, restoration_, actor_).begin();
    } catch (const SqliteFailure& failure) {
      return failure.error().with("beginning a new incarnation");
    }
    const auto checked = check_ledger(fresh_, undo_horizon_);
    if (!checked) return checked.error();
    if (checked->good()) return {};
    return Error{ErrorCode::internal, "the restored copy would have a fault: " + checked->faults.front().message};
  }

  Result<void> keep_former() {
    auto aside = set_aside(directory_, clock_.now());
    if (!aside) return aside.error();
    restoration_.set_aside = *std::move(aside);
    return {};
  }

  void clean() const {
    for (const char* more : {"", "-journal", "-wal", "-shm"}) unlink((fresh_ + more).c_str());
  }

  const std::string directory_;
  const std::string backup_;
  const Duration undo_horizon_;
  const std::string actor_;
  Clock& clock_;
  const std::string fresh_ = directory_ + "/ledger.db.restoring";
  Restoration restoration_;
};

}  // namespace

Result<Restoration> restore_ledger(const std::string& directory, const std::string& backup, Duration undo_horizon,
                                   const std::string& actor, Clock& clock) {
  std::error_code failure;
  if (fs::create_directories(directory, failure)) chmod(directory.c_str(), 0700);
  if (failure) return Error{ErrorCode::refused, "cannot make " + directory + ": " + failure.message()};
  const auto lock = LockFile::take(directory + "/lock");
  if (!lock) return lock.error().with("a ledger is restored while no daemon runs");
  return Restorer(directory, backup, undo_horizon, actor, clock).run();
}

}  // namespace kedge
