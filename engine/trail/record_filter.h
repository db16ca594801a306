// Which records somebody wants to see.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/time.h"
#include "ledger/ledger.h"

namespace kedge {

struct RecordFilter {
  int64_t after = -1;           // of an export: numbers above this
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
  size_t limit = 100;  // of a list: the newest so many
};

// Asked of the bytes: false only if the record surely does not pass, so that most of a long journal is never parsed.
bool may_pass(const RecordFilter& filter, const JournalEntry& entry);

// Whether `passes` asks anything of a record; otherwise all pass that may.
bool looks_into_records(const RecordFilter& filter);

// All but the times and the text, which are asked of the journal and of the bytes.
bool passes(const RecordFilter& filter, const nlohmann::json& record);

}  // namespace kedge
