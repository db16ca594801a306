// What a sensor tells of the planned changes that were accepted into a baseline.
//
// Values: nothing here touches a disk.
#pragma once

#include <vector>

#include "base/json.h"
#include "host/manifest.h"

namespace kedge {

// The last five, the newest first: {"time", "owner", "reason", "by", "differences", "paths", "previous"}. `paths` is
// how many were named, 0: all of the tree; `by` is null where it was not kept. Of texts the first 500 bytes.
Json told_acceptances(const std::vector<Acceptance>&);

}  // namespace kedge
