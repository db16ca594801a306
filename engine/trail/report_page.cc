// What the document says, section by section. Where the record knows something it stands here; where only people know
// it, a place for them does.
#include "trail/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"
#include "trail/report_words.h"

namespace kedge {
namespace {

constexpr size_t kRuleLines = 200;      // of a rule's file
constexpr size_t kDifferenceMax = 200;  // lines of one step's difference

std::string at(const Json& record, const char* pointer) { return raw_text_at(record, pointer); }
bool is_kind(const Json& record, std::string_view kind) { return at(record, "/kind") == kind; }
Line words(std::string text) { return {plain(std::move(text))}; }
Line name(std::string text) { return {value(std::move(text))}; }
std::string number_of(const Json& record) { return "#" + at(record, "/seq"); }

template <class Visit>
void each_record(const Report& report, Visit&& visit) {
  for (const Story& story : report.stories) {
    for (const Json& record : story.records) visit(story, record);
  }
}

std::set<std::string> all(const Report& report, const char* pointer) {
  std::set<std::string> found;
  each_record(report, [&](const Story&, const Json& record) {
    if (std::string text = at(record, pointer); !text.empty()) found.insert(std::move(text));
  });
  return found;
}

std::string first_happened(const Report& report) {
  std::string first;
  each_record(report, [&](const Story&, const Json& record) {
    const std::string happened = at(record, "/times/happened");
    if (!happened.empty() && (first.empty() || happened < first)) first = happened;
  });
  return first;
}

void add_table(PageSection& section, Table table) {
  if (!table.rows.empty()) section.blocks.emplace_back(std::move(table));
}

// ---- what happened
// ---------------------------------------------------------------------------------------------------

struct Moment {
  std::string at;
  const Story* story;
  std::string what;
  std::string record;
};

// What is known of each event, and all records.
std::vector<Moment> moments_of(const Report& report) {
  std::vector<Moment> moments;
  each_record(report, [&](const Story& story, const Json& record) {
    if (is_kind(record, "plan") && at(record, "/origin") != "reconcile") {
      const std::string by = at(record, "/event/principal");
      const std::string happened = at(record, "/times/happened");
      const std::string received = at(record, "/times/received");
      if (!happened.empty()) moments.push_back({happened, &story, "the change" + (by.empty() ? "" : " by " + by), ""});
      if (!received.empty()) moments.push_back({received, &story, "kedge received the event of it", ""});
    }
    moments.push_back({at(record, "/at"), &story, summary_of(record), number_of(record)});
  });
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.at < b.at; });
  return moments;
}

Table timeline(const Report& report) {
  const bool several = report.stories.size() > 1;
  Table table{"Timeline, in UTC", {{"Time"}, {"Since the start", true}, {"What"}, {"Record"}}, {}};
  if (several) table.columns.push_back({"Target"});
  const std::vector<Moment> moments = moments_of(report);
  for (const Moment& one : moments) {
    const auto since = span_between(moments.front().at, one.at);
    table.rows.push_back(
        {words(clock_words(one.at)), words(since ? span_in_words(*since) : ""), words(one.what), words(one.record)});
    if (several) table.rows.back().push_back(name(at(one.story->plan, "/target")));
  }
  return table;
}

PageSection what_happened(const Report& report) {
  PageSection section{2, "What happened", {}};
  for (const Story& story : report.stories) {
    if (report.stories.size() > 1) section.blocks.emplace_back(Paragraph{{strong(at(story.plan, "/target"))}});
    for (const Line& line : told(story)) section.blocks.emplace_back(Paragraph{line});
  }
  section.blocks.emplace_back(ForPeople{
      "the story in the words of those who were there: who noticed what first, and by what; what they took it "
      "for; what they did besides kedge, and when"});
  add_table(section, timeline(report));
  return section;
}

// ---- data
// ------------------------------------------------------------------------------------------------------------

