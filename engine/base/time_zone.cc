#include "base/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>

namespace kedge {
namespace {

using std::chrono::days;
using std::chrono::seconds;

const Time kFirst = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
const Time kLast = std::chrono::sys_days(std::chrono::year(2070) / 1 / 1);

seconds offset_at(const TimeZone& zone, Time time) {
  const auto later = std::upper_bound(zone.shifts.begin(), zone.shifts.end(), time,
                                      [](Time t, const TimeZone::Shift& shift) { return t < shift.from; });
  return later == zone.shifts.begin() ? seconds(0) : std::prev(later)->offset;
}

// The process's zone is another one as long as it lives.
class ZoneOfProcess {
 public:
  explicit ZoneOfProcess(const std::string& name) {
    if (const char* const before = std::getenv("TZ")) before_ = before;
    set(":" + name);
  }
  ~ZoneOfProcess() {
    if (before_) {
      set(*before_);
    } else {
      unsetenv("TZ");
      tzset();
    }
  }
  ZoneOfProcess(const ZoneOfProcess&) = delete;
  ZoneOfProcess& operator=(const ZoneOfProcess&) = delete;

  static seconds offset_at(Time time) {
    const std::time_t moment = std::chrono::floor<seconds>(time).time_since_epoch().count();
    std::tm local{};
    localtime_r(&moment, &local);
    return seconds(local.tm_gmtoff);
  }

 private:
  static void set(const std::string& value) {
    setenv("TZ", value.c_str(), 1);
    tzset();
  }
  std::optional<std::string> before_;
};

// Between two moments with different offsets: the first second of the new one.
Time shift_between(Time before, Time after) {
  const seconds old = ZoneOfProcess::offset_at(before);
  while (after - before > seconds(1)) {
    const Time middle = std::chrono::floor<seconds>(before + (after - before) / 2);
    (ZoneOfProcess::offset_at(middle) == old ? before : after) = middle;
  }
  return after;
}

bool is_name(const std::string& name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
             std::string::npos;
}

}  // namespace

LocalTime to_local(const TimeZone& zone, Time time) {
  return LocalTime(time.time_since_epoch() + offset_at(zone, time));
}

Time from_local(const TimeZone& zone, LocalTime local) {
  const Time as_utc(local.time_since_epoch());
  const Time* jump = nullptr;
  seconds offset{0};
  for (size_t i = 0; i <= zone.shifts.size(); ++i) {  // the offset before the first shift, and that of each
    if (i > 0) offset = zone.shifts[i - 1].offset;
    const Time candidate = as_utc - offset;
    if (i > 0 && candidate < zone.shifts[i - 1].from) {
      if (jump == nullptr) jump = &zone.shifts[i - 1].from;
      break;
    }
    if (i == zone.shifts.size() || candidate < zone.shifts[i].from) return candidate;
  }
  return *jump;
}

Result<TimeZone> load_time_zone(const std::string& name) {
  TimeZone zone;
  zone.name = name;
  if (name == "UTC") return zone;
  const char* const configured = std::getenv("TZDIR");
  const std::filesystem::path directory = configured != nullptr ? configured : "/usr/share/zoneinfo";
  std::error_code ignored;
  if (!is_name(name) || !std::filesystem::is_regular_file(directory / name, ignored)) {
    return Error{ErrorCode::not_found, fmt::format("there is no time zone '{}' in {}; write one like Europe/Berlin, or "
                                                   "UTC, which needs no tzdata package",
                                                   name, directory.string())};
  }
  const ZoneOfProcess process(name);
  zone.shifts.push_back({kFirst, ZoneOfProcess::offset_at(kFirst)});
  for (Time day = kFirst; day < kLast; day += days(1)) {
    const seconds next = ZoneOfProcess::offset_at(day + days(1));
    if (next != zone.shifts.back().offset) zone.shifts.push_back({shift_between(day, day + days(1)), next});
  }
  return zone;
}

}  // namespace kedge
