#include "event/host_sensors.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/time.h"
#include "event/envelope.h"

namespace kedge {
namespace {

// Members, one below the other; an empty name: no further.
using Path = std::array<std::string_view, 2>;

}  // namespace

struct HostSensor {
  Format format;
  std::string_view described;
  std::array<Path, 3> marks;  // what every document of this kind has; an empty one asks for nothing
  std::string_view type;      // the detail-type, where it is the same of all
  Path type_at{};             // where it stands otherwise
  Path id{};
  Path time{};
  std::array<Path, 2> host{};  // the first that is there
};

namespace {

constexpr HostSensor tetragon(std::string_view type) {
  return {.format = Format::tetragon,
          .described = "a Tetragon event",
          .marks = {{{type, "process"}, {"time"}}},
          .type = type,
          .time = {"time"},
          .host = {{{"node_name"}}}};
}

constexpr HostSensor kSensors[] = {
    {.format = Format::falco,
     .described = "a Falco alert",
     .marks = {{{"rule"}, {"priority"}, {"output"}}},
     .type = "",
     .type_at = {"rule"},
     .time = {"time"},
     .host = {{{"hostname"}}}},
    {.format = Format::wazuh,
     .described = "a Wazuh alert",
     .marks = {{{"rule", "level"}, {"agent", "id"}, {"timestamp"}}},
     .type = "",
     .type_at = {"decoder", "name"},
     .id = {"id"},
     .time = {"timestamp"},
     .host = {{{"agent", "name"}}}},
    {.format = Format::osquery,
     .described = "a result of osquery",
     .marks = {{{"name"}, {"action"}, {"unixTime"}}},
     .type = "",
     .type_at = {"name"},
     .time = {"unixTime"},
     .host = {{{"hostIdentifier"}, {"hostname"}}}},
    {.format = Format::auditd,
     .described = "an event of auditd",
     .marks = {{{"@timestamp"}, {"record_type"}, {"sequence"}}},
     .type = "",
     .type_at = {"record_type"},
     .time = {"@timestamp"},
     .host = {{{"host", "name"}, {"beat", "hostname"}}}},
    {.format = Format::auditd,
     .described = "an event of Auditbeat",
     .marks = {{{"@timestamp"}, {"event", "module"}, {"event", "action"}}},
     .type = "",
     .type_at = {"event", "module"},
     .time = {"@timestamp"},
     .host = {{{"host", "name"}, {"beat", "hostname"}}}},
    tetragon("process_exec"),
    tetragon("process_exit"),
    tetragon("process_kprobe"),
    tetragon("process_tracepoint"),
    tetragon("process_uprobe"),
    tetragon("process_lsm"),
    tetragon("process_loader"),
    tetragon("process_listen"),
    tetragon("process_connect"),
    tetragon("process_accept"),
    tetragon("process_close"),
};

JsonValue at(JsonValue value, const Path& path) {
  for (const std::string_view name : path) {
    if (!name.empty()) value = value.member(name);
  }
  return value;
}

bool has_marks(const HostSensor& sensor, JsonValue document) {
  return std::all_of(sensor.marks.begin(), sensor.marks.end(),
                     [document](const Path& mark) { return mark[0].empty() || at(document, mark).present(); });
}

std::string_view text_at(JsonValue document, const Path& path, TextArena& texts) {
  return path[0].empty() ? std::string_view() : string_of(at(document, path), texts);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Seconds since 1970, as a number or in a string.
std::string_view from_seconds(std::string_view digits, TextArena& texts) {
  int64_t seconds = 0;
  const char* const end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, seconds).ptr != end) return {};
  constexpr int64_t kYear10000 = 253'402'300'800;
  return seconds < 0 || seconds >= kYear10000 ? std::string_view()
                                              : texts.join(format_time(Time{std::chrono::seconds(seconds)}));
}

// "+0530" is RFC 3339's "+05:30".
std::string_view with_colon_in_offset(std::string_view time, TextArena& texts) {
  constexpr size_t kOffset = 5;
  if (time.size() <= kOffset) return time;
  const std::string_view offset = time.substr(time.size() - kOffset);
  const bool is_offset =
      (offset[0] == '+' || offset[0] == '-') && std::all_of(offset.begin() + 1, offset.end(), is_digit);
  if (!is_offset || time.find('T') == std::string_view::npos) return time;
  return texts.join(time.substr(0, time.size() - 2), ":", time.substr(time.size() - 2));
}

std::string_view time_of(JsonValue value, TextArena& texts) {
  if (value.is_number()) return from_seconds(value.bytes(), texts);
  const std::string_view text = string_of(value, texts);
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_digit)) return from_seconds(text, texts);
  return with_colon_in_offset(text, texts);
}

}  // namespace

const HostSensor* host_sensor_of(JsonValue document) {
  const auto found = std::find_if(std::begin(kSensors), std::end(kSensors),
                                  [document](const HostSensor& sensor) { return has_marks(sensor, document); });
  return found == std::end(kSensors) ? nullptr : found;
}

Format format_of(const HostSensor& sensor) { return sensor.format; }

std::string_view describe(const HostSensor& sensor) { return sensor.described; }

Event sensor_event(const HostSensor& sensor, JsonValue document, TextArena& texts) {
  Event event;
  event.id = text_at(document, sensor.id, texts);
  event.source = to_string(sensor.format);
  event.detail_type = sensor.type.empty() ? text_at(document, sensor.type_at, texts) : sensor.type;
  event.time = time_of(at(document, sensor.time), texts);
  for (const Path& path : sensor.host) {
    const JsonValue host = path[0].empty() ? JsonValue() : at(document, path);
    if (!host.is_string() || host.raw_string().empty()) continue;
    event.resources = texts.join("[\"host:", host.raw_string(), "\"]");
    break;
  }
  event.document = document;
  event.detail = document.bytes();
  return event;
}

}  // namespace kedge
