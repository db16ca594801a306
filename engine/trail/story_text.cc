// How a story reads: what happened, what was decided, how long it took, what was done and said, and what is different
// now. Everything that came from outside is made printable.

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"
#include "trail/story.h"

namespace kedge {
namespace {

constexpr size_t kOneLine = 100;      // a value up to this long stays on one line
constexpr size_t kValueMax = 20'000;  // of one value; what is longer is cut, and says so

std::string line(std::string_view name, std::string_view value) {
  return value.empty() ? "" : fmt::format("  {:<12}  {}\n", name, value);
}

bool is_kind(const Json& record, std::string_view kind) { return raw_text_at(record, "/kind") == kind; }

std::string head(const Story& story) {
  std::string text = fmt::format("Remediation {}: {}\n", printable(story.remediation), printable(story.state));
  if (story.plan.is_null()) return text + "  (the record that opened it is no longer kept)\n";
  text += line("title", text_at(story.plan, "/policy/title"));
  text += line("severity", text_at(story.plan, "/policy/severity"));
  text += line("target", text_at(story.plan, "/target"));
  text += line("rule", fmt::format("{}, version {:.12}, mode {}", text_at(story.plan, "/rule/id"),
                                   text_at(story.plan, "/rule/version"), text_at(story.plan, "/policy/mode")));
  return text;
}

// ---- what happened
// ---------------------------------------------------------------------------------------------------

std::string place_of(const Json& plan) {
  return fmt::format("{}, topic {}[{}], offset {}", text_at(plan, "/event/partition/source"),
                     text_at(plan, "/event/partition/topic"), text_at(plan, "/event/partition/partition"),
                     text_at(plan, "/event/offset"));
}

std::string cause(const Story& story) {
  if (story.plan.is_null()) return "";
  const Json& plan = story.plan;
  const std::string name = text_at(story.event, "/detail/eventName");
  const std::string type = text_at(story.event, "/detail-type");
  std::string text = "\nWhat happened\n";
  text += line("event", name.empty() || type.empty() ? name + type : name + " (" + type + ")");
  text += line("at", text_at(plan, "/times/happened"));
  text += line("by", text_at(plan, "/event/principal"));
  text += line("session", text_at(plan, "/event/session"));
  text += line("from", text_at(plan, "/event/address"));
  text += line("agent", text_at(plan, "/event/agent"));
  text += line("event id", text_at(plan, "/event/id"));
  text += line("request", text_at(plan, "/event/request_id"));
  text += line("read from", text_at(plan, "/event/partition/topic").empty() ? "" : place_of(plan));
  for (const Json& record : story.records) {
    if (!is_kind(record, "plan") || text_at(record, "/disposition") != "joined") continue;
    text += line("again", fmt::format("{} by {} (event {}, record {})", text_at(record, "/times/happened"),
                                      text_at(record, "/event/principal"), text_at(record, "/event/id"),
                                      text_at(record, "/seq")));
  }
  return text;
}

std::string channels_of(const Json& plan) {
  const Json::json_pointer where("/plan/notify");
  std::string text;
  if (!plan.contains(where) || !plan.at(where).is_array()) return text;
  for (const Json& channel : plan.at(where)) {
    if (channel.is_string()) text += (text.empty() ? "" : ", ") + printable(channel.get<std::string>());
  }
  return text;
}

std::string decision(const Story& story) {
  if (story.plan.is_null()) return "";
  std::string text = "\nWhat was decided\n";
  text += line("at", text_at(story.plan, "/times/decided"));
  for (const StoryStep& step : story.steps) {
    const std::string args = step.args.is_object() && !step.args.empty()
                                 ? step.args.dump(-1, ' ', false, Json::error_handler_t::replace)
                                 : "";
    text += line("step", printable(step.action + (args.empty() ? "" : " " + args)));
  }
  if (story.steps.empty()) text += line("step", "none: people are told, nothing is done");
  text += line("notify", channels_of(story.plan));
  text += line("plan", fmt::format("sha256 {}", text_at(story.plan, "/plan_sha256")));
  return text;
}

// ---- the five phases
// -------------------------------------------------------------------------------------------------

std::string phases(const Story& story) {
  if (!story.phases.is_object() || story.phases.empty()) return "";
  constexpr std::pair<const char*, const char*> kPhases[] = {
      {"detection", "from the event until it was received"},
      {"evaluation", "until the plan was decided"},
      {"response", "until the first effect was applied"},
      {"recovery", "until the last effect was applied"},
      {"confirmation", "until it was read back as it should be"}};
  std::string text = "\nHow long it took\n";
  int64_t total = 0;
  for (const auto& [name, meaning] : kPhases) {
    const auto found = story.phases.find(name);
    if (found == story.phases.end() || !found->is_number_integer()) continue;
    total += found->get<int64_t>();
    text += fmt::format("  {:<12}  {:>12}  {}\n", name, span_in_words(found->get<int64_t>()), meaning);
  }
  return text + fmt::format("  {:<12}  {:>12}\n", "together", span_in_words(total));
}

// ---- what was done and said
// ------------------------------------------------------------------------------------------

// What stands under a record's line.
std::string details_of(const Json& record) {
  std::string text;
  const auto detail = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) text += fmt::format("{:37}{} {}\n", "", what, value);
  };
  const auto requests = record.find("request_ids");
  if (requests != record.end() && requests->is_array()) {
    for (const Json& id : *requests) {
      if (id.is_string()) detail("request", printable(id.get<std::string>()));
    }
  }
  const auto figures = record.find("figures");
  if (figures != record.end() && figures->is_object() && !figures->empty())
    detail("judged by", text_at(record, "/figures"));
  const auto difference = record.find("details");
  if (difference != record.end() && !difference->empty()) detail("found", text_at(record, "/details"));
  return text;
}

