// Which plans put a host anew before what runs on it was kept: advice, not a guard.
#pragma once

#include <optional>
#include <string>

#include "plan/plan.h"

namespace kedge {

// The host, or the root of it, that the plan replaces although nothing captures its evidence before: its processes,
// sockets and open files are gone then. None: there is no such step.
std::optional<std::string> replaced_without_evidence(const Plan&);

}  // namespace kedge
