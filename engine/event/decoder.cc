#include "event/decoder.h"

#include <fmt/format.h>

#include <array>

#include "base/bytes.h"
#include "event/cloudevents.h"
#include "event/envelope.h"
#include "event/host_sensors.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 10> kFormats = {"auto",  "eventbridge", "cloudtrail", "cloudevents", "json",
                                                       "falco", "wazuh",       "osquery",    "auditd",      "tetragon"};
constexpr std::array<std::string_view, 6> kReasons = {"not_json", "not_utf8",       "too_large",
                                                      "too_deep", "wrong_envelope", "unsupported_format"};

// What S3 log delivery says once into a new topic.
constexpr std::string_view kValidationMessage = "CloudTrail validation message.";

Poison poison_of(const JsonError& error, std::string_view where) {
  const PoisonReason reason = error.kind == JsonError::Kind::utf8    ? PoisonReason::not_utf8
                              : error.kind == JsonError::Kind::depth ? PoisonReason::too_deep
                                                                     : PoisonReason::not_json;
  return {reason, fmt::format("byte {} of {}: expected {}", error.offset, where, error.expected)};
}

}  // namespace

Result<Format> parse_format(std::string_view text) {
  for (size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i] == text) return static_cast<Format>(i);
  }
  return Error{ErrorCode::invalid, fmt::format("no format '{}': one of {}", text, fmt::join(kFormats, ", "))};
}

std::string_view to_string(Format format) { return kFormats[static_cast<size_t>(format)]; }
std::string_view to_string(PoisonReason reason) { return kReasons[static_cast<size_t>(reason)]; }

// Reads one message at a time. Each step returns the poison it found, or nothing.
struct Decoder::Reader {
  explicit Reader(Options given) : options(std::move(given)), outer(options.depth_max), inner(options.depth_max) {}

  using Outcome = std::optional<Poison>;

  Outcome read(const Message& message, std::vector<Event>& events) {
    if (message.value.size() > options.bytes_max) {
      return Poison{PoisonReason::too_large,
                    fmt::format("{} bytes: at most {}", message.value.size(), options.bytes_max)};
    }
    const bool may_be_cloudevent = options.format == Format::automatic || options.format == Format::cloudevents;
    const auto mode = may_be_cloudevent ? cloudevent_mode(message.headers) : CloudEventMode::none;
    if (mode == CloudEventMode::binary) return read_binary(message, events);
    if (mode == CloudEventMode::unreadable) {
      return Poison{PoisonReason::unsupported_format,
                    fmt::format("content-type '{}': a CloudEvent is read as application/cloudevents+json, or as ce_ "
                                "headers with data in JSON",
                                header(message.headers, "content-type"))};
    }
    if (const JsonError* error = outer.scan(message.value)) return poison_of(*error, "the message");
    if (!outer.root().is_object()) return wrong("a JSON value that is no object");
    const Members members = envelopes.read(outer.root(), texts);
    if (mode == CloudEventMode::structured) {
      return is_cloudevent(members) ? read_cloudevent(members, events) : wrong(describe(members));
    }
    return options.format == Format::json ? add_plain(outer.root(), events)
                                          : read_document(outer.root(), members, /*unwrapped=*/false, events);
  }

  Outcome read_view(std::string_view view, std::vector<Event>& events) {
    if (const JsonError* error = outer.scan(view)) return poison_of(*error, "the view");
    if (!outer.root().is_object()) return Poison{PoisonReason::wrong_envelope, "a view that is no object"};
    const Members members = envelopes.read(outer.root(), texts);
    Event event = eventbridge_event(members, texts);
    set_detail(event, members[Member::detail]);
    return add(event, events);
  }

  Outcome read_document(JsonValue root, const Members& members, bool unwrapped, std::vector<Event>& events) {
    if (!unwrapped && accepts_sns() && is_sns(members)) return read_sns(members, events);
    if (accepts(Format::cloudevents) && is_cloudevent(members)) return read_cloudevent(members, events);
    if (accepts(Format::eventbridge) && is_eventbridge(members)) return add(eventbridge_event(members, texts), events);
    if (accepts(Format::cloudtrail)) {
      if (is_cloudtrail_record(members)) return add(cloudtrail_event(root, members, texts), events);
      if (is_cloudtrail_digest(members)) return std::nullopt;
      if (members[Member::records].is_array() && holds_cloudtrail(members[Member::records])) {
        return read_records(members[Member::records], events);
      }
    }
    if (const HostSensor* sensor = host_sensor_of(root)) {
      if (accepts(format_of(*sensor))) return add(sensor_event(*sensor, root, texts), events);
      return wrong(describe(*sensor));
    }
    return options.format == Format::automatic ? add_plain(root, events) : wrong(describe(members));
  }

