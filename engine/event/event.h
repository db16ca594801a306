// Event: what happened, as every rule sees it, whatever source it came from.
//
// An Event borrows: its views point into the bytes of the message it was decoded from, and into the decoder (where a
// string held escapes). They live until the decoder's next decode or the end of the message's bytes, whichever comes
// first. What must live longer is copied where it is kept.
//
// Rules see one view, {id, source, detail-type, account, region, time, resources, detail}:
//
//   input                 view
//   EventBridge envelope  as it is
//   CloudTrail record     detail = the record, id = eventID, source = "aws." + first label of eventSource,
//                         detail-type from eventType as EventBridge does it, account = recipientAccountId
//   CloudEvents           detail = data, detail-type = type; source, id, time; subject in resources
//   a host's sensor       detail = the document; source = falco, wazuh, osquery, auditd or tetragon, detail-type = what
//                         it calls that, "host:NAME" in resources
//   plain JSON            detail = the document, source from the configuration
//
// An attribute that the input does not have, or has as an empty string, is empty, and absent to a pattern. Decoding
// never writes JSON: `detail` and `resources` are the bytes that came (a CloudEvent's subject gets its brackets).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event/json_text.h"

namespace kedge {

struct Event {
  std::string_view id;           // empty when the input has none
  std::string_view source;       // "aws.s3"
  std::string_view detail_type;  // "AWS API Call via CloudTrail"
  std::string_view account;
  std::string_view region;
  std::string_view time;              // as it came (RFC 3339 in all known sources); empty when the input has none
  std::string_view resources = "[]";  // the text of a JSON array
  std::string_view detail;            // the text of a JSON value
  JsonValue document;                 // the same, already scanned by the decoder; absent where nobody has scanned it

  uint32_t index = 0;  // its place among the events of one message (a CloudTrail file holds many)
};

// Who did it, and the marks by which an effect of our own is recognised when it comes back as an event. Made from an
// event's detail when a rule wants the event, not for each event. It owns its strings.
struct Provenance {
  std::string principal;  // the stable identity: a role's ARN rather than the assumed role's, a user's ARN, a user name
  std::string session;    // the session's name, where there is one
  std::string agent;      // the user agent, as it came
  std::string address;    // where the call came from
  std::string request_id;  // CloudTrail's requestID: equal to the response header of the call that caused the event
  std::string error_code;  // set when the call that the event tells of failed

  bool operator==(const Provenance&) const = default;
};

// What makes an event the same event when it comes again, perhaps by another way. It owns its strings.
struct Identity {
  std::string source;
  std::string id;  // empty when the event has none: its place in the source has to do

  bool operator==(const Identity&) const = default;
};

}  // namespace kedge