std::string course(const Story& story) {
  std::string text = "\nWhat was done and said\n";
  for (const Json& record : story.records) {
    std::string at = text_at(record, "/at");  // 2026-01-31T10:51:00.123456Z
    if (at.size() >= 23) at = at.substr(0, 10) + " " + at.substr(11, 12);
    text += fmt::format("  {:<23}  {:>8}  {}\n", at, "#" + text_at(record, "/seq"), summary_of(record));
    text += details_of(record);
  }
  return text;
}

// ---- before and after
// ------------------------------------------------------------------------------------------------

std::string short_form(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool fits_a_line(const Json& value) {
  const std::string text = short_form(value);
  return text.size() <= kOneLine && text.find('\n') == std::string::npos;
}

// The value with `sign` before each of its lines.
std::string side(std::string_view sign, const std::optional<Json>& value) {
  if (!value) return "";
  std::string whole = fits_a_line(*value) || value->is_string()
                          ? short_form(*value)
                          : value->dump(2, ' ', false, Json::error_handler_t::replace);
  const bool cut = whole.size() > kValueMax;
  if (cut) whole.resize(kValueMax);
  std::string text;
  for (size_t begin = 0; begin <= whole.size();) {
    const size_t end = std::min(whole.find('\n', begin), whole.size());
    text += fmt::format("      {} {}\n", sign, printable(std::string_view(whole).substr(begin, end - begin)));
    begin = end + 1;
  }
  return cut ? text + fmt::format("      {} (cut here)\n", sign) : text;
}

std::string tell(const StateChange& change) {
  const std::string where = change.where.empty() ? "(all of it)" : printable(change.where);
  if (!change.before && !change.after) return "    " + where + "\n";
  if (change.before && change.after && fits_a_line(*change.before) && fits_a_line(*change.after)) {
    const std::string sides = printable(short_form(*change.before)) + " → " + printable(short_form(*change.after));
    if (sides.size() <= kOneLine) return fmt::format("    {}: {}\n", where, sides);
  }
  return "    " + where + "\n" + side("-", change.before) + side("+", change.after);
}

std::string changes(const Story& story) {
  std::string text;
  for (const StoryStep& step : story.steps) {
    if (step.before.is_null() && step.after.is_null()) continue;
    text += "  " + printable(step.action) + "\n";
    if (step.before.is_null() || step.after.is_null()) {
      text += step.after.is_null() ? "    observed before, not yet after\n" : "    observed after, not before\n";
    } else if (step.changes.empty()) {
      text += "    no difference\n";
    }
    for (const StateChange& change : step.changes) text += tell(change);
  }
  if (text.empty()) return "";
  if (story.state == "undone") text += "  All of it was taken back: the state before is restored.\n";
  return "\nBefore and after\n" + text;
}

}  // namespace

std::string to_text(const Story& story) {
  return head(story) + cause(story) + decision(story) + phases(story) + course(story) + changes(story);
}

}  // namespace kedge
