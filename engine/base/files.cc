#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/descriptor.h"

namespace kedge {
namespace {

constexpr size_t kPieceBytes = 65536;

}  // namespace

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_error("cannot open", path);
  struct stat found {};
  if (fstat(file.get(), &found) != 0) return io_error("cannot read", path);
  // As long as it says to be, and a byte more to see that it ends there; what says nothing, like a pipe, in larger
  // pieces.
  const bool says = S_ISREG(found.st_mode) && found.st_size > 0 && static_cast<size_t>(found.st_size) <= bytes_max;
  std::string bytes(says ? static_cast<size_t>(found.st_size) + 1 : kPieceBytes, '\0');
  size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(size + kPieceBytes);
    const ssize_t got = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("cannot read", path);
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
    if (file.get() < 0) return io_error("cannot create", temporary);
    if (auto done = write_all(file, bytes, temporary); !done) return done;
    if (fsync(file.get()) != 0) return io_error("cannot sync", temporary);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return io_error("cannot replace", path);
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  const Descriptor folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return io_error("cannot sync", directory);
  return {};
}

}  // namespace kedge
