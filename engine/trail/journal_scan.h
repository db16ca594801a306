// Walking the journal from its end, in pieces, so that what is new comes soon however long it is.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"

namespace kedge {

// Calls `visit` with each record, newest first, until it says false or fails. `before`: only records older than this
// (time in the journal never goes back); none: all.
Result<void> scan_backwards(LedgerReader& reader, std::optional<Time> before,
                            const std::function<Result<bool>(const JournalEntry&)>& visit);

// The record as a document, with the parts that were too large for it put back where they are still kept.
// corrupt: the bytes are no record.
Result<nlohmann::json> open_record(LedgerReader& reader, const JournalEntry& entry);

// False only if the record surely does not hold this text in any of its members: asked before it is parsed.
bool may_hold(const JournalEntry& entry, std::string_view text);

}  // namespace kedge
