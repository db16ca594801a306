#include "guard/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace kedge {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr minutes kDay = days(1);

struct Opening {
  Time from, to;
};

// That which begins on the local day `day`, if there is one.
std::optional<Opening> opening_on(const Window& window, std::chrono::local_days day) {
  if (!window.days[std::chrono::weekday(day).c_encoding()]) return std::nullopt;
  const minutes to = window.to > window.from ? window.to : window.to + kDay;
  return Opening{from_local(window.zone, LocalTime(day) + window.from), from_local(window.zone, LocalTime(day) + to)};
}

}  // namespace

Result<size_t> parse_weekday(std::string_view text) {
  for (size_t i = 0; i < kWeekdays.size(); ++i) {
    if (text == kWeekdays[i] || text == kWeekdays[i].substr(0, 3)) return i;
  }
  return Error{ErrorCode::invalid,
               fmt::format("'{}' is no day of the week; write mon, tue, wed, thu, fri, sat or sun", text)};
}

std::string_view weekday_name(size_t day) { return kWeekdays.at(day).substr(0, 3); }

Result<minutes> parse_time_of_day(std::string_view text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  const Error wrong{ErrorCode::invalid, fmt::format("'{}' is no time of day; write it like \"22:00\"", text)};
  if (text.size() != 5 || text[2] != ':') return wrong;
  const int hour = 10 * digit(0) + digit(1);
  const int minute = 10 * digit(3) + digit(4);
  if (minute > 59 || hour > 24 || (hour == 24 && minute > 0)) return wrong;
  return minutes(60 * hour + minute);
}

std::string format_time_of_day(minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

std::string to_string(const Window& window) {
  std::string named;
  for (size_t i = 1; i <= 7; ++i) {
    if (window.days[i % 7]) named += (named.empty() ? "" : ", ") + std::string(weekday_name(i % 7));
  }
  const bool all = std::all_of(window.days.begin(), window.days.end(), [](bool day) { return day; });
  return fmt::format("{} {} to {} {}", all ? "daily" : named, format_time_of_day(window.from),
                     format_time_of_day(window.to), window.zone.name);
}

bool is_open(const Window& window, Time now) { return opens_at(window, now) <= now; }

Time opens_at(const Window& window, Time now) {
  const auto today = std::chrono::floor<days>(to_local(window.zone, now));
  for (int day = -2; day <= 8; ++day) {  // one that began two days ago may end late, where clocks jump
    const auto opening = opening_on(window, today + days(day));
    const bool is_there = opening && opening->from < opening->to;  // clocks may jump over a whole one
    if (is_there && now < opening->to) return std::max(now, opening->from);
  }
  return Time::max();
}

}  // namespace kedge
