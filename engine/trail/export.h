// The trail in a form that other programs read: whole, oldest first, one record after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trail/record_filter.h"
#include "trail/trail.h"

namespace kedge {

enum class ExportFormat {
  jsonl,        // the records' bytes, one a line
  csv,          // record_csv.h
  cloudevents,  // cloud_event.h, an event a line
  ocsf,         // ocsf.h, an event a line
};

struct Exported {
  int64_t records = 0;  // that passed the filter
  int64_t lines = 0;    // that tell of them: in OCSF a record may have several, or none
  int64_t first = 0;    // the numbers of the first and the last of these records
  int64_t last = 0;
};

// Calls `write` with each line, its end included; ends with the first error, be it the trail's or the writer's. The
// filter's `limit` is not looked at. Needs no more memory for a longer trail (opening.h).
// `version`: the engine's.
Result<Exported> export_records(const Trail& trail, const RecordFilter& filter, ExportFormat format,
                                const std::string& version, const std::function<Result<void>(std::string_view)>& write);

}  // namespace kedge
