// The pause that a restoration leaves behind (scope `restored`): what events from before it ask for is held.
#pragma once

#include "ledger/values.h"

namespace kedge {

// Whether it holds the remediation: its event happened before the pause began, or so little later that clocks may
// differ by it. An event without a time is held as stale.
bool restored_pause_concerns(const Pause&, const Remediation&);

}  // namespace kedge
