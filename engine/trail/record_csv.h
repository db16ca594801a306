// Records as rows for a spreadsheet. The columns are fixed and documented (docs/audit-export.md); what has none stands
// in the exported record itself (JSON Lines), which the last column names by its digest.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "ledger/ledger.h"
#include "trail/opening.h"

namespace kedge {

// The names of the columns, as a line.
std::string record_csv_header();

// One line, whatever the record holds: line ends and other control characters in it are written as \u{a}.
// `opening`: of its remediation; null where there is none, or where it is not known.
std::string record_csv(const JournalEntry& entry, const nlohmann::json& record, const Opening* opening);

}  // namespace kedge
