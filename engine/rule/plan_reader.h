// From what `respond` returned to a Plan that can be relied on.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"
#include "plan/action_spec.h"
#include "plan/plan.h"

namespace kedge {

// `answer`: {isolate, revert, replace, confirm, release: lists of steps; notify: a list of channels}. Errors name the
// member: an unknown one, an unknown action, a wrong or missing argument, an action that is no lease in `isolate`, a
// number that a record cannot carry, a plan that does nothing.
Result<Plan> read_plan(const nlohmann::json& answer, const RuleVersion& rule, const std::string& target,
                       const ActionCatalog& actions);

}  // namespace kedge