  Outcome read_sns(const Members& members, std::vector<Event>& events) {
    const std::string_view text = texts.resolve(members[Member::message]);
    if (accepts(Format::cloudtrail) && text == kValidationMessage) return std::nullopt;
    if (const JsonError* error = inner.scan(text)) return poison_of(*error, "the SNS notification's Message");
    if (!inner.root().is_object()) return wrong("an SNS notification whose Message is no object");
    return read_document(inner.root(), envelopes.read(inner.root(), texts), /*unwrapped=*/true, events);
  }

  // True for an empty list too: a log file without events. Set to CloudTrail, every list is taken for one, and a record
  // that is none is named.
  bool holds_cloudtrail(JsonValue records) {
    if (options.format == Format::cloudtrail) return true;
    for (const JsonValue record : records.elements()) {
      return record.is_object() && is_cloudtrail_record(envelopes.read(record, texts));
    }
    return true;
  }

  Outcome read_records(JsonValue records, std::vector<Event>& events) {
    for (const JsonValue record : records.elements()) {
      if (!record.is_object()) return wrong("a record that is no object");
      const Members members = envelopes.read(record, texts);
      if (!is_cloudtrail_record(members)) return wrong("a record that is not CloudTrail's");
      add(cloudtrail_event(record, members, texts), events);
    }
    return std::nullopt;
  }

  Outcome read_cloudevent(const Members& members, std::vector<Event>& events) {
    Event event = cloudevent(members, texts);
    set_detail(event, members[Member::data]);
    if (!members[Member::data].present() && members.has_string(Member::data_base64)) {
      set_detail(event, members[Member::data_base64]);
      if (is_json_type(string_of(members[Member::data_content_type], texts))) decode_base64(event);
    }
    return add(event, events);
  }

  // The event's data is base64: where it holds JSON, that is the detail.
  void decode_base64(Event& event) {
    const auto bytes = from_base64(texts.resolve(event.document));
    if (!bytes) return;
    if (inner.scan(texts.join(*bytes)) == nullptr) set_detail(event, inner.root());
  }

  Outcome read_binary(const Message& message, std::vector<Event>& events) {
    Event event = cloudevent(message.headers, texts);
    if (event.id.empty() || event.source.empty() || event.detail_type.empty()) {
      return wrong("ce_specversion without ce_id, ce_source and ce_type");
    }
    for (const std::string_view text : {event.id, event.source, event.detail_type, event.time, event.resources}) {
      if (!is_utf8(text)) return Poison{PoisonReason::not_utf8, "a ce_ header is not UTF-8"};
    }
    if (message.value.empty()) {
      set_detail(event, JsonValue());
    } else {
      if (const JsonError* error = outer.scan(message.value)) return poison_of(*error, "the CloudEvent's data");
      set_detail(event, outer.root());
    }
    return add(event, events);
  }

  Outcome add_plain(JsonValue root, std::vector<Event>& events) {
    Event event;
    event.source = options.source_name;
    set_detail(event, root);
    return add(event, events);
  }

  static void set_detail(Event& event, JsonValue value) {
    event.document = value;
    event.detail = value.present() ? value.bytes() : "null";
  }

  static Outcome add(Event event, std::vector<Event>& events) {
    events.push_back(event);
    return std::nullopt;
  }

  Outcome wrong(std::string_view found) const {
    return Poison{PoisonReason::wrong_envelope,
                  fmt::format("this is {}; the source's format is '{}'", found, to_string(options.format))};
  }

  bool accepts(Format format) const { return options.format == format || options.format == Format::automatic; }
  bool accepts_sns() const { return options.format != Format::cloudevents; }

  const Options options;
  EnvelopeReader envelopes;
  JsonScanner outer;
  JsonScanner inner;  // of a document that stood in a string of the outer one
  TextArena texts;
};

Decoder::Decoder(Options options) : reader_(std::make_unique<Reader>(std::move(options))) {}
Decoder::~Decoder() = default;

std::optional<Poison> Decoder::decode(const Message& message, std::vector<Event>& events) {
  const size_t before = events.size();
  reader_->texts.clear();
  auto poison = reader_->read(message, events);
  if (poison) events.resize(before);
  for (size_t i = before; i < events.size(); ++i) events[i].index = static_cast<uint32_t>(i - before);
  return poison;
}

std::optional<Poison> Decoder::decode_view(std::string_view view, std::vector<Event>& events) {
  reader_->texts.clear();
  return reader_->read_view(view, events);
}

}  // namespace kedge
