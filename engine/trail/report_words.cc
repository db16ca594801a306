#include "trail/report_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/time.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

bool is_kind(const Json& record, std::string_view kind) { return raw_text_at(record, "/kind") == kind; }

int64_t phase(const Story& story, const char* name) {
  if (!story.phases.is_object()) return 0;
  const auto found = story.phases.find(name);
  return found != story.phases.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

void add(Line& line, std::string_view before, const std::string& text) {
  if (text.empty()) return;
  line.push_back(plain(std::string(before)));
  line.push_back(value(text));
}

// ---- the parts of what is told
// ---------------------------------------------------------------------------------------

Line of_the_change(const Story& story) {
  const Json& plan = story.plan;
  const std::string happened = raw_text_at(plan, "/times/happened");
  const std::string principal = raw_text_at(plan, "/event/principal");
  Line line;
  if (!happened.empty()) line.push_back(plain(fmt::format("At {} UTC ", clock_words(happened))));
  if (principal.empty()) {
    line.push_back(plain(line.empty() ? "Somebody" : "somebody"));
    line.push_back(plain(", of whom the event does not tell, changed "));
  } else {
    line.push_back(value(principal));
    line.push_back(plain(" changed "));
  }
  line.push_back(value(raw_text_at(plan, "/target")));
  add(line, " by ", event_name(story));
  add(line, ", from ", raw_text_at(plan, "/event/address"));
  add(line, ", with ", raw_text_at(plan, "/event/agent"));
  add(line, ", in the session ", raw_text_at(plan, "/event/session"));
  line.push_back(plain("."));
  return line;
}

// No time of the event is not the same as none between it and us.
std::string heard_of_it(const Story& story) {
  const std::string happened = raw_text_at(story.plan, "/times/happened");
  const std::string received = raw_text_at(story.plan, "/times/received");
  if (received.empty()) return "When kedge heard of it is not on record.";
  if (happened.empty()) {
    return fmt::format("kedge heard of it at {} UTC; when it happened the event does not tell.", clock_words(received));
  }
  const auto after = span_between(happened, received);
  if (after == 0) return "kedge heard of it at the same moment.";
  if (after && *after > 0) return fmt::format("kedge heard of it {} later.", span_in_words(*after));
  return fmt::format("kedge heard of it at {} UTC.", clock_words(received));
}

Line of_the_finding(const Story& story) {
  Line line;
  if (raw_text_at(story.plan, "/origin") == "reconcile") {
    line.push_back(
        plain("kedge looked at it again by itself, and it was no longer as it had been confirmed. The rule "));
  } else {
    line.push_back(plain(heard_of_it(story) + " The rule "));
  }
  line.push_back(value(raw_text_at(story.plan, "/rule/id")));
  line.push_back(plain(" found: "));
  line.push_back(strong(raw_text_at(story.plan, "/policy/title")));
  line.push_back(plain(fmt::format(" (severity {}, mode {}).", raw_text_at(story.plan, "/policy/severity"),
                                   raw_text_at(story.plan, "/policy/mode"))));
  return line;
}

// A hold and what a person said to it, one line each.
void add_what_stood_in_the_way(const Story& story, std::vector<Line>& lines) {
  for (const Json& record : story.records) {
    const std::string actor = raw_text_at(record, "/actor");
    if (is_kind(record, "hold")) {
      lines.push_back({plain("The guard "), value(raw_text_at(record, "/guard")),
                       plain(raw_text_at(record, "/to") == "held" ? " held it: " : " let it wait: "),
                       plain(raw_text_at(record, "/reason"))});
    } else if (is_kind(record, "approval") && !actor.empty() && raw_text_at(record, "/cause").empty()) {
      Line line = {value(actor), plain(" approved it")};
      if (const std::string why = raw_text_at(record, "/reason"); !why.empty()) line.push_back(plain(": " + why));
      lines.push_back(std::move(line));
    }
  }
}

std::string last_reason(const Story& story) {
  for (auto record = story.records.rbegin(); record != story.records.rend(); ++record) {
    if (!record->contains("to")) continue;
    const std::string reason = raw_text_at(*record, "/reason");
    return reason.empty() ? raw_text_at(*record, "/message") : reason;
  }
  return "";
}

std::string of_the_confirmation(const Story& story) {
  const int64_t calls = calls_sent(story);
  if (calls == 0) return "When kedge looked, all was as it should be already: nothing was done.";
  const int64_t applied = span_until_applied(story);
  return fmt::format("It was put right by {} call{}{}, and then read back as it should be{}.", calls,
                     calls == 1 ? "" : "s",
                     applied > 0 ? fmt::format(", {} after the change", span_in_words(applied)) : "",
                     whole_span(story) > 0 ? fmt::format(", {} after it", span_in_words(whole_span(story))) : "");
}

Line of_the_end(const Story& story) {
  if (story.state == "confirmed") return {plain(of_the_confirmation(story))};
  Line line = {plain("It stands at "), strong(story.state), plain(end_in_words(story.state))};
  if (const std::string reason = last_reason(story); !reason.empty())
    line.push_back(plain(". The last word: " + reason));
  return line;
}

}  // namespace

