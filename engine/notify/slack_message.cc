#include "notify/slack_message.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"

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
constexpr std::array<std::string_view, 5> kFirstFields = {"severity", "target", "rule", "state", "guard"};
constexpr std::array<std::string_view, 4> kElsewhere = {"title", "reason", "message", "remediation"};

template <size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<std::string> as_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  return std::nullopt;
}

std::string member(const Json& data, std::string_view name) {
  if (!data.is_object()) return "";
  const auto found = data.find(name);
  return found == data.end() ? "" : as_text(*found).value_or("");
}

// "kedge.remediation.confirmed" → "remediation confirmed"
std::string in_words(std::string_view type) {
  if (type.starts_with("kedge.")) type.remove_prefix(6);
  std::string words(type);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c == '.' || c == '_'; }, ' ');
  return words;
}

Json mrkdwn(std::string text) { return {{"type", "mrkdwn"}, {"text", std::move(text)}, {"verbatim", true}}; }

Json section(const std::string& paragraph) {
  return {{"type", "section"}, {"text", mrkdwn(slack_escape(paragraph, kSectionMax))}};
}

void add_field(Json& fields, std::string_view name, const std::string& value) {
  if (value.empty() || fields.size() >= kFieldsMax) return;
  const std::string label = "*" + slack_escape(in_words(name), 100) + "*\n";
  fields.push_back(mrkdwn(label + slack_escape(value, kFieldMax - label.size())));
}

Json fields_of(const Json& data) {
  Json fields = Json::array();
  if (!data.is_object()) return fields;
  for (const std::string_view name : kFirstFields) add_field(fields, name, member(data, name));
  for (const auto& [name, value] : data.items()) {
    if (is_one_of(name, kFirstFields) || is_one_of(name, kElsewhere)) continue;
    add_field(fields, name, as_text(value).value_or(""));
  }
  return fields;
}

std::string headline(const Notice& notice) {
  const std::string title = member(notice.data, "title");
  return title.empty() ? in_words(notice.type) : title + ": " + in_words(notice.type);
}

std::string context_of(const Notice& notice) {
  const std::string remediation = member(notice.data, "remediation");
  return (remediation.empty() ? "" : remediation + " · ") + notice.id + " · " + format_time(notice.created);
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
  const std::string target = member(notice.data, "target");
  Json blocks = Json::array();
  blocks.push_back({{"type", "header"},
                    {"text", {{"type", "plain_text"}, {"text", slack_escape(head, kHeaderMax)}, {"emoji", false}}}});
  for (const char* name : {"reason", "message"}) {
    const std::string paragraph = member(notice.data, name);
    if (!paragraph.empty()) blocks.push_back(section(paragraph));
  }
  const Json fields = fields_of(notice.data);
  if (!fields.empty()) blocks.push_back({{"type", "section"}, {"fields", fields}});
  blocks.push_back(
      {{"type", "context"}, {"elements", Json::array({mrkdwn(slack_escape(context_of(notice), kContextMax))})}});
  const std::string fallback = target.empty() ? head : head + " (" + target + ")";
  return {{"text", slack_escape(fallback, kTextMax)}, {"blocks", std::move(blocks)}};
}

}  // namespace kedge
