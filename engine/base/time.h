// Points in time and spans of it, to the microsecond, and their one textual form.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

using Duration = std::chrono::microseconds;
// Wall time, UTC. Which clock it was read from is said where it is used.
using Time = std::chrono::sys_time<Duration>;

// "2026-11-21T10:51:00.123456Z": RFC 3339, UTC, always six decimals, so that text sorts as time does.
std::string format_time(Time);

// Reads RFC 3339 with any offset and 0 to 9 decimals (beyond six they are cut). A leap second (":60") is read as
// the second before it. Years 1970 to 9999.
Result<Time> parse_time(std::string_view);

// "250ms", "30s", "15m", "24h", "7d": how people write spans in configuration. A bare number is an error.
Result<Duration> parse_duration(std::string_view);

// The shortest of the above that is exact: 90s, 15m, 1500ms, 250us.
std::string format_duration(Duration);

}  // namespace kedge