std::string clock_words(const std::string& time) {  // 2026-01-31T10:51:00.123456Z
  if (!parse_time(time) || time.size() < 23 || time[10] != 'T') return time;
  return time.substr(0, 10) + " " + time.substr(11, 12);
}

std::optional<int64_t> span_between(const std::string& from, const std::string& to) {
  const auto begin = parse_time(from);
  const auto end = parse_time(to);
  if (!begin || !end) return std::nullopt;
  return (*end - *begin).count();
}

int64_t span_until_applied(const Story& story) {
  if (!story.phases.is_object() || !story.phases.contains("response")) return 0;
  return whole_span(story) - phase(story, "confirmation");
}

int64_t whole_span(const Story& story) {
  int64_t sum = 0;
  for (const Phase& one : phases_in_order()) sum += phase(story, one.name);
  return sum;
}

int64_t calls_sent(const Story& story) {
  int64_t calls = 0;
  for (const StoryStep& step : story.steps) calls += step.writes;
  return calls;
}

std::string event_name(const Story& story) {
  const std::string name = raw_text_at(story.event, "/detail/eventName");
  return name.empty() ? raw_text_at(story.event, "/detail-type") : name;
}

std::vector<Line> told(const Story& story) {
  std::vector<Line> lines;
  if (story.plan.is_null()) {
    lines.push_back({plain("The record that opened "), value(story.remediation),
                     plain(" is no longer kept: how it began is not known here.")});
  } else {
    lines.push_back(of_the_change(story));
    lines.push_back(of_the_finding(story));
  }
  add_what_stood_in_the_way(story, lines);
  lines.push_back(of_the_end(story));
  return lines;
}

Standing standing(const Story& story) {
  if (story.state == "confirmed") return Standing::right;
  const bool over = story.state == "unconfirmed" || story.state == "failed" || story.state == "refused" ||
                    story.state == "cancelled" || story.state == "expired" || story.state == "superseded" ||
                    story.state == "announced" || story.state == "undone";
  return over ? Standing::unknown : Standing::open;
}

std::string end_in_words(const std::string& state) {
  static const std::map<std::string, std::string> kWords = {
      {"confirmed", ": read back as it should be"},
      {"unconfirmed", ": what was to be done was done, but it was not read back as it should be in time"},
      {"failed", ": it could not be put right"},
      {"refused", ": nothing was done, a guard forbade it"},
      {"cancelled", ": a person said no"},
      {"expired", ": nobody said yes in time, and nothing was done"},
      {"superseded", ": a newer plan took its place"},
      {"announced", ": people were told, nothing was to be done"},
      {"undone", ": the state before was restored"},
      {"held", ": it waits for a person"},
      {"waiting", ": it waits for its time"},
      {"isolated", ": the target is isolated, and that stands"},
  };
  const auto words = kWords.find(state);
  return words == kWords.end() ? "" : words->second;
}

}  // namespace kedge
