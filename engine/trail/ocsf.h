// Records as events of the Open Cybersecurity Schema Framework, version 1.8.0: what SIEMs take.
//
// An event is a projection: the record stays what counts, and the event names it by number, id and digest, and by the
// audit log with its leaf there (`unmapped.tlog`). All members of the record stand in `unmapped` as they are; what OCSF
// has a place for stands there too. docs/audit-export.md has the table of kinds and classes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "trail/opening.h"

namespace kedge {

// Who exports.
struct OcsfSource {
  std::string ledger;       // its id
  std::string version;      // the engine's
  std::string origin = {};  // of the audit log in which the records are, or will be; empty: there is none
};

// The events of one record: one, or two where it tells of two things, or none (a notice that was delivered). Pure.
//   opening  of its remediation; null where there is none, or where it is not known: then severity and cause are
//   Unknown event    the document of the event that led to it, as the rule saw it; null where none did, or it is not
//   kept
// An event has at most 65,535 bytes: what does not fit stands as its digest, and metadata.is_truncated says so.
std::vector<nlohmann::json> ocsf_events(const JournalEntry& entry, const nlohmann::json& record, const Opening* opening,
                                        const nlohmann::json& event, const OcsfSource& source);

}  // namespace kedge
