// From a message to the events in it.
//
// Formats are told apart by the source's configuration, or recognised (Format::automatic) by what their
// specifications demand: CloudEvents by its headers or `specversion`, EventBridge by `detail-type` with `detail`,
// CloudTrail by `Records` or by `eventVersion` with `eventName`, SNS by `Type: Notification` (its `Message` is decoded
// in turn, once), what sensors on hosts write by their members (host_sensors.h). Anything else that is a JSON object
// is plain JSON.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/event.h"

namespace kedge {

enum class Format {
  automatic,
  eventbridge,
  cloudtrail,
  cloudevents,
  json,
  falco,
  wazuh,
  osquery,
  auditd,
  tetragon,
};

// "auto", "eventbridge", "cloudtrail", "cloudevents", "json", "falco", "wazuh", "osquery", "auditd", "tetragon".
Result<Format> parse_format(std::string_view);
std::string_view to_string(Format);

struct MessageHeader {
  std::string_view name;
  std::string_view value;  // a null value is an empty one here
};

// One message as a source hands it over.
struct Message {
  std::string_view value;
  std::span<const MessageHeader> headers;  // where a name stands twice, the last one holds
};

// Why a message cannot be decoded: the reason codes of dead letters. Stable words.
enum class PoisonReason {
  not_json,  // anywhere in the message, also in a member that no rule reads
  not_utf8,  // anywhere; also an escape that names half of a surrogate pair
  too_large,
  too_deep,
  wrong_envelope,      // it is JSON, but not of the format that the source is set to; plain JSON that is no object
  unsupported_format,  // it says of itself that it is something that cannot be read here (Avro, a batch, plain text)
};
std::string_view to_string(PoisonReason);

struct Poison {
  PoisonReason reason;
  std::string message;  // for people: what was found where, and what would be right
};

// Decoder belongs to one lane: it keeps its parsers' buffers. Not thread-safe.
class Decoder {
 public:
  struct Options {
    Format format = Format::automatic;
    std::string source_name = "json";  // the `source` of plain JSON
    size_t bytes_max = 1U << 20U;      // a larger message is poison
    size_t depth_max = 1000;           // deeper nesting is poison
  };
  explicit Decoder(Options);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Appends the events of `message` to `events` in order. On poison nothing is appended. The events' views live until
  // the next decode. Every message is checked whole. A CloudTrail file with empty `Records`, and a CloudTrail digest or
  // validation message, hold no event: that is success with none.
  //
  // CloudEvents: data that is not JSON stays what it is in the envelope, a JSON string (text, or base64 as it came);
  // base64 that holds JSON is decoded. In Kafka's binary mode data must be JSON. No data is null.
  std::optional<Poison> decode(const Message& message, std::vector<Event>& events);

  // Appends the event whose view_json this is, whatever format it came in; its index is not in it. The event's views
  // live as those of decode do.
  std::optional<Poison> decode_view(std::string_view view, std::vector<Event>& events);

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
};

// Reads the provenance from the event's detail (CloudTrail's userIdentity and so on; for other inputs what there is).
// Never fails: what is not there is empty. An assumed role's principal is its role (sessionContext.sessionIssuer.arn).
Provenance provenance_of(const Event&);

// Who is the same event: the view's source and id, but for a CloudTrail record in any wrapping its eventID and "aws." +
// the first label of its eventSource, so that a change that arrives raw and through EventBridge is one. Keys of
// remediations are made of it; rules see the ids of the view.
Identity identity_of(const Event&);

// The whole view as a document, for Lua, records and dead letters: {id, source, detail-type, account, region, time,
// resources, detail}. Attributes that are absent are left out; resources and detail are the bytes that came.
std::string view_json(const Event&);

}  // namespace kedge
