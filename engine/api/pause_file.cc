#include "api/pause_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "api/actor.h"

namespace kedge {
namespace {

std::string words_for(int code) { return std::error_code(code, std::generic_category()).message(); }

}  // namespace

Result<PauseFile> PauseFile::open(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Error{ErrorCode::unavailable, directory + ": " + words_for(errno)};
  std::error_code failure;
  const auto absolute = std::filesystem::absolute(directory, failure).lexically_normal();
  return PauseFile(descriptor, (failure ? std::filesystem::path(directory) : absolute) / "pause");
}

PauseFile::PauseFile(int directory, std::string path) : directory_(directory), path_(std::move(path)) {}

PauseFile::PauseFile(PauseFile&& other) noexcept
    : directory_(std::exchange(other.directory_, -1)), path_(std::move(other.path_)) {}

PauseFile::~PauseFile() {
  if (directory_ >= 0) close(directory_);
}

std::optional<std::string> PauseFile::paused() const {
  struct stat status {};
  if (fstatat(directory_, "pause", &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return "the file " + path_ + " is there: remove it to go on";
  }
  if (errno == ENOENT) return std::nullopt;
  return "it cannot be told whether the file " + path_ + " is there: " + words_for(errno);
}

std::string PauseFile::maker() const {
  struct stat status {};
  return fstatat(directory_, "pause", &status, AT_SYMLINK_NOFOLLOW) == 0 ? actor_of(status.st_uid) : "";
}

}  // namespace kedge