Table facts_of(const Story& story) {
  const Json& plan = story.plan;
  Table table{"Facts of " + story.remediation, {{"What"}, {"Value"}}, {}};
  const auto add = [&](const char* what, const std::string& text) {
    if (!text.empty()) table.rows.push_back({words(what), name(text)});
  };
  add("remediation", story.remediation);
  add("state", story.state);
  add("target", at(plan, "/target"));
  add("rule", at(plan, "/rule/id"));
  add("version of the rule", at(plan, "/rule/version"));
  add("mode", at(plan, "/policy/mode"));
  add("severity", at(plan, "/policy/severity"));
  add("event", event_name(story));
  add("event's id", at(plan, "/event/id"));
  add("principal", at(plan, "/event/principal"));
  add("session", at(plan, "/event/session"));
  add("agent", at(plan, "/event/agent"));
  add("address", at(plan, "/event/address"));
  add("account", at(plan, "/event/account"));
  add("request", at(plan, "/event/request_id"));
  add("happened", at(plan, "/times/happened"));
  add("received", at(plan, "/times/received"));
  add("decided", at(plan, "/times/decided"));
  if (!at(plan, "/event/partition/topic").empty()) {
    add("read from", fmt::format("{}, topic {}[{}], offset {}", at(plan, "/event/partition/source"),
                                 at(plan, "/event/partition/topic"), at(plan, "/event/partition/partition"),
                                 at(plan, "/event/offset")));
  }
  add("plan's SHA-256", at(plan, "/plan_sha256"));
  return table;
}

void add_phases(PageSection& section, const Story& story) {
  PhaseChart chart = chart_of_phases(story.phases);
  if (chart.rows.empty()) return;
  Table table{"The five phases", {{"Phase"}, {"Took", true}, {"Meaning"}}, {}};
  for (const PhaseChart::Row& row : chart.rows) {
    table.rows.push_back({words(row.name), words(row.note), words(phases_in_order()[row.bars[0].phase].meaning)});
  }
  table.rows.push_back({words("together"), words(span_in_words(whole_span(story))), {}});
  section.blocks.emplace_back(std::move(chart));
  section.blocks.emplace_back(std::move(table));
}

Table steps_of(const Story& story) {
  Table table{"The plan, and what came of it",
              {{"Action"}, {"Arguments"}, {"Attempts", true}, {"Calls sent", true}, {"Result"}},
              {}};
  for (const StoryStep& step : story.steps) {
    const std::string args = step.args.is_null() ? "" : step.args.dump(-1, ' ', false, Json::error_handler_t::replace);
    table.rows.push_back({name(step.action), name(args), words(std::to_string(step.attempts)),
                          words(std::to_string(step.writes)),
                          words(step.result.empty() ? "not attempted" : step.result)});
  }
  return table;
}

void add_side(std::vector<DifferenceLines::One>& lines, char sign, const std::optional<Json>& side) {
  if (!side) return;
  const std::string text =
      side->is_string() ? side->get<std::string>() : side->dump(2, ' ', false, Json::error_handler_t::replace);
  for (size_t begin = 0; begin <= text.size() && lines.size() < kDifferenceMax;) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back({sign, text.substr(begin, end - begin)});
    begin = end + 1;
  }
}

void add_differences(PageSection& section, const Story& story) {
  for (const StoryStep& step : story.steps) {
    if (step.changes.empty()) continue;
    DifferenceLines difference{"Before (-) and after (+): " + step.action, {}};
    for (const StateChange& change : step.changes) {
      if (difference.lines.size() >= kDifferenceMax) break;
      difference.lines.push_back({' ', change.where.empty() ? "(all of it)" : change.where});
      add_side(difference.lines, '-', change.before);
      add_side(difference.lines, '+', change.after);
    }
    if (difference.lines.size() >= kDifferenceMax) difference.lines.push_back({' ', "(cut here)"});
    section.blocks.emplace_back(std::move(difference));
  }
}

