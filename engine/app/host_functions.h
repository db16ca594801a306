// The pure functions that the engine offers to rules beyond what the sandbox has.
#pragma once

#include <vector>

#include "rule/rule_set.h"

namespace kedge {

std::vector<HostFunction> host_functions();

}  // namespace kedge
