#include "base/descriptor.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace kedge {

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}
Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Error io_error(const std::string& what, const std::string& path) {
  const int number = errno;
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT) code = ErrorCode::not_found;
  if (number == EACCES || number == EPERM) code = ErrorCode::refused;
  if (number == ENOSPC || number == EDQUOT || number == EROFS) code = ErrorCode::no_room;
  return {code, what + " " + path + ": " + std::strerror(number)};
}

Result<void> write_all(const Descriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace kedge