Table notices_of(const Story& story) {
  Table table{"Who was told", {{"Channel"}, {"Of what"}, {"Delivered"}, {"At"}}, {}};
  for (const Json& record : story.records) {
    if (!is_kind(record, "notice")) continue;
    const bool delivered = at(record, "/delivered") == "true";
    table.rows.push_back({name(at(record, "/channel")), words(at(record, "/type")),
                          words(delivered ? "yes" : "no: " + at(record, "/error")),
                          words(clock_words(at(record, "/at")))});
  }
  return table;
}

PageSection data_of(const Story& story) {
  const std::string target = at(story.plan, "/target");
  PageSection section{3, target.empty() ? story.remediation : target, {}};
  add_phases(section, story);
  add_table(section, facts_of(story));
  add_table(section, steps_of(story));
  add_differences(section, story);
  add_table(section, notices_of(story));
  return section;
}

// ---- impact
// ----------------------------------------------------------------------------------------------------------

Line exposure(const Story& story) {
  Line line = {value(at(story.plan, "/target")), plain(": ")};
  const int64_t applied = span_until_applied(story);
  switch (standing(story)) {
    case Standing::right:
      line.push_back(plain(applied > 0 ? fmt::format("as the rule found it for {}; then put right, and proven {} after "
                                                     "the change.",
                                                     span_in_words(applied), span_in_words(whole_span(story)))
                                       : "when kedge looked, it was as it should be already."));
      break;
    case Standing::open:
      line.push_back(strong("not over"));
      line.push_back(plain(": it may be as the rule found it to this day (" + story.state + ")."));
      break;
    case Standing::unknown:
      line.push_back(strong("not proven"));
      line.push_back(plain(": it may be as the rule found it to this day (" + story.state + ")."));
  }
  return line;
}

PageSection impact(const Report& report) {
  PageSection section{2, "Impact", {}};
  Bullets targets;
  for (const Story& story : report.stories) targets.items.push_back(exposure(story));
  section.blocks.emplace_back(std::move(targets));
  const std::string from = clock_words(first_happened(report));
  section.blocks.emplace_back(ForPeople{fmt::format(
      "what was used while it was so{}: reads, writes and sign-ins in the access logs of the targets, and by whom",
      from.empty() ? "" : " (from " + from + " UTC on)")});
  section.blocks.emplace_back(
      ForPeople{"which customers, data and services that concerned, how many, and for how long"});
  section.blocks.emplace_back(ForPeople{"what the remediation itself disturbed: who or what needed what it took away"});
  return section;
}

// ---- contributing factors
// --------------------------------------------------------------------------------------------

Table who(const Report& report) {
  Table table{"Who caused it", {{"Principal"}, {"Session"}, {"Agent"}, {"Address"}, {"Event"}}, {}};
  each_record(report, [&](const Story&, const Json& record) {
    if (!is_kind(record, "plan")) return;
    std::vector<Line> row;
    for (const char* pointer : {"/event/principal", "/event/session", "/event/agent", "/event/address", "/event/id"}) {
      row.push_back(name(at(record, pointer)));
    }
    const bool tells = std::any_of(row.begin(), row.end() - 1, [](const Line& one) { return !one[0].text.empty(); });
    if (tells) table.rows.push_back(std::move(row));
  });
  return table;
}

void add_who(PageSection& section, const Report& report) {
  Table table = who(report);
  if (!table.rows.empty()) return add_table(section, std::move(table));
  const bool kept = std::any_of(report.stories.begin(), report.stories.end(),
                                [](const Story& story) { return !story.plan.is_null(); });
  section.blocks.emplace_back(Paragraph{words(
      kept ? "No event tells who caused it." : "Who caused it is not known here: that record is no longer kept.")});
}

// What is known of them where nothing was found.
std::string nothing_else_by_them(const Report& report, const std::string& window) {
  if (all(report, "/event/principal").empty()) {
    return "What else the same principals did cannot be told: no event names one.";
  }
  return fmt::format(
      "No rule found anything else that the same principals did, from {} before the change to {} after the last "
      "record.",
      window, window);
}

