#include "base/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <tuple>

#include "base/files.h"

namespace kedge {

Result<std::unique_ptr<LockFile>> LockFile::take(const std::string& path, std::string_view advice) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return Error{ErrorCode::refused, "cannot open " + path + ": " + std::strerror(errno)};
  std::unique_ptr<LockFile> lock(new LockFile(descriptor));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const auto holder = read_file(path, 64);
    return Error{ErrorCode::conflict, "another kedge" +
                                          (holder && !holder->empty() ? " (process " + *holder + ")" : "") + " holds " +
                                          path + ": " + std::string(advice)};
  }
  // The number only serves the message above; without it the lock is ours as well.
  const std::string process = std::to_string(getpid());
  if (ftruncate(descriptor, 0) == 0) std::ignore = pwrite(descriptor, process.data(), process.size(), 0);
  return lock;
}

LockFile::~LockFile() { close(descriptor_); }

}  // namespace kedge
