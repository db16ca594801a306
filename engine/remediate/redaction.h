// What of an observed state may stand in records.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ledger/values.h"
#include "plan/action_spec.h"

namespace kedge {

// The state whole, and the same as it may be shown: the members that the action declares as sensitive, and every string
// that is the value of a sensitive argument, stand there as "hmac-sha256:" and the first 16 hexadecimal digits of an
// HMAC under `salt`. Equal values have equal digests, so that a record still tells whether something changed.
CapturedState capture(const ActionSpec&, const nlohmann::json& args, nlohmann::json state, const std::string& salt);

// A JSON value's salted digest, as above.
std::string redacted(const nlohmann::json& value, const std::string& salt);

}  // namespace kedge
