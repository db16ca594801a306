// Walking the journal backwards, in pieces.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "base/result.h"
#include "ledger/ledger.h"

namespace kedge {

// Calls `visit` with each record, newest first, until it says false.
Result<void> scan_backwards(LedgerReader& reader,
                            const std::function<bool(const JournalEntry& entry, const nlohmann::json& record)>& visit);

}  // namespace kedge
