// The control socket's remediation.rerun: {"id", "reason"} in, what came of it out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "pipeline/rerunner.h"

namespace kedge {

// {"outcome", "redrive", "remediations", "why"}. `id` is a remediation's, or the number of a suppression's record, as
// text. Refused (invalid): anything else than these two arguments, neither of them empty. Otherwise as Rerunner::run.
Result<nlohmann::json> rerun(Rerunner& rerunner, const nlohmann::json& arguments, const std::string& actor);

}  // namespace kedge
