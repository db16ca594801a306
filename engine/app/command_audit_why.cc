// kedge audit why RULE: what a rule left alone in a span of time, and why. What is on record, what is only counted, and
// the single answers behind the counts, asked again about what the sources still have.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "app/command_audit.h"
#include "app/output.h"
#include "app/record_filter_options.h"
#include "app/why.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

using nlohmann::json;
using Verdict = ComparedHour::Verdict;

struct Arguments {
  std::string configuration;
  std::string rule;
  RecordFilterOptions times;
  std::string rules_directory;
  OutputFormat output = OutputFormat::table;
  std::string part;
  size_t limit = 100;
  bool all = false;

  bool asks_again() const { return part.empty() || part == "hours" || part == "answers"; }
};

// ---- telling -------------------------------------------------------------------------------------------------------

Listing versions_of(const WhyFindings& findings) {
  Listing listing{
      {{"since", "IN FORCE SINCE"}, {"version", "VERSION", 13}, {"mode", "MODE"}, {"asked", "ASKED AGAIN BY", 110}},
      {}};
  for (const RuleInForce& one : findings.history.versions) {
    const auto problem = findings.problems.find(one.version);
    const std::string asked = one.version.empty()                          ? "not loaded"
                              : problem != findings.problems.end()         ? problem->second
                              : findings.asked_today.contains(one.version) ? "the files of today"
                              : one.as_today                               ? "its bundle"
                                             : "its bundle; what it may call has changed since";
    listing.rows.push_back({format_time(one.since), one.version, one.mode, asked});
  }
  return listing;
}

Listing records_of(const WhyFindings& findings) {
  Listing listing{{{"what", "LEFT ALONE"},
                   {"guard", "GUARD"},
                   {"count", "COUNT"},
                   {"targets", "TARGETS"},
                   {"first", "FIRST"},
                   {"last", "LAST"},
                   {"why", "WHY", 110},
                   {"reasons", ""},
                   {"record", "RECORD"}},
                  {}};
  for (const LeftAlone& one : findings.records.left_alone) {
    const std::string why =
        one.reasons > 1 ? fmt::format("{} (and {} other reasons)", one.why, one.reasons - 1) : one.why;
    listing.rows.push_back({one.what, one.guard, one.count, one.targets, format_time(one.first), format_time(one.last),
                            why, one.reasons, one.record});
  }
  return listing;
}

Listing hours_of(const WhyFindings& findings) {
  Listing listing{{{"hour", "HOUR"},
                   {"answer", "ANSWER"},
                   {"counted", "COUNTED"},
                   {"asked_again", "ASKED AGAIN"},
                   {"verdict", ""},
                   {"why", "WHERE THEY DIFFER", 110}},
                  {}};
  for (const ComparedHour& one : findings.hours) {
    listing.rows.push_back(
        {format_time(one.hour), one.answer, one.counted, one.asked_again, to_string(one.verdict), one.why});
  }
  return listing;
}

Listing answers_of(const WhyFindings& findings, OutputFormat format) {
  Listing listing{{{"happened", "HAPPENED"},
                   {"event", "EVENT", 36},
                   {"actor", "ACTOR", 50},
                   {"target", "TARGET", 50},
                   {"answer", "ANSWER"},
                   {"why", "WHY", 110},
                   {"version", "VERSION", 13},
                   {"of_today", ""},
                   {"remediation", ""},
                   {"record", ""},
                   {"source", ""},
                   {"topic", ""},
                   {"partition", ""},
                   {"offset", ""},
                   {"index", ""}},
                  {}};
  const auto text = [&](const std::string& said) { return format == OutputFormat::table ? printable(said) : said; };
  for (const AnswerAgain& one : findings.answers) {
    listing.rows.push_back({one.happened, text(one.event), text(one.actor), text(one.target), one.answer, text(one.why),
                            one.of_today && format == OutputFormat::table ? "of today" : one.version, one.of_today,
                            one.remediation, one.record == 0 ? json() : json(one.record), one.partition.source,
                            one.partition.topic, one.partition.partition, one.offset, one.index});
  }
  return listing;
}

struct Part {
  const char* name;
  Listing (*make)(const WhyFindings&, OutputFormat);
  const char* nothing;
};
constexpr Part kParts[] = {
    {"versions", [](const WhyFindings& f, OutputFormat) { return versions_of(f); }, "no version was in force"},
    {"records", [](const WhyFindings& f, OutputFormat) { return records_of(f); },
     "nothing that was left alone is on record"},
    {"hours", [](const WhyFindings& f, OutputFormat) { return hours_of(f); },
     "nothing was counted, and nothing is there to ask about"},
    {"answers", answers_of, "no event was read again that the rule wanted"}};

