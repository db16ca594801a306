#include "ledger/durable_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace kedge {
namespace {

Result<void> sync(const std::string& path, int flags) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (descriptor < 0) return failed_on("cannot open", path);
  const bool synced = fsync(descriptor) == 0;
  const Error error = synced ? Error{} : failed_on("cannot sync", path);
  close(descriptor);
  if (!synced) return error;
  return {};
}

}  // namespace

Error failed_on(const std::string& what, const std::string& path) {
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

Result<void> sync_file(const std::string& path) { return sync(path, 0); }
Result<void> sync_directory(const std::string& path) { return sync(path, O_DIRECTORY); }

Result<void> take_free_name(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    const bool unknown = errno == EINVAL || errno == ENOSYS;  // to this file system
    if (!unknown || link(from.c_str(), to.c_str()) != 0) return failed_on("cannot make", to);
    unlink(from.c_str());
  }
  return sync_directory(directory_of(to));
}

Result<void> take_name(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return failed_on("cannot move " + from + " to", to);
  return {};
}

}  // namespace kedge
