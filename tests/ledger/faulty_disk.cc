#include "tests/ledger/faulty_disk.h"

#include <sqlite3.h>

#include <filesystem>
#include <mutex>

#include "tests/ledger/sqlite_disk.h"

namespace kedge {
namespace {

class FaultyDisk final : public SqliteDisk {
 public:
  int write(const std::string&, std::string_view, int64_t) override {
    const std::lock_guard lock(mutex_);
    switch (fault_) {
      case DiskFault::full:
        return SQLITE_FULL;
      case DiskFault::full_while_file_is:
        return std::filesystem::exists(file_) ? SQLITE_FULL : SQLITE_OK;
      case DiskFault::read_only:
        return SQLITE_READONLY;
      default:
        return SQLITE_OK;
    }
  }
  int truncate(const std::string&, int64_t) override { return SQLITE_OK; }
  int sync(const std::string&) override {
    const std::lock_guard lock(mutex_);
    return fault_ == DiskFault::sync_fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }
  int remove(const std::string&) override { return SQLITE_OK; }

  void set(DiskFault fault, const std::string& file) {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
    file_ = file;
  }

 private:
  // Guarded by mutex_.
  std::mutex mutex_;
  DiskFault fault_ = DiskFault::none;
  std::string file_;
};

}  // namespace

void set_disk_fault(DiskFault fault, const std::string& file) {
  static FaultyDisk disk;
  put_before_disk(&disk);
  disk.set(fault, file);
}

}  // namespace kedge
