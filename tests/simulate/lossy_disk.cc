#include "tests/simulate/lossy_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace kedge {
namespace {

constexpr size_t kSector = 512;  // what a disk writes whole

}  // namespace

int LossyDisk::write(const std::string& path, std::string_view bytes, int64_t offset) {
  if (mishaps_.dies()) return SQLITE_IOERR_WRITE;
  if (mishaps_.is_full()) return SQLITE_FULL;
  files_[path].since.push_back({std::string(bytes), offset, false});
  return SQLITE_OK;
}

int LossyDisk::truncate(const std::string& path, int64_t size) {
  if (mishaps_.dies()) return SQLITE_IOERR_TRUNCATE;
  files_[path].since.push_back({"", size, true});
  return SQLITE_OK;
}

int LossyDisk::sync(const std::string& path) {
  if (mishaps_.dies()) return SQLITE_IOERR_FSYNC;
  if (mishaps_.lies()) return SQLITE_DONE;
  File& file = files_[path];
  for (const Write& write : file.since) apply(write, file.synced);
  file.since.clear();
  return SQLITE_DONE;
}

int LossyDisk::remove(const std::string& path) {
  if (mishaps_.dies()) return SQLITE_IOERR_DELETE;
  files_.erase(path);
  return SQLITE_OK;
}

void LossyDisk::apply(const Write& write, std::string& content) {
  const auto offset = static_cast<size_t>(write.offset);
  if (write.cuts) return content.resize(offset);
  content.resize(std::max(content.size(), offset + write.bytes.size()));
  std::memcpy(content.data() + offset, write.bytes.data(), write.bytes.size());
}

// A disk has its own order: a later write may be there, and an earlier one not.
void LossyDisk::perhaps_apply(const Write& write, std::string& content) {
  if (dice_.below(2) == 0) return;
  if (write.bytes.size() <= kSector || dice_.below(4) != 0) return apply(write, content);
  const size_t part = dice_.below(write.bytes.size() / kSector) * kSector;
  apply({write.bytes.substr(0, part), write.offset, false}, content);
}

void LossyDisk::lose_what_is_not_synced() {
  for (auto& [path, file] : files_) {
    for (const Write& write : file.since) perhaps_apply(write, file.synced);
    file.since.clear();
    std::ofstream(path, std::ios::binary | std::ios::trunc) << file.synced;
    std::filesystem::remove(path + "-shm");  // it is memory
  }
}

}  // namespace kedge
