// Makes a new incarnation of a ledger that was copied from a backup (restoration.h says what of).
#pragma once

#include <optional>
#include <string>

#include "ledger/restoration.h"
#include "ledger/sqlite.h"

namespace kedge {

// In one transaction. `former`: the file of the ledger in whose place it comes. Of `restoration` backup and former are
// known; all that is to be told of the new incarnation is filled in. Throws SqliteFailure.
void begin_incarnation(Database& database, const std::string& former, const std::optional<LogOfLedger>& log,
                       const std::string& actor, Clock& clock, Restoration& restoration);

}  // namespace kedge
