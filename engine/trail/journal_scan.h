// Walking the records in pieces: from its end, so that what is new comes soon however long it is, or from its
// beginning.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "trail/record_source.h"
#include "trail/trail.h"

namespace kedge {

// Looks at one record; false: no more are wanted.
using VisitRecord = std::function<Result<bool>(const JournalEntry&)>;

// Calls `visit` with each record, newest first, until it says false or fails. `before`: only records older than this
// (time in the trail never goes back); none: all.
Result<void> scan_backwards(RecordSource& records, std::optional<Time> before, const VisitRecord& visit);

// The same with the records in [begin, end). True: all of them; false: `visit` wanted no more.
Result<bool> scan_backwards(RecordSource& records, int64_t begin, int64_t end, const VisitRecord& visit);

// The number of the first record in [0, end) that is not older than `time`; `end`: all are.
Result<int64_t> first_since(RecordSource& records, int64_t end, Time time);

// The number of the first record at or after this time: the one behind the last record where there is none.
Result<int64_t> first_at(RecordSource& records, Time time);

struct JournalRange {
  int64_t after = -1;          // the number of the last record that is not wanted
  std::optional<Time> from;    // at or after; none: all
  std::optional<Time> before;  // before; none: all
};

// Calls `visit` with each record of the range, oldest first, until it says false or fails. Ends where the trail ended
// when it began.
Result<void> scan_forwards(RecordSource& records, const JournalRange& range,
                           const std::function<Result<bool>(const JournalEntry&)>& visit);

// The record as a document, as it stands in the trail. corrupt: the bytes are no record; the error shows none of them.
Result<nlohmann::json> parse_record(const JournalEntry& entry);

// The same, with the parts that were too large for it put back where they are still kept.
Result<nlohmann::json> open_record(const Trail& trail, const JournalEntry& entry);

// Puts back into a record that was parsed already the parts that were too large for it.
void put_back_parts(const Trail& trail, nlohmann::json& record);

// False only if the record surely does not hold this text in any of its members: asked before it is parsed.
bool may_hold(const JournalEntry& entry, std::string_view text);

}  // namespace kedge
