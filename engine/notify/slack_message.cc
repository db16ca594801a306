#include "notify/slack_message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/json.h"
#include "base/time.h"

namespace kedge {
namespace {

// Slack's limits, in characters; counted in bytes here, which is never too much.
constexpr size_t kHeaderMax = 150;
constexpr size_t kSectionMax = 3000;
constexpr size_t kFieldMax = 2000;
constexpr size_t kFieldsMax = 10;
constexpr size_t kContextMax = 2000;
constexpr size_t kTextMax = 4000;  // of the fallback; a message may have 40,000 in all

constexpr std::string_view kEllipsis = "…";

// What is shown of a notice's data, in this order.
struct Shown {
  std::string_view label;
  std::array<std::string_view, 2> path;  // a member, or a member of a member
};
constexpr std::array<Shown, 8> kShown = {{{"Severity", {"severity", ""}},
                                          {"Target", {"target", ""}},
                                          {"Caused by", {"actor", "principal"}},
                                          {"From", {"actor", "address"}},
                                          {"Rule", {"rule", ""}},
                                          {"State", {"state", ""}},
                                          {"Guard", {"guard", ""}},
                                          {"Alarm", {"alarm", ""}}}};

// Text, numbers and booleans; anything else is an empty text.
std::string as_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_boolean() || value.is_number() ? value.dump() : "";
}

Json member(const Json& data, std::string_view name) {
  if (!data.is_object()) return nullptr;
  const auto found = data.find(name);
  return found == data.end() ? Json(nullptr) : *found;
}

// "kedge.remediation.confirmed" → "remediation confirmed"
std::string in_words(std::string_view type) {
  if (type.starts_with("kedge.")) type.remove_prefix(6);
  std::string words(type);
  std::replace(words.begin(), words.end(), '.', ' ');
  return words;
}

Json mrkdwn(std::string text) { return {{"type", "mrkdwn"}, {"text", std::move(text)}, {"verbatim", true}}; }

void add_field(Json& fields, std::string_view name, const std::string& value) {
  if (value.empty() || fields.size() >= kFieldsMax) return;
  const std::string label = "*" + slack_escape(name, 100) + "*\n";
  fields.push_back(mrkdwn(label + slack_escape(value, kFieldMax - label.size())));
}

// From the event to the end, as far as the phases are known.
std::string time_taken(const Json& phases) {
  Duration sum{0};
  if (!phases.is_object()) return "";
  for (const Json& micros : phases) {
    if (micros.is_number_integer()) sum += Duration(micros.get<int64_t>());
  }
  return sum > Duration(0) ? format_duration(std::chrono::round<std::chrono::milliseconds>(sum)) : "";
}

Json fields_of(const Json& data) {
  Json fields = Json::array();
  for (const Shown& shown : kShown) {
    Json value = member(data, shown.path[0]);
    if (!shown.path[1].empty()) value = member(value, shown.path[1]);
    add_field(fields, shown.label, as_text(value));
  }
  add_field(fields, "Took", time_taken(member(data, "phases")));
  return fields;
}

// What happened, in a few words; of a digest, what happened so many times.
std::string subject_of(const Notice& notice) {
  const std::string of = as_text(member(notice.data, "of"));
  const std::string count = as_text(member(notice.data, "count"));
  return of.empty() ? in_words(notice.type) : in_words(of) + ", " + count + " more";
}

std::string headline(const Notice& notice) {
  const std::string title = as_text(member(notice.data, "title"));
  return title.empty() ? subject_of(notice) : title + ": " + subject_of(notice);
}

std::string context_of(const Notice& notice) {
  const std::string remediation = as_text(member(notice.data, "remediation"));
  const std::string seq = as_text(member(notice.data, "seq"));
  return (remediation.empty() ? "" : remediation + " · ") + (seq.empty() ? "" : "record " + seq + " · ") + notice.id +
         " · " + format_time(notice.created);
}

}  // namespace

std::string slack_escape(std::string_view text, size_t bytes_max) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  if (escaped.size() <= bytes_max) return escaped;
  std::string_view kept = utf8_prefix(escaped, bytes_max - kEllipsis.size());
  const size_t entity = kept.rfind('&');  // each & begins one
  if (entity != kept.npos && kept.find(';', entity) == kept.npos) kept = kept.substr(0, entity);
  return std::string(kept).append(kEllipsis);
}

Json slack_message(const Notice& notice) {
  const std::string head = headline(notice);
  const std::string target = as_text(member(notice.data, "target"));
  Json blocks = Json::array();
  blocks.push_back({{"type", "header"},
                    {"text", {{"type", "plain_text"}, {"text", slack_escape(head, kHeaderMax)}, {"emoji", false}}}});
  for (const char* name : {"reason", "message"}) {
    const std::string paragraph = as_text(member(notice.data, name));
    if (paragraph.empty()) continue;
    blocks.push_back({{"type", "section"}, {"text", mrkdwn(slack_escape(paragraph, kSectionMax))}});
  }
  const Json fields = fields_of(notice.data);
  if (!fields.empty()) blocks.push_back({{"type", "section"}, {"fields", fields}});
  blocks.push_back(
      {{"type", "context"}, {"elements", Json::array({mrkdwn(slack_escape(context_of(notice), kContextMax))})}});
  const std::string fallback = target.empty() ? head : head + " (" + target + ")";
  return {{"text", slack_escape(fallback, kTextMax)}, {"blocks", std::move(blocks)}};
}

}  // namespace kedge
