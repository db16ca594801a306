// FaultyDisk: a disk under SQLite whose writes and syncs can be made to fail. Without a fault it only passes on.
#pragma once

#include <string>

namespace kedge {

enum class DiskFault {
  none,
  full,                // every write fails with SQLITE_FULL
  full_while_file_is,  // as long as the named file is there: a reserve gives room back when it goes
  read_only,           // every write fails with SQLITE_READONLY
  sync_fails,          // every sync fails with SQLITE_IOERR_FSYNC
};

// Puts it before the real disk for files that are opened from now on, and sets or changes its fault. Thread-safe.
void set_disk_fault(DiskFault fault, const std::string& file = "");

}  // namespace kedge
