// SqliteDisk: what stands between SQLite and the real disk, in tests: it hears of every write, and can have it fail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kedge {

class SqliteDisk {
 public:
  // Each of these is asked before the real disk is, and answers with a result code of SQLite: SQLITE_OK goes on to the
  // real disk; SQLITE_DONE is all right without it; and of anything else SQLite is told that it failed so. They may be
  // asked by several threads at once.
  virtual int write(const std::string& path, std::string_view bytes, int64_t offset) = 0;
  virtual int truncate(const std::string& path, int64_t size) = 0;
  virtual int sync(const std::string& path) = 0;
  virtual int remove(const std::string& path) = 0;

 protected:
  ~SqliteDisk() = default;
};

// From now on, all files that this process opens through SQLite have this disk; what was opened before keeps what it
// has. It must outlive them. nullptr: the real one alone.
void put_before_disk(SqliteDisk*);

}  // namespace kedge