Table people(const Report& report) {
  Table table{"Who had a say", {{"Who"}, {"What"}, {"Why"}, {"At"}, {"Record"}}, {}};
  each_record(report, [&](const Story&, const Json& record) {
    const std::string actor = at(record, "/actor");
    if (!actor.empty()) {
      table.rows.push_back({name(actor), words(at(record, "/kind")), words(at(record, "/reason")),
                            words(clock_words(at(record, "/at"))), words(number_of(record))});
    }
  });
  return table;
}

// How long it stood at this record: until the next one that moved it.
std::string stood_for(const Story& story, const Json& record) {
  const auto seq = record.value("seq", int64_t{0});
  for (const Json& later : story.records) {
    if (later.value("seq", int64_t{0}) <= seq || !later.contains("to")) continue;
    const auto span = span_between(at(record, "/at"), at(later, "/at"));
    return span ? span_in_words(*span) : "";
  }
  return "";
}

Table guards(const Report& report) {
  Table table{
      "What the guards said", {{"Guard"}, {"What"}, {"Why"}, {"Judged by"}, {"Stood for", true}, {"Record"}}, {}};
  each_record(report, [&](const Story& story, const Json& record) {
    const std::string guard = at(record, "/guard");
    if (guard.empty()) return;
    table.rows.push_back({name(guard), words(at(record, "/kind")), words(at(record, "/reason")),
                          name(at(record, "/figures")), words(stood_for(story, record)), words(number_of(record))});
  });
  return table;
}

Table opponents(const Report& report) {
  Table table{"Who changes it back", {{"Principal"}, {"Tool"}, {"Agent"}, {"Times", true}}, {}};
  std::set<std::string> told_of;
  each_record(report, [&](const Story&, const Json& record) {
    const Json::json_pointer where("/figures/opponents");
    if (!record.contains(where) || !record.at(where).is_array()) return;
    for (const Json& one : record.at(where)) {
      if (!told_of.insert(one.dump(-1, ' ', false, Json::error_handler_t::replace)).second) continue;
      table.rows.push_back(
          {name(at(one, "/principal")), words(at(one, "/tool")), name(at(one, "/agent")), words(at(one, "/times"))});
    }
  });
  return table;
}

Table failed_attempts(const Report& report) {
  Table table{
      "Attempts that did not work", {{"Action"}, {"Attempt", true}, {"Result"}, {"Code"}, {"Message"}, {"At"}}, {}};
  each_record(report, [&](const Story&, const Json& record) {
    const std::string result = at(record, "/result");
    if (result.empty() || result == "applied" || result == "already") return;
    table.rows.push_back({name(at(record, "/action")), words(at(record, "/attempt")), words(result),
                          name(at(record, "/code")), words(at(record, "/message")),
                          words(clock_words(at(record, "/at")))});
  });
  return table;
}

Table beside(const std::string& caption, const BesideRecords& records) {
  Table table{caption, {{"Time"}, {"Rule"}, {"Target"}, {"What"}, {"State"}, {"Record"}}, {}};
  for (const BesideRecord& one : records.rows) {
    table.rows.push_back({words(clock_words(one.at)), name(one.rule), name(one.target), words(one.summary),
                          words(one.state), words("#" + std::to_string(one.seq))});
  }
  return table;
}

void add_beside(PageSection& section, const std::string& caption, const BesideRecords& records) {
  add_table(section, beside(caption, records));
  if (records.left_out > 0) {
    section.blocks.emplace_back(Paragraph{words(fmt::format("And {} more, not shown here.", records.left_out))});
  }
}

