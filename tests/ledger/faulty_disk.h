// FaultyDisk: a VFS of SQLite over the real one, whose writes and syncs can be made to fail. Registered as the default
// for the test program; without a fault it only passes on.
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

// Registers the disk once; later calls change the fault. Thread-safe.
void set_disk_fault(DiskFault fault, const std::string& file = "");

}  // namespace kedge
