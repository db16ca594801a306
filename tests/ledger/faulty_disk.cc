#include "tests/ledger/faulty_disk.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace kedge {
namespace {

struct Disk {
  std::mutex mutex;
  DiskFault fault = DiskFault::none;
  std::string file;

  int answer_to_write() {
    const std::lock_guard lock(mutex);
    switch (fault) {
      case DiskFault::full:
        return SQLITE_FULL;
      case DiskFault::full_while_file_is:
        return std::filesystem::exists(file) ? SQLITE_FULL : SQLITE_OK;
      case DiskFault::read_only:
        return SQLITE_READONLY;
      default:
        return SQLITE_OK;
    }
  }
  int answer_to_sync() {
    const std::lock_guard lock(mutex);
    return fault == DiskFault::sync_fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }
};
Disk disk;

// The real file lies behind ours in the same memory.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* file_of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return file_of(file)->real(); }
const sqlite3_io_methods* methods(sqlite3_file* file) { return real(file)->pMethods; }

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const int answer = disk.answer_to_write();
  return answer != SQLITE_OK ? answer : methods(file)->xWrite(real(file), bytes, size, offset);
}
int sync(sqlite3_file* file, int flags) {
  const int answer = disk.answer_to_sync();
  return answer != SQLITE_OK ? answer : methods(file)->xSync(real(file), flags);
}

const sqlite3_io_methods kMethods = {
    2,
    [](sqlite3_file* f) { return methods(f)->xClose(real(f)); },
    [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) { return methods(f)->xRead(real(f), to, size, at); },
    write,
    [](sqlite3_file* f, sqlite3_int64 size) { return methods(f)->xTruncate(real(f), size); },
    sync,
    [](sqlite3_file* f, sqlite3_int64* size) { return methods(f)->xFileSize(real(f), size); },
    [](sqlite3_file* f, int level) { return methods(f)->xLock(real(f), level); },
    [](sqlite3_file* f, int level) { return methods(f)->xUnlock(real(f), level); },
    [](sqlite3_file* f, int* out) { return methods(f)->xCheckReservedLock(real(f), out); },
    [](sqlite3_file* f, int operation, void* argument) {
      return methods(f)->xFileControl(real(f), operation, argument);
    },
    [](sqlite3_file* f) { return methods(f)->xSectorSize(real(f)); },
    [](sqlite3_file* f) { return methods(f)->xDeviceCharacteristics(real(f)); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return methods(f)->xShmMap(real(f), page, size, extend, out);
    },
    [](sqlite3_file* f, int offset, int count, int flags) {
      return methods(f)->xShmLock(real(f), offset, count, flags);
    },
    [](sqlite3_file* f) { methods(f)->xShmBarrier(real(f)); },
    [](sqlite3_file* f, int remove) { return methods(f)->xShmUnmap(real(f), remove); },
    nullptr,
    nullptr,
};

sqlite3_vfs* original = nullptr;

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
  file->pMethods = nullptr;
  const int result = original->xOpen(original, name, real(file), flags, out);
  if (result == SQLITE_OK) file->pMethods = &kMethods;
  return result;
}

void install() {
  static sqlite3_vfs vfs;
  original = sqlite3_vfs_find(nullptr);
  vfs = *original;
  vfs.zName = "faulty";
  vfs.szOsFile = static_cast<int>(sizeof(File)) + original->szOsFile;
  vfs.xOpen = open_file;
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace

void set_disk_fault(DiskFault fault, const std::string& file) {
  static std::once_flag once;
  std::call_once(once, install);
  const std::lock_guard lock(disk.mutex);
  disk.fault = fault;
  disk.file = file;
}

}  // namespace kedge
