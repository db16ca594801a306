// Records as CloudEvents 1.0 in the JSON format, structured: what an event broker or a bus takes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "ledger/ledger.h"

namespace kedge {

// The event, on one line. Its data is the record, byte for byte. `ledger`: the ledger's id.
//   id           record_id.h        type     kedge.record.KIND.v1    time      the record's `at`
//   source       urn:uuid:LEDGER    subject  the target, if any      sequence  the record's number, 20 digits
//   partitionkey, correlationid     the remediation, if any
std::string cloud_event(const JournalEntry& entry, const nlohmann::json& record, const std::string& ledger);

}  // namespace kedge
