#include "base/time.h"

#include <fmt/format.h>

#include <charconv>

namespace kedge {
namespace {

// Reads exactly `digits` decimal digits from the front of `text` and removes them; -1 when they are not there.
int take_number(std::string_view& text, size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// Decimals after the point as microseconds; -1 when malformed.
int take_fraction(std::string_view& text) {
  int micros = 0;
  size_t count = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++count) {
    if (count < 6) micros = micros * 10 + (text.front() - '0');
  }
  if (count == 0 || count > 9) return -1;
  for (; count < 6; ++count) micros *= 10;
  return micros;
}

Error not_a_time(std::string_view text) {
  return {ErrorCode::invalid, fmt::format("'{}' is not a time; it should look like 2026-01-31T12:00:00Z", text)};
}

}  // namespace

std::string format_time(Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Result<Time> parse_time(std::string_view text) {
  using namespace std::chrono;
  std::string_view rest = text;
  const int y = take_number(rest, 4);
  const bool dash1 = take(rest, '-');
  const int mo = take_number(rest, 2);
  const bool dash2 = take(rest, '-');
  const int d = take_number(rest, 2);
  const bool separator = take(rest, 'T') || take(rest, 't') || take(rest, ' ');
  const int h = take_number(rest, 2);
  const bool colon1 = take(rest, ':');
  const int mi = take_number(rest, 2);
  const bool colon2 = take(rest, ':');
  int s = take_number(rest, 2);
  if (y < 1970 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0) return not_a_time(text);
  if (!dash1 || !dash2 || !separator || !colon1 || !colon2) return not_a_time(text);
  int micros = 0;
  if (take(rest, '.') && (micros = take_fraction(rest)) < 0) return not_a_time(text);

  int offset_minutes = 0;
  if (!take(rest, 'Z') && !take(rest, 'z')) {
    const int sign = take(rest, '+') ? 1 : take(rest, '-') ? -1 : 0;
    const int offset_hours = take_number(rest, 2);
    const bool colon = take(rest, ':');
    const int offset_rest = take_number(rest, 2);
    if (sign == 0 || !colon || offset_hours < 0 || offset_hours > 23 || offset_rest < 0 || offset_rest > 59) {
      return not_a_time(text);
    }
    offset_minutes = sign * (offset_hours * 60 + offset_rest);
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (!rest.empty() || !date.ok() || h > 23 || mi > 59 || s > 60) return not_a_time(text);
  if (s == 60) s = 59;
  return Time(sys_days(date)) + hours(h) + minutes(mi - offset_minutes) + seconds(s) + microseconds(micros);
}

Result<Duration> parse_duration(std::string_view text) {
  int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  struct Unit {
    std::string_view name;
    int64_t micros;
  };
  constexpr Unit kUnits[] = {{"us", 1},         {"ms", 1'000},        {"s", 1'000'000},
                             {"m", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}};
  constexpr int64_t kLongest = 36'500LL * 86'400'000'000LL;  // a hundred years, far below what overflows
  for (const Unit& candidate : kUnits) {
    if (failure == std::errc() && number >= 0 && unit == candidate.name && number <= kLongest / candidate.micros) {
      return Duration(number * candidate.micros);
    }
  }
  return Error{
      ErrorCode::invalid,
      fmt::format("'{}' is not a duration; write a whole number and a unit, like 250ms, 30s, 15m, 24h or 7d", text)};
}

std::string format_duration(Duration duration) {
  const int64_t micros = duration.count();
  if (micros % 1'000 != 0) return fmt::format("{}us", micros);
  if (micros % 1'000'000 != 0) return fmt::format("{}ms", micros / 1'000);
  const int64_t seconds = micros / 1'000'000;
  if (seconds == 0) return "0s";
  if (seconds % 86'400 == 0) return fmt::format("{}d", seconds / 86'400);
  if (seconds % 3'600 == 0) return fmt::format("{}h", seconds / 3'600);
  if (seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

}  // namespace kedge
