#include "ledger/exchange.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "ledger/durable_files.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

// The old one's file goes first, so that nobody finds it without its log.
constexpr const char* kFilesOfLedger[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal"};
constexpr const char* kFresh = "restored.db";

std::string making(const std::string& directory) { return directory + "/ledger-restoring"; }
std::string committed(const std::string& directory) { return directory + "/ledger-restored"; }

bool is_there(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

// Of a file that was moved already by one who died, another of that name holds nothing: a reader made it.
Result<void> move_aside(const std::string& directory, const std::string& name) {
  const std::string from = directory + "/" + name;
  const std::string to = committed(directory) + "/" + name;
  if (!is_there(from)) return {};
  if (!is_there(to)) return take_name(from, to);
  if (name == "ledger.db") {
    return Error{ErrorCode::conflict, "another ledger was made while one was being restored: move " + from + " away"};
  }
  if (unlink(from.c_str()) != 0) return failed_on("cannot remove", from);
  return {};
}

Result<void> sync_both(const std::string& directory) {
  if (auto synced = sync_directory(committed(directory)); !synced) return synced;
  return sync_directory(directory);
}

Result<void> exchange_files(const std::string& directory) {
  for (const char* name : kFilesOfLedger) {
    if (auto moved = move_aside(directory, name); !moved) return moved;
  }
  if (auto synced = sync_both(directory); !synced) return synced;
  if (auto moved = take_name(committed(directory) + "/" + kFresh, directory + "/ledger.db"); !moved) return moved;
  return sync_both(directory);
}

// The directory's last name tells when the old ledger was replaced.
Result<std::string> name_what_is_left(const std::string& directory, Time now) {
  const std::string left = committed(directory);
  if (rmdir(left.c_str()) == 0) return std::string();  // nothing is left: there was no ledger
  std::string name = directory + "/ledger-before-restore-" + format_time(now).substr(0, 19);
  name.erase(std::remove(name.end() - 19, name.end(), ':'), name.end());
  for (int number = 1; number < 100; ++number) {
    const std::string free = number == 1 ? name : name + "-" + std::to_string(number);
    if (is_there(free)) continue;
    if (auto named = take_name(left, free); !named) return named.error();
    if (auto synced = sync_directory(directory); !synced) return synced.error();
    return free;
  }
  return Error{ErrorCode::limit, "there are too many ledgers of one second in " + directory};
}

}  // namespace

Result<std::string> begin_exchange(const std::string& directory) {
  give_up_exchange(directory);
  if (mkdir(making(directory).c_str(), 0700) != 0) return failed_on("cannot make", making(directory));
  const std::string fresh = making(directory) + "/" + kFresh;
  const int descriptor = open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed_on("cannot make", fresh);
  close(descriptor);
  return fresh;
}

void give_up_exchange(const std::string& directory) {
  std::error_code ignored;
  fs::remove_all(making(directory), ignored);
}

Result<void> commit_exchange(const std::string& directory) {
  if (auto synced = sync_file(making(directory) + "/" + kFresh); !synced) return synced;
  if (auto synced = sync_directory(making(directory)); !synced) return synced;  // that no journal of it comes back
  if (auto named = take_name(making(directory), committed(directory)); !named) return named;
  return sync_directory(directory);
}

Result<std::string> end_exchange(const std::string& directory, Time now) {
  if (!is_there(committed(directory))) return std::string();
  if (is_there(committed(directory) + "/" + kFresh)) {
    if (auto exchanged = exchange_files(directory); !exchanged) return exchanged.error();
  }
  return name_what_is_left(directory, now);
}

Result<void> check_no_exchange(const std::string& directory) {
  if (!is_there(committed(directory) + "/" + kFresh)) return {};
  return Error{ErrorCode::unavailable, "a restoration of the ledger in " + directory +
                                           " was cut short: `kedge run` ends it, and so does another `kedge ledger "
                                           "restore`"};
}

}  // namespace kedge
