#include "audit/log_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <tuple>

#include "audit/file_work.h"
#include "base/descriptor.h"
#include "base/files.h"
#include "base/lock_file.h"

namespace kedge {
namespace {

// 0644: a log is there to be shown.
int open_file(const std::string& path, int flags) { return open(path.c_str(), flags | O_CLOEXEC, 0644); }

// What is written beyond this begins to be written back at once, so that a sync has less to wait for. What is less a
// sync writes in one go, which takes half as long on a core as file by file.
constexpr size_t kLeftToSync = 4U << 20U;

// Whether it begins or not, a sync sees to it.
void begin_writing_back(const Descriptor& file) {
  std::ignore = sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

// A directory, and with it the file system on which it lies.
class Place {
 public:
  static Result<Place> open(const std::string& directory) {
    Descriptor opened(open_file(directory, O_RDONLY | O_DIRECTORY));
    struct stat seen {};
    if (opened.get() < 0 || fstat(opened.get(), &seen) != 0) return io_error("cannot open", directory);
    return Place(directory, std::move(opened), seen.st_dev);
  }

  bool shares_file_system(const Place& other) const { return device_ == other.device_; }

  Result<void> sync_file_system() const {
    if (syncfs(opened_.get()) != 0) return io_error("cannot sync the disk of", directory_);
    return {};
  }

 private:
  Place(std::string directory, Descriptor opened, dev_t device)
      : directory_(std::move(directory)), opened_(std::move(opened)), device_(device) {}

  std::string directory_;
  Descriptor opened_;
  dev_t device_;
};

class SystemLogDisk final : public LogDisk {
 public:
  SystemLogDisk(std::unique_ptr<LockFile> lock, Place log, Place head)
      : lock_(std::move(lock)), log_(std::move(log)), head_(std::move(head)) {}

  Result<std::string> read(const std::string& path, size_t bytes_max) override { return read_file(path, bytes_max); }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* const stream = opendir(directory.c_str());
    if (stream == nullptr) return io_error("cannot list", directory);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* const entry = readdir(stream)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    const bool read_all = errno == 0;
    const Error error = read_all ? Error{} : io_error("cannot list", directory);
    closedir(stream);
    if (!read_all) return error;
    return names;
  }

  Result<void> make_directory(const std::string& path) override {
    if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
    return io_error("cannot make", path);
  }

  Result<void> write(const std::string& path, std::string_view bytes) override { return write_whole(path, bytes); }

  void write_early(const std::string& path, std::shared_ptr<const std::string> bytes) override {
    early_.add([this, path, bytes = std::move(bytes)] { return write_whole(path, *bytes); });
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return io_error("cannot move " + from + " to", to);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::remove(path.c_str()) != 0) return io_error("cannot remove", path);
    return {};
  }

  void remove_folder_early(const std::string& path) override {
    if (access(path.c_str(), F_OK) != 0) return;
    early_.add([path] {
      std::error_code stays;
      std::filesystem::remove_all(path, stays);
      return Result<void>();
    });
  }

  // By one call: a signal does not come between. A data sync of bytes that the file had before waits for these bytes
  // alone, not for the file system's journal.
  Result<void> overwrite(const std::string& path, uint64_t at, std::string_view bytes) override {
    const Descriptor file(open_file(path, O_WRONLY));
    if (file.get() < 0) return io_error("cannot open", path);
    const ssize_t written = pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0) return io_error("cannot write to", path);
    if (static_cast<size_t>(written) != bytes.size()) {
      return Error{ErrorCode::no_room,
                   path + " took " + std::to_string(written) + " bytes of " + std::to_string(bytes.size())};
    }
    if (fdatasync(file.get()) != 0) return io_error("cannot sync", path);
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    const Descriptor directory(open_file(path, O_RDONLY | O_DIRECTORY));
    if (directory.get() < 0) return io_error("cannot open", path);
    if (fsync(directory.get()) != 0) return io_error("cannot sync", path);
    return {};
  }

  // By descriptors from before what is synced was written: an error of writing back that came meanwhile is told to
  // them, whoever else has heard of it.
  Result<void> sync_all() override {
    if (auto written = early_.wait(); !written) return written;
    unsynced_ = 0;
    auto synced = log_.sync_file_system();
    return !synced || head_.shares_file_system(log_) ? synced : head_.sync_file_system();
  }

 private:
  Result<void> write_whole(const std::string& path, std::string_view bytes) {
    const Descriptor file(open_file(path, O_WRONLY | O_CREAT | O_TRUNC));
    if (file.get() < 0) return io_error("cannot create", path);
    auto written = write_all(file, bytes, path);
    if ((unsynced_ += bytes.size()) > kLeftToSync) begin_writing_back(file);
    return written;
  }

  const std::unique_ptr<LockFile> lock_;
  const Place log_;
  const Place head_;
  std::atomic<size_t> unsynced_ = 0;  // bytes
  FileWork early_;
};

}  // namespace

Result<std::unique_ptr<LogDisk>> open_log_disk(const std::string& directory, const std::string& head_directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure) return Error{ErrorCode::refused, "cannot make " + directory + ": " + failure.message()};
  auto lock = LockFile::take(directory + "/.lock", "a log has one writer; end that one, or give this one another log");
  if (!lock) return lock.error();
  auto log = Place::open(directory);
  if (!log) return log.error();
  auto head = Place::open(head_directory);
  if (!head) return head.error();
  return std::unique_ptr<LogDisk>(std::make_unique<SystemLogDisk>(*std::move(lock), *std::move(log), *std::move(head)));
}

}  // namespace kedge
