#include "trail/record_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "trail/journal_scan.h"

namespace kedge {
namespace {

std::string text_at(const Json& record, const char* pointer) {
  const Json::json_pointer where(pointer);
  if (!record.contains(where)) return "";
  const Json& value = record.at(where);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool holds_part(const std::string& text, const std::string& part) {
  return part.empty() || text.find(part) != std::string::npos;
}

bool is(const std::string& text, const std::string& wanted) { return wanted.empty() || text == wanted; }

bool passes(const RecordFilter& filter, const JournalEntry& entry, const Json& record) {
  const std::string remediation = text_at(record, "/remediation");
  return (filter.kinds.empty() || filter.kinds.contains(text_at(record, "/kind"))) &&
         is(text_at(record, "/rule/id"), filter.rule) && holds_part(text_at(record, "/target"), filter.target) &&
         (filter.remediation.empty() || remediation.rfind(filter.remediation, 0) == 0) &&
         is(text_at(record, "/to"), filter.state) && is(text_at(record, "/guard"), filter.guard) &&
         is(text_at(record, "/policy/severity"), filter.severity) &&
         (holds_part(text_at(record, "/event/principal"), filter.actor) ||
          holds_part(text_at(record, "/actor"), filter.actor)) &&
         holds_part(entry.bytes, filter.text);
}

std::string summary_of_outcome(const Json& record) {
  std::string text = fmt::format("{}: {}", text_at(record, "/action"), text_at(record, "/result"));
  if (const std::string code = text_at(record, "/code"); !code.empty()) text += " (" + code + ")";
  if (const std::string message = text_at(record, "/message"); !message.empty()) text += ": " + message;
  return text;
}

std::string summary_of_suppression(const Json& record) {
  if (record.contains("folded")) {
    return fmt::format("{} more suppressions of this minute, folded into one", text_at(record, "/folded"));
  }
  return fmt::format("not done, by guard {}: {}", text_at(record, "/guard"), text_at(record, "/reason"));
}

std::string summary_of_move(const Json& record) {
  std::string text = fmt::format("{} → {}", text_at(record, "/from"), text_at(record, "/to"));
  if (const std::string guard = text_at(record, "/guard"); !guard.empty()) text += " by guard " + guard;
  if (const std::string reason = text_at(record, "/reason"); !reason.empty()) text += ": " + reason;
  if (const std::string actor = text_at(record, "/actor"); !actor.empty()) text += " (" + actor + ")";
  return text;
}

}  // namespace

std::string summary_of(const Json& record) {
  const std::string kind = text_at(record, "/kind");
  if (kind == "plan") {
    return fmt::format("{} ({}), caused by {}", text_at(record, "/policy/title"), text_at(record, "/disposition"),
                       text_at(record, "/event/principal"));
  }
  if (kind == "suppression") return summary_of_suppression(record);
  if (kind == "attempt") {
    return fmt::format("{}{}, attempt {}", record.value("undo", false) ? "undo of " : "", text_at(record, "/action"),
                       text_at(record, "/attempt"));
  }
  if (kind == "outcome" && record.contains("result")) return summary_of_outcome(record);
  if (kind == "dead_letter" || kind == "rule_failure") {
    return fmt::format("{}: {}", text_at(record, "/reason"), text_at(record, "/message"));
  }
  if (kind == "notice") {
    return fmt::format("{} to {}: {}", text_at(record, "/type"), text_at(record, "/channel"),
                       record.value("delivered", false) ? "delivered" : "given up: " + text_at(record, "/error"));
  }
  if (kind == "rules_loaded") return fmt::format("{} rules, digest {:.12}", text_at(record, "/count"), text_at(record, "/digest"));
  if (kind == "exception") {
    return fmt::format("{} by {}: owner {}, until {}: {}", text_at(record, "/action"), text_at(record, "/actor"),
                       text_at(record, "/owner"), text_at(record, "/expires"), text_at(record, "/reason"));
  }
  if (kind == "pause" || kind == "resume") {
    return fmt::format("{} by {} {}", text_at(record, "/scope"), text_at(record, "/actor"), text_at(record, "/reason"));
  }
  if (kind == "alarm") return text_at(record, "/message");
  if (kind == "position") {
    return fmt::format("{}[{}] {}: {}", text_at(record, "/topic"), text_at(record, "/partition"), text_at(record, "/note"),
                       text_at(record, "/details/text"));
  }
  if (kind == "start") return fmt::format("kedge {} started", text_at(record, "/version"));
  if (kind == "stop") return "stopped: " + text_at(record, "/reason");
  if (record.contains("to")) return summary_of_move(record);
  return kind;
}

Result<std::vector<RecordRow>> list_records(LedgerReader& reader, const RecordFilter& filter) {
  const std::string from = filter.from ? format_time(*filter.from) : "";
  const std::string to = filter.to ? format_time(*filter.to) : "";
  std::vector<RecordRow> rows;
  const auto done = scan_backwards(reader, [&](const JournalEntry& entry, const Json& record) {
    const std::string at = text_at(record, "/at");
    if (at < from) return false;  // time in the journal never goes back
    if ((to.empty() || at < to) && passes(filter, entry, record)) {
      rows.push_back({entry.seq, at, text_at(record, "/kind"), text_at(record, "/remediation"), text_at(record, "/rule/id"),
                      text_at(record, "/target"), summary_of(record), record});
    }
    return rows.size() < filter.limit;
  });
  if (!done) return done.error();
  std::reverse(rows.begin(), rows.end());
  return rows;
}

}  // namespace kedge
