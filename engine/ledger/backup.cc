#include "ledger/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "ledger/durable_files.h"
#include "ledger/exchange.h"
#include "ledger/schema.h"

namespace kedge {
namespace {

constexpr int kBusyMillis = 5'000;

// An empty file beside `path`, of the owner's alone, that goes when the backup is not finished.
class Unfinished {
 public:
  static Result<std::unique_ptr<Unfinished>> beside(const std::string& path) {
    std::string name = path + ".XXXXXX";
    const int descriptor = mkostemp(name.data(), O_CLOEXEC);  // 0600
    if (descriptor < 0) return failed_on("cannot make a file in", directory_of(path));
    close(descriptor);
    return std::unique_ptr<Unfinished>(new Unfinished(std::move(name)));
  }
  // For who is alone: in the place of what one that died half way has left.
  static Result<std::unique_ptr<Unfinished>> instead_of(const std::string& name) {
    for (const char* more : {"", "-journal"}) unlink((name + more).c_str());
    const int descriptor = open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return failed_on("cannot make", name);
    close(descriptor);
    return std::unique_ptr<Unfinished>(new Unfinished(name));
  }
  ~Unfinished() { unlink(path_.c_str()); }  // once it has its name, there is none of this any more
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit Unfinished(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

void copy_pages(Database& from, Database& to) {
  sqlite3_backup* const copy = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (copy == nullptr) {
    const int code = sqlite3_extended_errcode(to.handle());
    throw SqliteFailure{code & 0xFF, code, sqlite3_errmsg(to.handle())};
  }
  const int stepped = sqlite3_backup_step(copy, -1);
  const int finished = sqlite3_backup_finish(copy);
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return;
  const int code = finished == SQLITE_OK ? stepped : finished;
  throw SqliteFailure{code & 0xFF, code, sqlite3_errstr(code)};
}

// As a file of its own: otherwise even who reads it makes files beside it.
void copy_whole(Database& from, const std::string& path) {
  Database to(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  copy_pages(from, to);
  to.execute("PRAGMA journal_mode = DELETE");
}

}  // namespace

Result<void> copy_ledger(const std::string& from, const std::string& to, int oldest) {
  std::error_code hidden;
  if (!std::filesystem::exists(from, hidden)) {
    if (hidden) return Error{ErrorCode::refused, "cannot look at " + from + ": " + hidden.message()};
    return Error{ErrorCode::not_found, "there is no " + from};
  }
  try {
    Database source(from, SQLITE_OPEN_READONLY);
    sqlite3_busy_timeout(source.handle(), kBusyMillis);
    if (auto known = check_version(source, from, oldest, ledger_schema_version()); !known) return known.error();
    copy_whole(source, to);
  } catch (const SqliteFailure& failure) {
    return failure.error().with("copying " + from + " to " + to);
  }
  return sync_file(to);
}

Result<void> keep_copy(Database& database, const std::string& path) {
  auto unfinished = Unfinished::instead_of(path + ".unfinished");
  if (!unfinished) return unfinished.error();
  const std::string& copy = (*unfinished)->path();
  copy_whole(database, copy);
  if (auto synced = sync_file(copy); !synced) return synced;
  if (auto named = take_name(copy, path); !named) return named;
  return sync_directory(directory_of(path));
}

Result<LedgerCheck> back_up_ledger(const std::string& directory, const std::string& path, Duration undo_horizon) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    return Error{ErrorCode::conflict, path + " is there already: name a file that is not, or move it away"};
  }
  if (auto whole = check_no_exchange(directory); !whole) return whole.error();
  auto unfinished = Unfinished::beside(path);
  if (!unfinished) return unfinished.error();
  const std::string& copy = (*unfinished)->path();
  if (auto copied = copy_ledger(directory + "/ledger.db", copy, ledger_schema_version()); !copied)
    return copied.error();
  auto checked = check_ledger(copy, undo_horizon);
  if (!checked || !checked->good()) return checked;
  if (auto named = take_free_name(copy, path); !named) return named.error();
  return checked;
}

}  // namespace kedge
