// What the journal holds, for people: one row for each record, found by filters.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"

namespace kedge {

struct RecordFilter {
  std::optional<Time> from;     // at or after
  std::optional<Time> to;       // before
  std::set<std::string> kinds;  // empty: all
  std::string rule;             // the id
  std::string target;           // a part of it
  std::string remediation;      // the id, or the beginning of it
  std::string state;            // where the record's move leads
  std::string guard;
  std::string severity;
  std::string actor;   // a part of who caused the event or who asked
  std::string text;    // a part of the record's bytes
  size_t limit = 100;  // the newest so many
};

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
Result<std::vector<RecordRow>> list_records(LedgerReader& reader, const RecordFilter& filter);

}  // namespace kedge
