// What is read of an event only when a rule wants it.
#include <fmt/format.h>

#include "event/decoder.h"
#include "event/envelope.h"

namespace kedge {
namespace {

// An event's detail, scanned here where no decoder has done it.
class Detail {
 public:
  explicit Detail(const Event& event) : value_(event.document) {
    if (!value_.present() && scanner_.scan(event.detail) == nullptr) value_ = scanner_.root();
  }

  // The string at a path of members; empty when there is none.
  template <class... Names>
  std::string text(Names... names) {
    JsonValue value = value_;
    ((value = value.member(names)), ...);
    TextArena texts;
    return std::string(string_of(value, texts));
  }

 private:
  JsonScanner scanner_;
  JsonValue value_;
};

std::string behind_last(std::string_view text, char separator) {
  return std::string(text.substr(text.rfind(separator) + 1));
}

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return {};
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
Provenance provenance_of(const Event& event) {
  Detail detail(event);
  Provenance provenance;
  const std::string arn = detail.text("userIdentity", "arn");
  if (detail.text("userIdentity", "type") == "AssumedRole") {
    provenance.principal = detail.text("userIdentity", "sessionContext", "sessionIssuer", "arn");
    // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; principalId is ROLE-ID:SESSION.
    provenance.session =
        arn.empty() ? behind_last(detail.text("userIdentity", "principalId"), ':') : behind_last(arn, '/');
  }
  provenance.principal =
      first_of({provenance.principal, arn, detail.text("userIdentity", "userName"),
                detail.text("userIdentity", "principalId"), detail.text("userIdentity", "invokedBy"),
                // Falco, Wazuh
                detail.text("output_fields", "user.name"), detail.text("syscheck", "audit", "user", "name")});
  provenance.agent =
      first_of({detail.text("userAgent"),
                // kedge's own sensor, Falco, Wazuh
                detail.text("actor", "executable"), detail.text("output_fields", "proc.exepath"),
                detail.text("output_fields", "proc.name"), detail.text("syscheck", "audit", "process", "name")});
  provenance.address = detail.text("sourceIPAddress");
  provenance.request_id = detail.text("requestID");
  provenance.error_code = detail.text("errorCode");
  return provenance;
}

Identity identity_of(const Event& event) {
  Identity identity{std::string(event.source), std::string(event.id)};
  Detail detail(event);
  std::string id = detail.text("eventID");
  // In a CloudEvent the wrapping does not say what it holds: a record is known by its members.
  const bool said = event.detail_type.ends_with(" via CloudTrail");
  const bool is_record = said || (!detail.text("eventVersion").empty() && !detail.text("eventSource").empty());
  if (id.empty() || !is_record) return identity;
  TextArena texts;
  return {std::string(cloudtrail_source(detail.text("eventSource"), texts)), std::move(id)};
}

std::string view_json(const Event& event) {
  std::string out = "{";
  const auto add = [&out](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    append_string(out, name);
    out += ':';
    append_string(out, value);
    out += ',';
  };
  add("id", event.id);
  add("source", event.source);
  add("detail-type", event.detail_type);
  add("account", event.account);
  add("region", event.region);
  add("time", event.time);
  return out.append("\"resources\":").append(event.resources).append(",\"detail\":").append(event.detail).append("}");
}

}  // namespace kedge
