#include "bench/audit/noting_log_disk.h"

#include <tuple>
#include <utility>

namespace kedge {

NotingLogDisk::Noted NotingLogDisk::noted() {
  notes_ = false;
  return std::exchange(noted_, {});
}

Result<void> NotingLogDisk::make_directory(const std::string& path) {
  (notes_ ? noted_.calls : noted_.before).push_back([at = again(path)](LogDisk& disk) {
    return disk.make_directory(at);
  });
  return disk_->make_directory(path);
}

Result<void> NotingLogDisk::write(const std::string& path, std::string_view bytes) {
  if (notes_) {
    keep([at = again(path), all = std::string(bytes)](LogDisk& disk) { return disk.write(at, all); });
    ++noted_.files;
  }
  return disk_->write(path, bytes);
}

void NotingLogDisk::write_early(const std::string& path, std::shared_ptr<const std::string> bytes) {
  if (notes_) {
    keep([at = again(path), bytes](LogDisk& disk) {
      disk.write_early(at, bytes);
      return Result<void>();
    });
    ++noted_.files;
  }
  disk_->write_early(path, std::move(bytes));
}

Result<void> NotingLogDisk::rename(const std::string& from, const std::string& to) {
  if (notes_) keep([was = again(from), is = again(to)](LogDisk& disk) { return disk.rename(was, is); });
  return disk_->rename(from, to);
}

// What is removed may be of a publication that was not noted, and is not there then.
Result<void> NotingLogDisk::remove(const std::string& path) {
  if (notes_) {
    keep([at = again(path)](LogDisk& disk) {
      std::ignore = disk.remove(at);
      return Result<void>();
    });
  }
  return disk_->remove(path);
}

void NotingLogDisk::remove_folder_early(const std::string& path) {
  if (notes_) {
    keep([at = again(path)](LogDisk& disk) {
      disk.remove_folder_early(at);
      return Result<void>();
    });
  }
  disk_->remove_folder_early(path);
}

Result<void> NotingLogDisk::overwrite(const std::string& path, uint64_t at, std::string_view bytes) {
  if (notes_) {
    keep([over = again(path), at, all = std::string(bytes)](LogDisk& disk) { return disk.overwrite(over, at, all); });
    ++noted_.syncs;
  }
  return disk_->overwrite(path, at, bytes);
}

Result<void> NotingLogDisk::sync_directory(const std::string& path) {
  if (notes_) {
    keep([at = again(path)](LogDisk& disk) { return disk.sync_directory(at); });
    ++noted_.syncs;
  }
  return disk_->sync_directory(path);
}

Result<void> NotingLogDisk::sync_all() {
  if (notes_) {
    keep([](LogDisk& disk) { return disk.sync_all(); });
    ++noted_.syncs;
  }
  return disk_->sync_all();
}

}  // namespace kedge
