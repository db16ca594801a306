// What the journal holds, for people: one row for each record, found by filters.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"
#include "trail/record_filter.h"
#include "trail/record_search.h"

namespace kedge {

struct RecordRow {
  int64_t seq = 0;
  std::string at;
  std::string kind;
  std::string remediation;
  std::string rule;
  std::string target;
  std::string summary;    // one line, in words (record_summary.h)
  nlohmann::json record;  // as it stands in the journal: its large parts by digest
};

// Oldest first. Reads no further back than it must.
Result<std::vector<RecordRow>> list_records(RecordSearch& search, const RecordFilter& filter);
// Of the ledger's journal, without an index.
Result<std::vector<RecordRow>> list_records(LedgerReader& reader, const RecordFilter& filter);

}  // namespace kedge
