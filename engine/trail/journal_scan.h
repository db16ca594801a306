// Walking the journal in pieces: from its end, so that what is new comes soon however long it is, or from its
// beginning.
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

// The number of the first record at or after this time: the one behind the last record where there is none.
Result<int64_t> first_at(LedgerReader& reader, Time time);

struct JournalRange {
  int64_t after = -1;          // the number of the last record that is not wanted
  std::optional<Time> from;    // at or after; none: all
  std::optional<Time> before;  // before; none: all
};

// Calls `visit` with each record of the range, oldest first, until it says false or fails. Ends where the journal ended
// when it began.
Result<void> scan_forwards(LedgerReader& reader, const JournalRange& range,
                           const std::function<Result<bool>(const JournalEntry&)>& visit);

// The record as a document, with the parts that were too large for it put back where they are still kept.
// corrupt: the bytes are no record.
Result<nlohmann::json> open_record(LedgerReader& reader, const JournalEntry& entry);

// Puts back into a record that was parsed already the parts that were too large for it.
void put_back_parts(LedgerReader& reader, nlohmann::json& record);

// False only if the record surely does not hold this text in any of its members: asked before it is parsed.
bool may_hold(const JournalEntry& entry, std::string_view text);

}  // namespace kedge