std::string sum_in_words(const WhyFindings& findings) {
  std::string text = fmt::format("events read again: {}; the pattern matches {}", findings.events,
                                 findings.events - findings.unmatched - findings.unasked);
  if (findings.unasked > 0) text += fmt::format("; {} are of a version that cannot be asked", findings.unasked);
  if (findings.undecodable > 0) text += fmt::format("; messages that are no events: {}", findings.undecodable);
  return text;
}

void tell_more(const WhyFindings& findings, std::ostream& out) {
  if (findings.more > 0) out << fmt::format("and {} more (--limit)\n", findings.more);
}

// What is beside the rows of one part alone.
void print_part(const Part& part, const Arguments& arguments, const WhyFindings& findings, Shell& shell) {
  print(part.make(findings, arguments.output), arguments.output, part.nothing, shell.out);
  std::ostream& told = arguments.output == OutputFormat::table ? shell.out : shell.err;
  if (std::string_view(part.name) == "answers") tell_more(findings, told);
  for (const std::string& note : findings.notes) told << note << "\n";
}

void print_all(const Arguments& arguments, const TimeSpan& span, const WhyFindings& findings, std::ostream& out) {
  out << fmt::format("{} from {} to {}\n", arguments.rule, format_time(span.from), format_time(span.to));
  for (const Part& part : kParts) {
    out << "\n";
    print(part.make(findings, OutputFormat::table), OutputFormat::table, part.nothing, out);
  }
  tell_more(findings, out);
  out << "\n" << sum_in_words(findings) << "\n";
  for (const std::string& note : findings.notes) out << note << "\n";
}

json rows_of(const Listing& listing) {
  json rows = json::array();
  for (const auto& row : listing.rows) {
    json object = json::object();
    for (size_t i = 0; i < row.size(); ++i) object[listing.columns[i].name] = row[i];
    rows.push_back(std::move(object));
  }
  return rows;
}

void print_document(const Arguments& arguments, const TimeSpan& span, const WhyFindings& findings, std::ostream& out) {
  json document = {{"rule", arguments.rule},
                   {"from", format_time(span.from)},
                   {"to", format_time(span.to)},
                   {"events", findings.events},
                   {"unmatched", findings.unmatched},
                   {"unasked", findings.unasked},
                   {"undecodable", findings.undecodable},
                   {"more", findings.more},
                   {"notes", findings.notes}};
  for (const Part& part : kParts) document[part.name] = rows_of(part.make(findings, OutputFormat::json));
  out << document.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
}

// ---- the command ---------------------------------------------------------------------------------------------------

void why(const Arguments& arguments, Shell& shell) {
  const auto filter = read_filter(arguments.times);
  if (!filter) return shell.fail(kUsedWrongly, filter.error().message);
  const Time now = SystemClock().now();
  const TimeSpan span{filter->from.value_or(Time()), filter->to.value_or(now)};
  if (span.from >= span.to) return shell.fail(kUsedWrongly, "--from " + arguments.times.from + " is in the future");
  if (arguments.part.empty() && arguments.output == OutputFormat::csv) {
    return shell.fail(kUsedWrongly, "--output csv is one table: say which, --part versions, records, hours or answers");
  }
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const WhyQuestion question{
      arguments.rule, span, now, arguments.asks_again(), arguments.limit, arguments.all, arguments.rules_directory};
  WhyFindings findings;
  if (!find_why(question, *reader, shell, findings)) return;
  const bool differs = std::any_of(findings.hours.begin(), findings.hours.end(),
                                   [](const ComparedHour& one) { return one.verdict == Verdict::differs; });
  if (differs && shell.exit_code == kGood) shell.exit_code = kFoundWrong;
  for (const Part& part : kParts) {
    if (arguments.part == part.name) return print_part(part, arguments, findings, shell);
  }
  if (arguments.output == OutputFormat::json) return print_document(arguments, span, findings, shell.out);
  print_all(arguments, span, findings, shell.out);
}

}  // namespace

void add_audit_why(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      audit.add_subcommand("why", "what a rule left alone in a span of time, and why: single answers, asked again");
  add_configuration_option(*command, arguments->configuration);
  add_output_option(*command, arguments->output);
  command->add_option("RULE", arguments->rule, "the rule's id, as it was then")->required();
  add_time_options(*command, arguments->times);
  command->get_option("--from")->required();
  command->add_option("--limit", arguments->limit, "the oldest so many single answers (100)");
  command->add_flag("--all", arguments->all, "also single answers about events that the pattern does not match");
  command
      ->add_option("--part", arguments->part,
                   "one table alone: versions and records, which need no broker, or hours or answers")
      ->check(one_of({"versions", "records", "hours", "answers"}))
      ->type_name("WHAT");
  command
      ->add_option("--rules", arguments->rules_directory,
                   "a directory of rules, to be asked where the files of a version are not kept any more")
      ->type_name("DIR");
  command->callback([arguments, &shell] { why(*arguments, shell); });
}

}  // namespace kedge