PageSection contributing_factors(const Report& report) {
  PageSection section{2, "Contributing factors", {}};
  add_who(section, report);
  add_table(section, guards(report));
  add_table(section, opponents(report));
  add_table(section, failed_attempts(report));
  add_table(section, people(report));
  add_beside(section, "Left alone meanwhile, on the same targets", report.left_alone);
  const std::string window = format_duration(report.bounds.around);
  add_beside(section, fmt::format("What else the same principals did, {} before to {} after", window, window),
             report.same_actor);
  if (report.same_actor.rows.empty()) {
    section.blocks.emplace_back(Paragraph{words(nothing_else_by_them(report, window))});
  }
  section.blocks.emplace_back(ForPeople{"why could this change be made? (first why)"});
  for (const char* ordinal : {"second", "third", "fourth", "fifth"}) {
    section.blocks.emplace_back(ForPeople{fmt::format("and why was that so? ({} why)", ordinal)});
  }
  return section;
}

// ---- what was learned
// ------------------------------------------------------------------------------------------------

Table ends(const Report& report) {
  Table table{"How other remediations of these rules ended", {{"Rule"}, {"State"}, {"How many", true}}, {}};
  for (const auto& [rule, states] : report.ends) {
    for (const auto& [state, number] : states) {
      table.rows.push_back({name(rule), words(state), words(std::to_string(number))});
    }
  }
  return table;
}

PageSection learned(const Report& report) {
  PageSection section{2, "What was learned", {}};
  if (report.ends.empty() && report.same_target.rows.empty()) {
    section.blocks.emplace_back(
        Paragraph{words("The record has no other remediation of these rules or these targets.")});
  }
  add_table(section, ends(report));
  add_beside(section, "Other remediations of the same targets", report.same_target);
  add_beside(section, "Other remediations by the same rules, of other targets", report.same_rule);
  for (const char* ask : {"what went well", "what went badly, or took longer than it should",
                          "where there was luck: what would have made it worse",
                          "how it would have been noticed without kedge, and when"}) {
    section.blocks.emplace_back(ForPeople{ask});
  }
  return section;
}

// ---- how to prevent it
// -----------------------------------------------------------------------------------------------

// What the record gives to think about.
Bullets hints(const Report& report) {
  Bullets hints;
  const auto add = [&](std::string text) { hints.items.push_back(words(std::move(text))); };
  const size_t again = report.same_target.rows.size() + report.same_target.left_out;
  if (again > 0) {
    add(fmt::format(
        "The same targets had {} other remediation{} in the time looked at: what makes the change is still there.",
        again, again == 1 ? "" : "s"));
  }
  if (!opponents(report).rows.empty()) {
    add("Somebody changes it back each time it is put right: mend it where they keep it, or it will come back.");
  }
  for (const Story& story : report.stories) {
    for (const Json& record : story.records) {
      if (!is_kind(record, "hold")) continue;
      add(fmt::format("{} stood for {} by the guard {}: ask whether it had to.", at(record, "/target"),
                      stood_for(story, record).empty() ? "as long as this record goes" : stood_for(story, record),
                      at(record, "/guard")));
    }
    if (standing(story) != Standing::right)
      add(at(story.plan, "/target") + " is not proven to be right: look at it first.");
  }
  return hints;
}

PageSection prevention(const Report& report) {
  PageSection section{2, "How to prevent it", {}};
  if (Bullets given = hints(report); !given.items.empty()) {
    section.blocks.emplace_back(Paragraph{words("What the record suggests looking at:")});
    section.blocks.emplace_back(std::move(given));
  }
  section.blocks.emplace_back(ForPeople{"what makes this change impossible, or harmless, the next time"});
  Table actions{"Action items, each with an owner and a date", {{"Action"}, {"Kind"}, {"Owner"}, {"Due"}}, {}};
  for (const char* kind : {"prevent", "notice sooner", "limit the damage"}) {
    actions.rows.push_back({words("[to be written]"), words(kind), words("[who]"), words("[when]")});
  }
  section.blocks.emplace_back(std::move(actions));
  return section;
}

// ---- where it comes from
// ---------------------------------------------------------------------------------------------

