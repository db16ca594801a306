// What others may know a record by.
#pragma once

#include <string>

#include "ledger/ledger.h"

namespace kedge {

// "42-5f0c...": the number, so that people find it, and 128 bits of the digest of its bytes, so that it is one record's
// alone: after a ledger was restored from a backup, another record may have the same number.
std::string record_id(const JournalEntry& entry);

}  // namespace kedge
