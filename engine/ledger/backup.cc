#include "ledger/backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "ledger/schema.h"

namespace kedge {
namespace {

constexpr int kBusyMillis = 5'000;

Error failed(const std::string& what, const std::string& path) {
  const int number = errno;
  ErrorCode code = ErrorCode::refused;
  if (number == ENOENT) code = ErrorCode::not_found;
  if (number == EEXIST) code = ErrorCode::conflict;
  if (number == ENOSPC || number == EDQUOT || number == EROFS) code = ErrorCode::no_room;
  return {code, what + " " + path + ": " + std::strerror(number)};
}

std::string directory_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

Result<void> sync(const std::string& path, int flags) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (descriptor < 0) return failed("cannot open", path);
  const bool synced = fsync(descriptor) == 0;
  const Error error = synced ? Error{} : failed("cannot sync", path);
  close(descriptor);
  if (!synced) return error;
  return {};
}

// An empty file beside `path`, of the owner's alone, that goes when the backup is not finished.
class Unfinished {
 public:
  static Result<std::unique_ptr<Unfinished>> beside(const std::string& path) {
    std::string name = path + ".XXXXXX";
    const int descriptor = mkostemp(name.data(), O_CLOEXEC);  // 0600
    if (descriptor < 0) return failed("cannot make a file in", directory_of(path));
    close(descriptor);
    return std::unique_ptr<Unfinished>(new Unfinished(std::move(name)));
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

}  // namespace

Result<void> copy_ledger(const std::string& from, const std::string& to) {
  std::error_code hidden;
  if (!std::filesystem::exists(from, hidden)) {
    if (hidden) return Error{ErrorCode::refused, "cannot look at " + from + ": " + hidden.message()};
    return Error{ErrorCode::not_found, "there is no " + from};
  }
  try {
    Database source(from, SQLITE_OPEN_READONLY);
    sqlite3_busy_timeout(source.handle(), kBusyMillis);
    if (auto known = check_version(source, from, ledger_schema_version()); !known) return known.error();
    Database copy(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    copy_pages(source, copy);
    copy.execute("PRAGMA journal_mode = DELETE");  // otherwise even who reads it makes files beside it
  } catch (const SqliteFailure& failure) {
    return failure.error().with("copying " + from + " to " + to);
  }
  return sync(to, 0);
}

Result<void> take_free_name(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    const bool unknown = errno == EINVAL || errno == ENOSYS;  // to this file system
    if (!unknown || link(from.c_str(), to.c_str()) != 0) return failed("cannot make", to);
    unlink(from.c_str());
  }
  return sync(directory_of(to), O_DIRECTORY);
}

Result<LedgerCheck> back_up_ledger(const std::string& directory, const std::string& path, Duration undo_horizon) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    return Error{ErrorCode::conflict, path + " is there already: name a file that is not, or move it away"};
  }
  auto unfinished = Unfinished::beside(path);
  if (!unfinished) return unfinished.error();
  const std::string& copy = (*unfinished)->path();
  if (auto copied = copy_ledger(directory + "/ledger.db", copy); !copied) return copied.error();
  auto checked = check_ledger(copy, undo_horizon);
  if (!checked || !checked->good()) return checked;
  if (auto named = take_free_name(copy, path); !named) return named.error();
  return checked;
}

}  // namespace kedge
