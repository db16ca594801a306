#include "app/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace kedge {
namespace {

constexpr size_t kBufferBytes = 1U << 18U;

Error failed(const std::string& path, const std::string& what_would_help = "") {
  const int number = errno;
  const ErrorCode code = number == ENOSPC || number == EDQUOT ? ErrorCode::no_room : ErrorCode::refused;
  return {code, "cannot write " + path + ": " + std::strerror(number) + what_would_help};
}

std::string folder_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path) {
  std::error_code unknown;
  const std::filesystem::path real = std::filesystem::canonical(path, unknown);  // behind a link its target is replaced
  const std::string final_path = unknown ? path : real.string();
  struct stat there {};
  const bool exists = stat(final_path.c_str(), &there) == 0;
  if (exists && !S_ISREG(there.st_mode)) {
    const int descriptor = ::open(final_path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return failed(path);
    return OutputFile(path, "", descriptor);
  }
  const std::string written = final_path + ".part-" + std::to_string(getpid());
  unlink(written.c_str());  // of a process that had our number before
  const int descriptor = ::open(written.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed(path, "; " + folder_of(final_path) + " must be a directory that may be written to");
  if (exists) fchmod(descriptor, there.st_mode & 0777);
  return OutputFile(final_path, written, descriptor);
}

OutputFile::OutputFile(std::string path, std::string written, int descriptor)
    : path_(std::move(path)), written_(std::move(written)), descriptor_(descriptor) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      written_(std::exchange(other.written_, "")),
      descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)) {}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!written_.empty()) unlink(written_.c_str());
}

Result<void> OutputFile::write(std::string_view bytes) {
  buffer_ += bytes;
  return buffer_.size() < kBufferBytes ? Result<void>() : flush();
}

Result<void> OutputFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path_);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
  return {};
}

Result<void> OutputFile::finish() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (written_.empty()) return {};
  if (fsync(descriptor_) != 0) return failed(path_);
  if (rename(written_.c_str(), path_.c_str()) != 0) return failed(path_);
  written_.clear();
  const int folder = ::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && fsync(folder) == 0;
  const Error not_synced = failed(path_);
  if (folder >= 0) close(folder);
  return synced ? Result<void>() : Result<void>(not_synced);
}

}  // namespace kedge
