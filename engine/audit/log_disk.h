// LogDisk: the file system, as the writer of a log uses it. An edge of the world, so that tests can have any of its
// calls fail, and can have the machine die between any two.
//
// Every error is no_room where the disk is full or read-only, not_found where there is no such file, refused or
// unavailable otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

// Nothing is durable before it is synced: neither what a file holds nor which names a directory has.
class LogDisk {
 public:
  virtual ~LogDisk() = default;

  virtual Result<std::string> read(const std::string& path, size_t bytes_max) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names, in any order

  virtual Result<void> make_directory(const std::string& path) = 0;                 // done where it is there
  virtual Result<void> write(const std::string& path, std::string_view bytes) = 0;  // all of a new or a former file
  // The same, and maybe behind the caller's back: whether it was done, the next sync_all() tells. Until then nothing
  // else is done to the file.
  virtual void write_early(const std::string& path, std::shared_ptr<const std::string> bytes) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;  // in the place of what is there
  virtual Result<void> remove(const std::string& path) = 0;                         // a file, or an empty directory
  // With the files in it, and maybe behind the caller's back. What cannot be removed stays.
  virtual void remove_folder_early(const std::string& path) = 0;

  // Other bytes in the place of some that a durable file has; they are durable then. Until then, or where it fails, any
  // of them may be there and any not.
  virtual Result<void> overwrite(const std::string& path, uint64_t at, std::string_view bytes) = 0;

  virtual Result<void> sync_directory(const std::string& path) = 0;  // its names
  virtual Result<void> sync_all() = 0;  // all files and names of the file systems on which the log and its head lie
};

// The real one, for a log in `directory`, which is made if it is not there, and a signed head in `head_directory`,
// which is. It holds the log's lock as long as it lives: conflict, with the number of the other process, while somebody
// else writes the log.
Result<std::unique_ptr<LogDisk>> open_log_disk(const std::string& directory, const std::string& head_directory);

}  // namespace kedge
