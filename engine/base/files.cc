#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace kedge {
namespace {

constexpr size_t kPieceBytes = 65536;

Error failed(const std::string& what, const std::string& path) {
  const int number = errno;
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT) code = ErrorCode::not_found;
  if (number == EACCES || number == EPERM) code = ErrorCode::refused;
  if (number == ENOSPC || number == EDQUOT || number == EROFS) code = ErrorCode::no_room;
  return {code, what + " " + path + ": " + std::strerror(number)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return failed("cannot open", path);
  struct stat found {};
  if (fstat(file.get(), &found) != 0) return failed("cannot read", path);
  // As long as it says to be, and a byte more to see that it ends there; what says nothing, like a pipe, in larger
  // pieces.
  const bool says = S_ISREG(found.st_mode) && found.st_size > 0 && static_cast<size_t>(found.st_size) <= bytes_max;
  std::string bytes(says ? static_cast<size_t>(found.st_size) + 1 : kPieceBytes, '\0');
  size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(size + kPieceBytes);
    const ssize_t got = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read", path);
    size += static_cast<size_t>(got);
    if (size > bytes_max) {
      return Error{ErrorCode::limit, path + " is larger than " + std::to_string(bytes_max) + " bytes"};
    }
    if (got != 0) continue;
    bytes.resize(size);
    return bytes;
  }
}

Result<void> write_file_atomically(const std::string& path, std::string_view bytes, unsigned mode) {
  const std::string temporary = path + ".new";
  {
    const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0) return failed("cannot create", temporary);
    if (auto done = write_all(file.get(), bytes, temporary); !done) return done;
    if (fsync(file.get()) != 0) return failed("cannot sync", temporary);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot replace", path);
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  const Descriptor folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return failed("cannot sync", directory);
  return {};
}

}  // namespace kedge
