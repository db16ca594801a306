// From a message to the events in it.
//
// Formats are told apart by the source's configuration, or recognised (Format::automatic) by what their
// specifications demand: CloudEvents by its headers or `specversion`, EventBridge by `detail-type` with `detail`,
// CloudTrail by `Records` or by `eventVersion` with `eventName`, SNS by `Type: Notification` (its `Message` is decoded
// in turn, once). Anything else that is a JSON object is plain JSON.
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

enum class Format { automatic, eventbridge, cloudtrail, cloudevents, json };

// "auto", "eventbridge", "cloudtrail", "cloudevents", "json".
Result<Format> parse_format(std::string_view);
std::string_view to_string(Format);

struct MessageHeader {
  std::string_view name;
  std::string_view value;  // a null value is an empty one here
};

// One message as a source hands it over. `value` must be followed by kReadable readable bytes.
struct Message {
  std::string_view value;
  std::span<const MessageHeader> headers;  // where a name stands twice, the last one holds
};

// Why a message cannot be decoded: the reason codes of dead letters. Stable words.
enum class PoisonReason { not_json, not_utf8, too_large, too_deep, wrong_envelope, unsupported_format };
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
    std::string source_name = "json";     // the `source` of plain JSON
    size_t bytes_max = 1U << 20U;         // a larger message is poison
    size_t depth_max = 1000;              // deeper nesting is poison
  };
  explicit Decoder(Options);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Appends the events of `message` to `events` in order. On poison nothing is appended. The events' views live until
  // the next decode. A CloudTrail file with an empty `Records`, and a CloudTrail digest or validation message, hold no
  // event: that is success with none.
  std::optional<Poison> decode(const Message& message, std::vector<Event>& events);

 private:
  struct Parsers;
  Options options_;
  std::unique_ptr<Parsers> parsers_;
};

// Reads the provenance from the event's detail (CloudTrail's userIdentity and so on; for other inputs what there is).
// Never fails: what is not there is empty. An assumed role's principal is its role (sessionContext.sessionIssuer.arn).
Provenance provenance_of(const Event&);

// The whole view as a document, for Lua, records and dead letters: {id, source, detail-type, account, region, time,
// resources, detail}. Members that the input does not have are left out. Integers stay integers; an integer beyond 64
// bits becomes a float, as in any JSON reader.
Result<std::string> view_json(const Event&);

}  // namespace kedge
