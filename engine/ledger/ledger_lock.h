// The lock of a ledger's one writer: <data>/lock.
#pragma once

#include <memory>
#include <string>

#include "base/lock_file.h"

namespace kedge {

// conflict while another process writes the ledger in `directory`.
inline Result<std::unique_ptr<LockFile>> lock_ledger(const std::string& directory) {
  return LockFile::take(directory + "/lock",
                        "one ledger has one writer; end that one, or give this one another `data`");
}

}  // namespace kedge
