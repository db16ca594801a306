// TimeZone: how far local clocks are from UTC, and since when. A value; the C library's zones are read into it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

struct TimeZone {
  struct Shift {
    Time from;
    std::chrono::seconds offset{};  // of local time from UTC

    bool operator==(const Shift&) const = default;
  };
  std::string name = "UTC";
  std::vector<Shift> shifts;  // oldest first; before the first, and where there is none, local time is UTC

  bool operator==(const TimeZone&) const = default;
};

// What a wall clock there shows.
using LocalTime = std::chrono::local_time<Duration>;
LocalTime to_local(const TimeZone&, Time);

// When it shows that: of two such moments the earlier one; where clocks jump over it, the moment of the jump.
Time from_local(const TimeZone&, LocalTime);

// A zone of the system's database, "Europe/Berlin", from 2020 to 2069. Changes the process's own zone for a moment:
// only to be called before there are threads.
Result<TimeZone> load_time_zone(const std::string& name);

}  // namespace kedge
