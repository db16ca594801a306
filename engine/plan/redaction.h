// What may stand in records and notices of what an action calls sensitive: its arguments, and members of states.
//
// In the place of such a value stands "hmac-sha256:" and the first 16 hexadecimal digits of an HMAC under `salt`. Equal
// values have equal digests, so that a record still tells whether something changed, and is still compared.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "plan/action_spec.h"
#include "plan/plan.h"

namespace kedge {

std::string redacted(const nlohmann::json& value, const std::string& salt);

// An observed state of a step with these arguments: the members that the action declares as sensitive, and every string
// that is the value of a sensitive argument, are redacted.
nlohmann::json redacted_state(const ActionSpec&, const nlohmann::json& args, nlohmann::json state,
                              const std::string& salt);

// The plan's JSON with its sensitive arguments redacted; null where there is none, so that the plan itself may be
// shown.
nlohmann::json redacted_plan(const Plan&, const ActionCatalog&, const std::string& salt);

}  // namespace kedge
