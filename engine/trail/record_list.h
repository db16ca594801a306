// What the trail holds, for people: one row for each record, found by filters.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "trail/record_filter.h"
#include "trail/record_search.h"
#include "trail/trail.h"

namespace kedge {

struct RecordRow {
  int64_t seq = 0;
  std::string at;
  std::string kind;
  std::string remediation;
  std::string rule;
  std::string target;
  std::string summary;    // one line, in words (record_summary.h)
  nlohmann::json record;  // as it stands in the trail: its large parts by digest
};

// Oldest first. Reads no further back than it must.
Result<std::vector<RecordRow>> list_records(RecordSearch& search, const RecordFilter& filter);
// Without an index.
Result<std::vector<RecordRow>> list_records(const Trail& trail, const RecordFilter& filter);

}  // namespace kedge
