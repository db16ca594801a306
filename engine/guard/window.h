// Change windows: when a rule that asks for one may act. Pure functions of values.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/time_zone.h"

namespace kedge {

// Open from `from` until `to`, local time, on these days; where `to` is not later than `from`, until then on the day
// after.
struct Window {
  std::array<bool, 7> days = {true, true, true, true, true, true, true};  // Sunday first
  std::chrono::minutes from{0};                                           // since midnight
  std::chrono::minutes to{0};
  TimeZone zone;

  bool operator==(const Window&) const = default;
};

// "monday" or "mon": its place in Window::days.
Result<size_t> parse_weekday(std::string_view);
std::string_view weekday_name(size_t);
// "22:00", "24:00"
Result<std::chrono::minutes> parse_time_of_day(std::string_view);
std::string format_time_of_day(std::chrono::minutes);

// "mon, tue 22:00 to 06:00 Europe/Berlin"
std::string to_string(const Window&);

bool is_open(const Window&, Time now);
// When it opens next; `now` where it is open. A window without a day never opens: the end of time.
Time opens_at(const Window&, Time now);

}  // namespace kedge
