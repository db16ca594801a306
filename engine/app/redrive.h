// The control socket's dead-letter.redrive: {"numbers": [N...]} in, one result for each out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "pipeline/redriver.h"

namespace kedge {

// Of one request: its answer is waited for.
inline constexpr size_t kRedriveMax = 25;

// [{"number", "outcome", "remediations", "why"}...], in the order asked for. Refused (invalid): anything else than 1 to
// kRedriveMax numbers.
Result<nlohmann::json> redrive(Redriver& redriver, const nlohmann::json& arguments, const std::string& actor);

}  // namespace kedge
