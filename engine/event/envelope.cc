#include "event/envelope.h"

namespace kedge {
namespace {

struct DetailType {
  std::string_view event_type;
  std::string_view detail_type;
};

// What EventBridge calls CloudTrail's event types:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
// (That page writes "Signin"; the events themselves say "Sign In".) A type that is not in the list, or none, as in
// records of before version 1.02, is a call: that is what CloudTrail records unless it says otherwise.
constexpr DetailType kDetailTypes[] = {
    {"AwsApiCall", "AWS API Call via CloudTrail"},
    {"AwsServiceEvent", "AWS Service Event via CloudTrail"},
    {"AwsConsoleSignIn", "AWS Console Sign In via CloudTrail"},
    {"AwsConsoleAction", "AWS Console Action via CloudTrail"},
    {"AwsCloudTrailInsight", "AWS Insight via CloudTrail"},
    {"AwsVpceEvent", "AWS Network Activity Event via CloudTrail"},
};

std::string_view detail_type_of(std::string_view event_type) {
  for (const DetailType& row : kDetailTypes) {
    if (row.event_type == event_type) return row.detail_type;
  }
  return kDetailTypes[0].detail_type;
}

}  // namespace

// In the order of Member.
EnvelopeReader::EnvelopeReader()
    : names_{"account",     "awsRegion",          "data",          "data_base64",  "datacontenttype",
             "detail",      "detail-type",        "digestEndTime", "eventID",      "eventName",
             "eventSource", "eventTime",          "eventType",     "eventVersion", "id",
             "Message",     "recipientAccountId", "Records",       "region",       "resources",
             "source",      "specversion",        "subject",       "time",         "type",
             "Type",        "userIdentity"} {}

Members EnvelopeReader::read(JsonValue object, TextArena& texts) {
  Members members(object.text());
  size_t index = 0;
  for (const JsonMember member : object.members()) {
    Expected* const place = index < expected_.size() ? &expected_[index++] : nullptr;
    const bool is_expected = place != nullptr && KeyTable::equal(place->name, member.key.raw_string());
    const uint32_t number = is_expected ? place->number : find_unexpected(member.key, place, texts);
    if (number != KeyTable::kNone) members.marks_[number] = member.value.mark();
  }
  return members;
}

uint32_t EnvelopeReader::find_unexpected(JsonValue key, Expected* place, TextArena& texts) const {
  constexpr size_t kLongest = 32;
  const std::string_view raw = key.raw_string();
  const uint32_t number = names_.find(texts.resolve(key));
  if (place != nullptr && raw.size() <= kLongest) {
    place->name.assign(raw);
    place->number = number;
  }
  return number;
}

std::string_view string_of(JsonValue value, TextArena& texts) {
  return value.is_string() ? texts.resolve(value) : std::string_view();
}

bool is_sns(const Members& members) {
  return members[Member::type_of_sns].is_string() && members[Member::type_of_sns].raw_string() == "Notification" &&
         members.has_string(Member::message);
}

bool is_eventbridge(const Members& members) {
  return members.has_string(Member::detail_type) && members.has_string(Member::source) &&
         members[Member::detail].present();
}

bool is_cloudevent(const Members& members) {
  return members.has_string(Member::spec_version) && members.has_string(Member::id) &&
         members.has_string(Member::source) && members.has_string(Member::type);
}

bool is_cloudtrail_record(const Members& members) {
  if (!members.has_string(Member::event_version)) return false;
  if (members.has_string(Member::event_type) && members.has_string(Member::event_id)) return true;
  return members.has_string(Member::event_name) && members.has_string(Member::event_source) &&
         members[Member::event_source].raw_string().find(':') == std::string_view::npos;
}

bool is_cloudtrail_digest(const Members& members) { return members.has_string(Member::digest_end_time); }

std::string_view describe(const Members& members) {
  if (is_sns(members)) return "an SNS notification";
  if (is_cloudevent(members)) return "a CloudEvent";
  if (is_eventbridge(members)) return "an EventBridge envelope";
  if (members[Member::records].is_array()) return "an object with Records";
  if (is_cloudtrail_record(members)) return "a CloudTrail record";
  return "an object with the marks of no known envelope";
}

Event eventbridge_event(const Members& members, TextArena& texts) {
  Event event;
  event.id = string_of(members[Member::id], texts);
  event.source = string_of(members[Member::source], texts);
  event.detail_type = string_of(members[Member::detail_type], texts);
  event.account = string_of(members[Member::account], texts);
  event.region = string_of(members[Member::region], texts);
  event.time = string_of(members[Member::time], texts);
  if (members[Member::resources].is_array()) event.resources = members[Member::resources].bytes();
  event.document = members[Member::detail];
  event.detail = event.document.bytes();
  return event;
}

std::string_view cloudtrail_source(std::string_view event_source, TextArena& texts) {
  if (event_source.empty()) return "aws.cloudtrail";
  return texts.join("aws.", event_source.substr(0, event_source.find('.')));
}

Event cloudtrail_event(JsonValue record, const Members& members, TextArena& texts) {
  Event event;
  event.id = string_of(members[Member::event_id], texts);
  event.source = cloudtrail_source(string_of(members[Member::event_source], texts), texts);
  event.detail_type = detail_type_of(string_of(members[Member::event_type], texts));
  event.account = string_of(members[Member::recipient_account_id], texts);
  if (event.account.empty()) event.account = string_of(members[Member::user_identity].member("accountId"), texts);
  event.region = string_of(members[Member::aws_region], texts);
  event.time = string_of(members[Member::event_time], texts);
  event.document = record;
  event.detail = record.bytes();
  return event;
}

}  // namespace kedge