PageSection origin(const Report& report) {
  PageSection section{2, "Where this comes from", {}};
  Line line = {plain("Made by kedge at "), plain(clock_words(format_time(report.made))), plain(" UTC from the ledger "),
               value(report.ledger), plain(fmt::format(", whose last record was then #{}.", report.head))};
  section.blocks.emplace_back(Paragraph{std::move(line)});
  std::string reach = fmt::format("Beside the incident's own records, those of up to {} before it were looked at",
                                  format_duration(report.bounds.past));
  reach += report.read_back_to.empty() ? "; there are none."
                                       : fmt::format(", back to {} UTC.", clock_words(report.read_back_to));
  section.blocks.emplace_back(Paragraph{words(reach)});
  if (report.stopped_early) {
    section.blocks.emplace_back(Paragraph{
        {strong(fmt::format("The search ended at its limit of {} records: what is older than that is not counted here.",
                            report.bounds.records_max))}});
  }
  for (const Story& story : report.stories) {
    section.blocks.emplace_back(
        Paragraph{{plain("Its records, as they are: "), value("kedge audit show " + story.remediation)}});
  }
  return section;
}

// The file that declares the rule, as it was when it decided.
void add_rule(PageSection& section, const std::string& rule, const std::map<std::string, std::string>& files) {
  for (const auto& [path, text] : files) {
    if (text.find('"' + rule + '"') == std::string::npos || !path.ends_with(".lua")) continue;
    FileText file{fmt::format("The rule {} as it was: {}", rule, path), {}};
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      if (file.lines.size() == kRuleLines) {
        file.lines.emplace_back("-- (cut here)");
        break;
      }
      file.lines.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    section.blocks.emplace_back(std::move(file));
    return;
  }
}

PageSection rules(const Report& report) {
  PageSection section{3, "Rules", {}};
  std::set<std::string> shown;
  for (const Story& story : report.stories) {
    const std::string rule = at(story.plan, "/rule/id");
    const std::string version = at(story.plan, "/rule/version");
    if (rule.empty() || !shown.insert(rule + version).second) continue;
    const auto files = report.rule_files.find(version);
    if (files != report.rule_files.end()) {
      add_rule(section, rule, files->second);
    } else {
      section.blocks.emplace_back(Paragraph{
          {plain("The files of "), value(rule), plain(", version "), value(version), plain(", are no longer kept.")}});
    }
  }
  return section;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& one : names) text += (text.empty() ? "" : ", ") + one;
  return text;
}

Table overview(const Report& report) {
  Table table{"The incident",
              {{"Remediation"}, {"Target"}, {"Rule"}, {"Severity"}, {"State"}, {"From change to proof", true}},
              {}};
  for (const Story& story : report.stories) {
    const int64_t span = whole_span(story);
    table.rows.push_back({name(story.remediation), name(at(story.plan, "/target")), name(at(story.plan, "/rule/id")),
                          words(at(story.plan, "/policy/severity")), words(story.state),
                          words(story.state == "confirmed" && span > 0 ? span_in_words(span) : "")});
  }
  return table;
}

}  // namespace

ReportPage page_of(const Report& report) {
  ReportPage page;
  const std::set<std::string> titles = all(report, "/policy/title");
  page.title = "Correction of errors" + (titles.empty() ? "" : ": " + joined(titles));
  page.head.emplace_back(Paragraph{
      words("What kedge's record knows of this incident is filled in. What only people can say has a marked place.")});
  page.head.emplace_back(overview(report));
  page.sections.push_back(what_happened(report));
  page.sections.push_back({2, "Data", {}});
  for (const Story& story : report.stories) page.sections.push_back(data_of(story));
  page.sections.push_back(impact(report));
  page.sections.push_back(contributing_factors(report));
  page.sections.push_back(learned(report));
  page.sections.push_back(prevention(report));
  page.sections.push_back(origin(report));
  if (PageSection shown = rules(report); !shown.blocks.empty()) page.sections.push_back(std::move(shown));
  return page;
}

}  // namespace kedge
