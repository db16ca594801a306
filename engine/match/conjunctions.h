// From the tree of a pattern, with its $or, to the conjunctions of which one must hold. Private to this room.
#pragma once

#include "match/pattern.h"

namespace kedge {

// Fills `conjunctions` from `parts` and `fields`. Refused (`limit`): what multiplies out to more than kConjunctionsMax
// of them, or kConjunctionPathsMax paths in all, and a conjunction of more than kPathsMax.
Result<void> multiply_out(Pattern&);

}  // namespace kedge
