// The ledger's values as JSON: how ended remediations are kept, and how people and programs are shown them.
#pragma once

#include <nlohmann/json.hpp>

#include "ledger/values.h"

namespace kedge {

nlohmann::json to_json(const PartitionId&);
nlohmann::json to_json(const EventReference&);  // without the document: only its digest
nlohmann::json to_json(const FindingTimes&);
nlohmann::json to_json(const StepProgress&);

// The whole value but the event's document. Times are RFC 3339, spans are in microseconds.
nlohmann::json to_json(const Remediation&);
Result<Remediation> remediation_from_json(const nlohmann::json&);

// The parts of it that never change while it is open, and those that do, apart: two rows of the ledger.
nlohmann::json fixed_part(const Remediation&);
void read_fixed_part(const nlohmann::json&, Remediation&);
nlohmann::json moving_part(const Remediation&);
void read_moving_part(const nlohmann::json&, Remediation&);
StepProgress step_from_json(const nlohmann::json&);

// A claim, but for its rule's id and its target, which stand in its plan, and for its times, which are columns.
nlohmann::json claim_part(const Claim&);
void read_claim_part(const nlohmann::json&, Claim&);

// The five phases in microseconds, each only where both its ends are known: detection (happened → received), evaluation
// (→ decided), response (→ first effect), recovery (→ last effect), confirmation (→ confirmed). A clock that is wrong
// shows as a negative number.
nlohmann::json phases_of(const Remediation&);

}  // namespace kedge
