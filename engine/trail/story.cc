#include "trail/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/json_difference.h"
#include "trail/journal_scan.h"
#include "trail/record_list.h"

namespace kedge {
namespace {

std::string text_at(const Json& value, const char* pointer) {
  const Json::json_pointer where(pointer);
  if (!value.contains(where)) return "";
  const Json& found = value.at(where);
  return found.is_string() ? found.get<std::string>() : found.dump();
}

const Json* first_of(const Story& story, std::string_view kind) {
  for (const Json& record : story.records) {
    if (record.value("kind", "") == kind) return &record;
  }
  return nullptr;
}

const Json* last_with(const Story& story, const char* member) {
  for (auto record = story.records.rbegin(); record != story.records.rend(); ++record) {
    if (record->contains(member)) return &*record;
  }
  return nullptr;
}

std::string line(std::string_view name, std::string_view value) {
  return value.empty() ? "" : fmt::format("  {:<13} {}\n", name, value);
}

// ---- what happened ---------------------------------------------------------------------------------------------------

std::string tell_cause(const Story& story, const Json& plan) {
  std::string text = "\nWhat happened\n";
  const std::string name = text_at(story.event, "/detail/eventName");
  text += line("event", name.empty() ? text_at(story.event, "/detail-type")
                                     : name + " (" + text_at(story.event, "/detail-type") + ")");
  text += line("at", text_at(plan, "/times/happened"));
  text += line("by", text_at(plan, "/event/principal"));
  text += line("from", text_at(plan, "/event/address"));
  text += line("agent", text_at(plan, "/event/agent"));
  text += line("event id", text_at(plan, "/event/id"));
  text += line("request id", text_at(plan, "/event/request_id"));
  text += line("read from", fmt::format("{}, topic {}[{}] at offset {}", text_at(plan, "/event/partition/source"),
                                        text_at(plan, "/event/partition/topic"), text_at(plan, "/event/partition/partition"),
                                        text_at(plan, "/event/offset")));
  return text;
}

// ---- the five phases -------------------------------------------------------------------------------------------------

std::string span(int64_t micros) {
  if (micros < 1'000) return fmt::format("{} us", micros);
  if (micros < 1'000'000) return fmt::format("{:.1f} ms", static_cast<double>(micros) / 1e3);
  return fmt::format("{:.2f} s", static_cast<double>(micros) / 1e6);
}

std::string tell_phases(const Json& phases) {
  constexpr std::pair<const char*, const char*> kPhases[] = {
      {"detection", "it happened → we received it"},   {"evaluation", "→ decided"},
      {"response", "→ the first effect was applied"},  {"recovery", "→ the last effect was applied"},
      {"confirmation", "→ read back, and as it should be"}};
  std::string text = "\nThe five phases\n";
  for (const auto& [name, meaning] : kPhases) {
    if (phases.contains(name) && phases[name].is_number()) {
      text += fmt::format("  {:<13} {:>9}   {}\n", name, span(phases[name].get<int64_t>()), meaning);
    }
  }
  return text;
}

// ---- what was done -----------------------------------------------------------------------------------------------------

std::string tell_steps(const Story& story) {
  std::string text = "\nWhat was done\n";
  for (const Json& record : story.records) {
    const std::string at = text_at(record, "/at");
    text += fmt::format("  {}  #{:<5} {:<13} {}\n", at.substr(0, std::min<size_t>(at.size(), 23)), text_at(record, "/seq"),
                        text_at(record, "/kind"), summary_of(record));
    for (const Json& id : record.value("request_ids", Json::array())) {
      text += fmt::format("  {:<45} request {}\n", "", id.get<std::string>());
    }
  }
  return text;
}

// ---- before and after --------------------------------------------------------------------------------------------------

// States hold documents as text (a policy): they are compared member by member too.
Json opened(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (!text.empty() && (text[0] == '{' || text[0] == '[')) {
      if (auto parsed = parse_json(text)) return *parsed;
    }
    return value;
  }
  if (!value.is_structured()) return value;
  Json result = value;
  for (auto& item : result) item = opened(item);
  return result;
}

std::string shown(const Json& entry, const char* side) {
  return entry.contains(side) ? entry[side].dump() : "(nothing)";
}

std::string tell_change(const std::string& action, const Json& before, const Json& after) {
  const Json changes = difference(opened(before), opened(after));
  if (changes.empty()) return "";
  std::string text = "  " + action + "\n";
  for (const Json& entry : changes) {
    if (entry.contains("more")) {
      text += fmt::format("    and {} more\n", entry["more"].dump());
    } else {
      text += fmt::format("    {}\n      before  {}\n      after   {}\n", entry["path"].get<std::string>(),
                          shown(entry, "expected"), shown(entry, "found"));
    }
  }
  return text;
}

std::string tell_changes(const Story& story) {
  const Json* const started = [&]() -> const Json* {
    for (const Json& record : story.records) {
      if (record.contains("befores")) return &record;
    }
    return nullptr;
  }();
  const Json* const ended = last_with(story, "afters");
  if (started == nullptr || ended == nullptr || !(*started)["befores"].is_array() || !(*ended)["afters"].is_array()) {
    return "";
  }
  std::string text;
  for (const Json& after : (*ended)["afters"]) {
    for (const Json& before : (*started)["befores"]) {
      if (before["step"] != after["step"]) continue;
      const size_t step = after["step"].get<size_t>();
      const Json steps = ended->value("steps", Json::array());
      text += tell_change(step < steps.size() ? steps[step].value("action", "") : "step " + std::to_string(step),
                          before["state"], after["state"]);
    }
  }
  return text.empty() ? "" : "\nBefore and after\n" + text;
}

}  // namespace

Result<Story> find_story(LedgerReader& reader, const std::string& id) {
  Story story;
  std::vector<Json> notices;
  std::set<std::string> ids;
  const auto done = scan_backwards(reader, [&](const JournalEntry&, const Json& record) {
    if (record.value("kind", "") == "notice") {
      notices.push_back(record);
      return true;
    }
    const std::string named = record.value("remediation", "");
    if (id.empty() || named.rfind(id, 0) != 0) return true;
    ids.insert(named);
    story.records.push_back(record);
    // Its first record is the plan that opened it: nothing older tells of it. (A short id may name others still.)
    return !(named == id && record.value("kind", "") == "plan" && record.value("disposition", "") != "joined");
  });
  if (!done) return done.error();
  if (ids.empty()) return Error{ErrorCode::not_found, "no record tells of a remediation " + id};
  if (ids.size() > 1) {
    return Error{ErrorCode::invalid, fmt::format("'{}' is the beginning of {} remediations: {}", id, ids.size(),
                                                 fmt::join(ids, ", "))};
  }
  story.remediation = *ids.begin();
  std::set<int64_t> numbers;
  for (const Json& record : story.records) numbers.insert(record.value("seq", int64_t{-1}));
  for (Json& notice : notices) {
    if (notice.contains("about") && notice["about"].is_number() && numbers.contains(notice["about"].get<int64_t>())) {
      story.records.push_back(std::move(notice));
    }
  }
  std::sort(story.records.begin(), story.records.end(),
            [](const Json& a, const Json& b) { return a["seq"].get<int64_t>() < b["seq"].get<int64_t>(); });
  if (const Json* const plan = first_of(story, "plan")) {
    const auto document = reader.blob(text_at(*plan, "/event/document_sha256"));
    if (document) {
      if (auto parsed = parse_json(*document)) story.event = *parsed;
    }
  }
  return story;
}

std::string to_text(const Story& story) {
  const Json* const plan = first_of(story, "plan");
  const Json* const moved = last_with(story, "to");
  std::string text = fmt::format("Remediation {}: {}\n", story.remediation,
                                 moved == nullptr ? "planned" : text_at(*moved, "/to"));
  if (plan != nullptr) {
    text += line("rule", fmt::format("{}: {}", text_at(*plan, "/rule/id"), text_at(*plan, "/policy/title")));
    text += line("", fmt::format("version {:.12}, severity {}, mode {}", text_at(*plan, "/rule/version"),
                                 text_at(*plan, "/policy/severity"), text_at(*plan, "/policy/mode")));
    text += line("target", text_at(*plan, "/target"));
    text += tell_cause(story, *plan);
  }
  if (const Json* const phases = last_with(story, "phases")) text += tell_phases((*phases)["phases"]);
  text += tell_steps(story);
  text += tell_changes(story);
  return text;
}

nlohmann::json to_json(const Story& story) {
  return {{"remediation", story.remediation}, {"event", story.event}, {"records", story.records}};
}

}  // namespace kedge
