// A VFS over the real one: https://www.sqlite.org/vfs.html
#include "tests/ledger/sqlite_disk.h"

#include <sqlite3.h>

#include <mutex>

namespace kedge {
namespace {

// The real file lies behind ours in the same memory.
struct File {
  sqlite3_file base;
  SqliteDisk* disk;
  const std::string* path;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* file_of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return file_of(file)->real(); }
const sqlite3_io_methods* methods(sqlite3_file* file) { return real(file)->pMethods; }

template <class RealAct>
int told(int answer, const RealAct& act) {
  if (answer == SQLITE_DONE) return SQLITE_OK;
  return answer == SQLITE_OK ? act() : answer;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const std::string_view text(static_cast<const char*>(bytes), static_cast<size_t>(size));
  const int answer = file_of(file)->disk->write(*file_of(file)->path, text, offset);
  return told(answer, [&] { return methods(file)->xWrite(real(file), bytes, size, offset); });
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int answer = file_of(file)->disk->truncate(*file_of(file)->path, size);
  return told(answer, [&] { return methods(file)->xTruncate(real(file), size); });
}
int sync(sqlite3_file* file, int flags) {
  const int answer = file_of(file)->disk->sync(*file_of(file)->path);
  return told(answer, [&] { return methods(file)->xSync(real(file), flags); });
}
int close(sqlite3_file* file) {
  delete file_of(file)->path;
  return methods(file)->xClose(real(file));
}

const sqlite3_io_methods kMethods = {
    2,
    close,
    [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) { return methods(f)->xRead(real(f), to, size, at); },
    write,
    truncate,
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

std::once_flag once;
std::mutex mutex;
SqliteDisk* current = nullptr;  // guarded by the mutex
sqlite3_vfs* original = nullptr;

SqliteDisk* disk() {
  const std::lock_guard lock(mutex);
  return current;
}

// Without a disk in front the file is the real one, and ours is not there.
int open_file(sqlite3_vfs*, const char* name, sqlite3_file* opened, int flags, int* out) {
  SqliteDisk* const in_front = disk();
  if (in_front == nullptr) return original->xOpen(original, name, opened, flags, out);
  File* const file = file_of(opened);
  file->base.pMethods = nullptr;
  const int result = original->xOpen(original, name, file->real(), flags, out);
  if (result != SQLITE_OK) return result;
  file->base.pMethods = &kMethods;
  file->disk = in_front;
  file->path = new std::string(name == nullptr ? "" : name);
  return SQLITE_OK;
}

int remove_file(sqlite3_vfs*, const char* name, int sync_directory) {
  SqliteDisk* const in_front = disk();
  const int answer = in_front == nullptr ? SQLITE_OK : in_front->remove(name);
  return told(answer, [&] { return original->xDelete(original, name, sync_directory); });
}

void install() {
  static sqlite3_vfs vfs;
  original = sqlite3_vfs_find(nullptr);
  vfs = *original;
  vfs.zName = "disk-of-tests";
  vfs.szOsFile = static_cast<int>(sizeof(File)) + original->szOsFile;
  vfs.xOpen = open_file;
  vfs.xDelete = remove_file;
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace

void put_before_disk(SqliteDisk* disk) {
  std::call_once(once, install);
  const std::lock_guard lock(mutex);
  current = disk;
}

}  // namespace kedge
