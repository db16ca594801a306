// NotingLogDisk: a disk for a log, and beside it, while it is told to, what was done to it, so that the same can be
// done again without the log: as many files of the same bytes, moved and synced in the same order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audit/log_disk.h"

namespace kedge {

class NotingLogDisk final : public LogDisk {
 public:
  // Of one publication, or of several.
  struct Noted {
    std::vector<std::function<Result<void>(LogDisk&)>> before;  // folders that were made while nothing was noted
    std::vector<std::function<Result<void>(LogDisk&)>> calls;
    size_t files = 0;  // written
    size_t syncs = 0;
  };

  // What is noted is of `again` where it was of `directory`: a place beside it.
  NotingLogDisk(std::unique_ptr<LogDisk> disk, std::string directory, std::string again)
      : disk_(std::move(disk)), directory_(std::move(directory)), again_(std::move(again)) {}

  void note() { notes_ = true; }
  Noted noted();  // since note(); and no more from now on

  Result<std::string> read(const std::string& path, size_t bytes_max) override { return disk_->read(path, bytes_max); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return disk_->list(directory); }
  Result<void> make_directory(const std::string& path) override;
  Result<void> write(const std::string& path, std::string_view bytes) override;
  void write_early(const std::string& path, std::shared_ptr<const std::string> bytes) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  void remove_folder_early(const std::string& path) override;
  Result<void> overwrite(const std::string& path, uint64_t at, std::string_view bytes) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<void> sync_all() override;

 private:
  using Call = std::function<Result<void>(LogDisk&)>;

  void keep(Call call) { noted_.calls.push_back(std::move(call)); }
  std::string again(const std::string& path) const { return again_ + path.substr(directory_.size()); }

  const std::unique_ptr<LogDisk> disk_;
  const std::string directory_;
  const std::string again_;
  bool notes_ = false;
  Noted noted_;
};

}  // namespace kedge
