// Which rules act although nobody can have seen much of what they would do: advice, not a guard.
#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "trail/record_search.h"

namespace kedge {

inline constexpr Duration kWatchedFor = std::chrono::hours(24);  // since a rule was loaded first ...
inline constexpr int kWatchedMatches = 20;                       // ... or what it wanted in mode shadow

// Of these rules those of which the trail shows neither.
Result<std::set<std::string>> hardly_watched(RecordSearch& trail, std::set<std::string> rules, Time now);

}  // namespace kedge
