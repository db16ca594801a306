// What a document is, by the marks that its specification demands. Private to this room.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "event/event.h"
#include "event/json_text.h"
#include "event/key_table.h"
#include "event/text_arena.h"

namespace kedge {

// The members of a document's top level by which formats are told apart and from which the view is made.
enum class Member : uint32_t {
  account,
  aws_region,
  data,
  data_base64,
  data_content_type,
  detail,
  detail_type,
  digest_end_time,
  event_id,
  event_name,
  event_source,
  event_time,
  event_type,
  event_version,
  id,
  message,
  recipient_account_id,
  records,
  region,
  resources,
  source,
  spec_version,
  subject,
  time,
  type,
  type_of_sns,
  user_identity,
  count
};

// The members that a document has of those; absent ones are absent values.
class Members {
 public:
  JsonValue operator[](Member member) const {
    const uint32_t mark = marks_[static_cast<size_t>(member)];
    return mark == kAbsent ? JsonValue() : JsonValue(*text_, mark);
  }
  bool has_string(Member member) const { return (*this)[member].is_string(); }

 private:
  friend class EnvelopeReader;
  static constexpr uint32_t kAbsent = 0;  // where the text's own value begins, so no member
  explicit Members(const JsonText& text) : text_(&text) {}

  const JsonText* text_;
  std::array<uint32_t, static_cast<size_t>(Member::count)> marks_{};
};

class EnvelopeReader {
 public:
  EnvelopeReader();

  // One pass over the top level of `object`. Where a name stands twice, the last one holds.
  Members read(JsonValue object, TextArena& texts);

 private:
  // Documents of one kind name their members in one order: what stood at a place last time is expected there again.
  struct Expected {
    std::string name;
    uint32_t number = KeyTable::kNone;
  };
  uint32_t find_unexpected(JsonValue key, Expected* place, TextArena& texts) const;

  const KeyTable names_;
  std::array<Expected, 40> expected_;
};

// SNS's HTTP and SQS envelope: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
bool is_sns(const Members&);
// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
bool is_eventbridge(const Members&);
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
bool is_cloudevent(const Members&);
// One record:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html S3's own
// notifications look alike; their eventSource ("aws:s3") tells them apart.
bool is_cloudtrail_record(const Members&);
// A digest file of CloudTrail's log integrity: it lists files, and holds no event.
bool is_cloudtrail_digest(const Members&);

// "an EventBridge envelope", for messages.
std::string_view describe(const Members&);

// The views. Each assumes that the question above was answered with yes.
Event eventbridge_event(const Members&, TextArena&);
Event cloudtrail_event(JsonValue record, const Members&, TextArena&);

// What a string member says; empty when it is absent or something else.
std::string_view string_of(JsonValue, TextArena&);

// "aws.s3" from "s3.amazonaws.com". A record without an eventSource is CloudTrail's own (an Insight).
std::string_view cloudtrail_source(std::string_view event_source, TextArena&);

}  // namespace kedge
