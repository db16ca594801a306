#include "ledger/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <tuple>

#include "base/files.h"

namespace kedge {
namespace {

constexpr off_t kReserveBytes = 1 << 20;

}  // namespace

Result<std::unique_ptr<LockFile>> LockFile::take(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return Error{ErrorCode::refused, "cannot open " + path + ": " + std::strerror(errno)};
  std::unique_ptr<LockFile> lock(new LockFile(descriptor));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const auto holder = read_file(path, 64);
    return Error{ErrorCode::conflict,
                 "another kedge" + (holder && !holder->empty() ? " (process " + *holder + ")" : "") + " holds " + path +
                     ": one ledger has one writer; end that one, or give this one another `data`"};
  }
  // The number only serves the message above; without it the lock is ours as well.
  const std::string process = std::to_string(getpid());
  if (ftruncate(descriptor, 0) == 0) std::ignore = pwrite(descriptor, process.data(), process.size(), 0);
  return lock;
}

LockFile::~LockFile() { close(descriptor_); }

Reserve::Reserve(std::string path) : path_(std::move(path)) { restock(); }

bool Reserve::spend() {
  if (!stocked_) return false;
  stocked_ = false;
  spent_ = true;
  return unlink(path_.c_str()) == 0;
}

void Reserve::restock() {
  if (stocked_) return;
  const int descriptor = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return;
  stocked_ = posix_fallocate(descriptor, 0, kReserveBytes) == 0;
  close(descriptor);
  if (stocked_) {
    spent_ = false;
  } else {
    unlink(path_.c_str());
  }
}

}  // namespace kedge
