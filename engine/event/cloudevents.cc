#include "event/cloudevents.h"

#include "base/json.h"

namespace kedge {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool starts_ignoring_case(std::string_view text, std::string_view start) {
  return equals_ignoring_case(text.substr(0, start.size()), start);
}

// A content type without its parameters.
std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type;
}

}  // namespace

std::string_view header(std::span<const MessageHeader> headers, std::string_view name) {
  std::string_view value;
  for (const MessageHeader& header : headers) {
    if (equals_ignoring_case(header.name, name)) value = header.value;
  }
  return value;
}

bool is_json_type(std::string_view content_type) {
  const std::string_view type = media_type(content_type);
  const auto ends_with = [type](std::string_view end) {
    return type.size() >= end.size() && equals_ignoring_case(type.substr(type.size() - end.size()), end);
  };
  return type.empty() || ends_with("/json") || ends_with("+json");
}

CloudEventMode cloudevent_mode(std::span<const MessageHeader> headers) {
  const std::string_view content_type = header(headers, "content-type");
  if (starts_ignoring_case(content_type, "application/cloudevents")) {
    const bool one_in_json = equals_ignoring_case(media_type(content_type), "application/cloudevents+json") ||
                             equals_ignoring_case(media_type(content_type), "application/cloudevents");
    return one_in_json ? CloudEventMode::structured : CloudEventMode::unreadable;
  }
  if (header(headers, "ce_specversion").empty()) return CloudEventMode::none;
  return is_json_type(content_type) ? CloudEventMode::binary : CloudEventMode::unreadable;
}

Event cloudevent(const Members& members, TextArena& texts) {
  Event event;
  event.id = string_of(members[Member::id], texts);
  event.source = string_of(members[Member::source], texts);
  event.detail_type = string_of(members[Member::type], texts);
  event.time = string_of(members[Member::time], texts);
  const JsonValue subject = members[Member::subject];
  if (subject.is_string() && !subject.raw_string().empty()) event.resources = texts.join("[", subject.bytes(), "]");
  return event;
}

Event cloudevent(std::span<const MessageHeader> headers, TextArena& texts) {
  Event event;
  event.id = header(headers, "ce_id");
  event.source = header(headers, "ce_source");
  event.detail_type = header(headers, "ce_type");
  event.time = header(headers, "ce_time");
  if (const std::string_view subject = header(headers, "ce_subject"); !subject.empty()) {
    event.resources = texts.join("[", Json(subject).dump(), "]");
  }
  return event;
}

}  // namespace kedge
