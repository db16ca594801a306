// kedge audit why RULE: what a rule left alone in a span of time, and why. What is on record, what is only counted, and
// the single answers behind the counts, asked again about what the sources still have.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "app/asking_again.h"
#include "app/command_audit.h"
#include "app/output.h"
#include "app/record_filter_options.h"
#include "app/rule_directory.h"
#include "app/trail_search.h"
#include "base/nearest.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

using nlohmann::json;
using std::chrono::hours;
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

// What there is to tell.
struct Findings {
  RuleHistory history;
  RuleRecords records;
  std::map<std::string, std::string> problems;  // of versions that cannot be asked
  std::set<std::string> asked_today;            // versions for which the files of today were asked
  std::vector<ComparedHour> hours;
  std::vector<AnswerAgain> answers;
  int64_t more = 0;
  int64_t events = 0, unmatched = 0, undecodable = 0, unasked = 0;
  std::vector<std::string> notes;  // in words, for people
};

Time hour_of(Time time) { return std::chrono::floor<hours>(time); }

// ---- gathering -----------------------------------------------------------------------------------------------------

// One question to one ledger.
class Gathering {
 public:
  Gathering(const Arguments& arguments, TimeSpan span, Time now, const OpenedReader& reader, Shell& shell)
      : arguments_(arguments), span_(span), now_(now), reader_(reader), shell_(shell) {}

  // False: it was told on the shell what is wrong.
  bool gather(Findings& findings) {
    const auto done = look_at_records(findings);
    if (!done) return shell_.fail(done.error()), false;
    if (!findings.history.known.contains(arguments_.rule)) return tell_unknown_rule(findings), false;
    if (!arguments_.asks_again()) return true;
    const auto rules = load_what_rules_need();
    if (!rules) return false;
    return compare_with_sources(*rules, findings);
  }

 private:
  Result<void> look_at_records(Findings& findings) {
    TrailSearch search(reader_, shell_);
    auto history = rule_history(*search, *reader_.ledger, arguments_.rule, span_.from, span_.to, digest_of_rules);
    if (!history) return history.error();
    findings.history = *std::move(history);
    auto records = rule_records(*search, arguments_.rule, span_.from, span_.to);
    if (!records) return records.error();
    findings.records = *std::move(records);
    auto remarks = remarks_of(*search, arguments_.rule, span_.from, span_.to);
    if (!remarks) return remarks.error();
    remarks_ = *std::move(remarks);
    return {};
  }

  void tell_unknown_rule(const Findings& findings) {
    const std::vector<std::string_view> known(findings.history.known.begin(), findings.history.known.end());
    shell_.fail(kUsedWrongly,
                fmt::format("no rule '{}' was ever loaded{}", arguments_.rule, did_you_mean(arguments_.rule, known)));
  }

  // The actions and functions that rules of any time are loaded with, and today's rules where they are asked for.
  struct RulesNeed {
    std::unique_ptr<EngineRoom> room;
    std::optional<RulesToLookAt> today;
  };
  std::optional<RulesNeed> load_what_rules_need() {
    RulesNeed need;
    auto room = open_engine_room(reader_.configuration, shell_.environment);
    if (!room) return shell_.fail(room.error()), std::nullopt;
    need.room = *std::move(room);
    if (arguments_.rules_directory.empty()) return need;
    need.today = load_rules(RuleDirectory{"", arguments_.rules_directory, "--rules"}, shell_);
    if (!need.today) return std::nullopt;
    if (need.today->set->find(arguments_.rule) == nullptr) {
      shell_.fail(kUsedWrongly,
                  fmt::format("--rules: there is no rule '{}' in {}", arguments_.rule, arguments_.rules_directory));
      return std::nullopt;
    }
    return need;
  }

  bool compare_with_sources(const RulesNeed& need, Findings& findings) {
    RuleVersions versions(arguments_.rule, rule_options(reader_.configuration, need.room->actions->catalog()),
                          *reader_.ledger, need.today ? need.today->set : nullptr);
    AskingAgain asking({arguments_.rule, span_, arguments_.limit, arguments_.all}, findings.history, findings.records,
                       versions);
    CountsToCompare counts{span_.from, span_.to, now_, {}, {}, {}, std::move(remarks_)};
    const auto positions = take_counts(findings, counts);
    if (!positions) return shell_.fail(positions.error()), false;
    read_sources(*positions, asking, counts, findings);
    counts.asked_again = asking.counts();
    tell_of_versions(versions, counts, findings);
    findings.hours = compare(counts);
    findings.answers = asking.answers();
    findings.more = asking.more();
    findings.events = asking.events();
    findings.unmatched = asking.unmatched();
    findings.undecodable = asking.undecodable();
    findings.unasked = asking.unasked();
    return true;
  }

  // The counts, and the positions up to which they go: a commit moves both, and may come in between.
  Result<std::vector<StoredPosition>> take_counts(const Findings& findings, CountsToCompare& counts) {
    constexpr int kTries = 20;
    for (int tries = 1;; ++tries) {
      auto positions = reader_.ledger->positions();
      if (!positions) return positions;
      const auto counted = reader_.ledger->counts(hour_of(span_.from), span_.to);
      if (!counted) return counted.error();
      const auto after = reader_.ledger->positions();
      if (!after) return after;
      if (*positions != *after && tries < kTries) continue;
      if (auto told = tell_counts_kept(counts); !told) return told.error();
      counts.counted = findings.records.decided;
      for (const LedgerReader::Counted& one : *counted) {
        if (one.subject != arguments_.rule) continue;
        counts.counted[one.hour][one.reason == "duplicate" ? "plan" : one.reason] += one.number;
      }
      return positions;
    }
  }

  // What is older is taken out by the day, as the ledger's time goes on.
  Result<void> tell_counts_kept(CountsToCompare& counts) const {
    const auto head = reader_.ledger->journal_head();
    const auto last = head ? reader_.ledger->journal(*head, 1) : Result<std::vector<JournalEntry>>(head.error());
    if (!last) return last.error();
    const auto record = last->empty() ? Result<json>(json()) : open_record(*reader_.ledger, last->front());
    const auto at = record ? parse_time(raw_text_at(*record, "/at")) : Result<Time>(record.error());
    if (!at) return at.error();
    const Time since = std::chrono::ceil<std::chrono::days>(*at - reader_.configuration.undo_horizon);
    if (since > span_.from) counts.unknown.push_back({Time::min(), since, "counts are kept for limits.undo_horizon"});
    return {};
  }

  void read_sources(const std::vector<StoredPosition>& positions, AskingAgain& asking, CountsToCompare& counts,
                    Findings& findings) {
    std::set<std::string> configured;
    SystemClock clock;
    for (const SourceSettings& source : reader_.configuration.sources) {
      configured.insert(source.kafka.name);
      const auto read = asking.read(source, positions, clock);
      if (!read) {
        shell_.fail(read.error().with("source " + source.kafka.name));
        counts.unknown.push_back({Time::min(), Time::max(), "source " + source.kafka.name + " could not be read"});
        continue;
      }
      for (const PartitionRead& one : *read) tell_of_partition(one, counts, findings);
    }
    std::set<std::string> gone;
    for (const StoredPosition& one : positions) {
      if (!configured.contains(one.partition.source)) gone.insert(one.partition.source);
    }
    for (const std::string& source : gone) {
      findings.notes.push_back("source " + source + " is not in the configuration any more, and was not read again");
      counts.unknown.push_back({Time::min(), Time::max(), findings.notes.back()});
    }
  }

  void tell_of_partition(const PartitionRead& read, CountsToCompare& counts, Findings& findings) const {
    if (read.missing.empty() || read.kept_since <= span_.from) return;
    // What was there before may have been decided much later, where the engine stood still.
    const Time until = read.kept_since == Time::max()
                           ? Time::max()
                           : std::max(read.kept_since, findings.history.decided(read.kept_since - Duration(1)));
    counts.unknown.push_back({Time::min(), until, read.missing});
    const Time first = hour_of(findings.history.decided(span_.from));
    const auto number = (hour_of(std::min({until, span_.to, now_}) - Duration(1)) - first) / hours(1) + 1;
    findings.notes.push_back(fmt::format("{}: {} {} of the span cannot be asked again whole", read.missing,
                                         std::max<int64_t>(number, 1), number > 1 ? "hours" : "hour"));
  }

  void tell_of_versions(RuleVersions& versions, CountsToCompare& counts, Findings& findings) const {
    const auto& in_force = findings.history.versions;
    const Time known_since = in_force.empty() ? Time::max() : in_force.front().since;
    if (findings.history.decided(span_.from) < known_since) {
      counts.unknown.push_back({Time::min(), known_since, "no record tells which version was in force"});
      findings.notes.push_back("no record tells which version was in force before " +
                               format_time(std::min(known_since, span_.to)));
    }
    for (size_t i = 0; i < in_force.size(); ++i) {
      const RuleInForce& one = in_force[i];
      const Time until = i + 1 < in_force.size() ? in_force[i + 1].since : Time::max();
      if (i > 0) counts.remarks[hour_of(one.since)].insert("the rule changed at " + format_time(one.since));
      if (one.version.empty() || until <= span_.from) continue;
      const RuleVersions::Version& version = versions.of(one);
      if (!version.problem.empty()) {
        counts.unknown.push_back({one.since, until, version.problem});
        findings.problems[one.version] = version.problem;
        findings.notes.push_back(version.problem);
      }
      if (version.of_today) findings.asked_today.insert(one.version);
      if (version.of_today || !one.as_today) remark_all(one.since, until, version.of_today, counts);
    }
    for (const Time hour : findings.records.uncertain) {
      counts.remarks[hour].insert("failures beyond the limit of dead letters are on record as a range");
    }
  }

  // Numbers of these hours may differ, since what was asked was not quite what had decided.
  static void remark_all(Time from, Time until, bool of_today, CountsToCompare& counts) {
    const auto remark = [&](const HourlyCounts& all) {
      for (const auto& [hour, numbers] : all) {
        if (hour + hours(1) <= from || hour >= until) continue;
        counts.remarks[hour].insert(of_today ? "the files of today were asked"
                                             : "the functions that rules are offered have changed since");
      }
    };
    remark(counts.counted);
    remark(counts.asked_again);
  }

  const Arguments& arguments_;
  const TimeSpan span_;
  const Time now_;
  const OpenedReader& reader_;
  Shell& shell_;
  std::map<Time, std::set<std::string>> remarks_;
};

// ---- telling -------------------------------------------------------------------------------------------------------

Listing versions_of(const Findings& findings) {
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

Listing records_of(const Findings& findings) {
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

Listing hours_of(const Findings& findings) {
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

Listing answers_of(const Findings& findings, OutputFormat format) {
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
  Listing (*make)(const Findings&, OutputFormat);
  const char* nothing;
};
constexpr Part kParts[] = {
    {"versions", [](const Findings& f, OutputFormat) { return versions_of(f); }, "no version was in force"},
    {"records", [](const Findings& f, OutputFormat) { return records_of(f); },
     "nothing that was left alone is on record"},
    {"hours", [](const Findings& f, OutputFormat) { return hours_of(f); },
     "nothing was counted, and nothing is there to ask about"},
    {"answers", answers_of, "no event was read again that the rule wanted"}};

std::string sum_in_words(const Findings& findings) {
  std::string text = fmt::format("events read again: {}; the pattern matches {}", findings.events,
                                 findings.events - findings.unmatched - findings.unasked);
  if (findings.unasked > 0) text += fmt::format("; {} are of a version that cannot be asked", findings.unasked);
  if (findings.undecodable > 0) text += fmt::format("; messages that are no events: {}", findings.undecodable);
  return text;
}

void tell_more(const Findings& findings, std::ostream& out) {
  if (findings.more > 0) out << fmt::format("and {} more (--limit)\n", findings.more);
}

// What is beside the rows of one part alone.
void print_part(const Part& part, const Arguments& arguments, const Findings& findings, Shell& shell) {
  print(part.make(findings, arguments.output), arguments.output, part.nothing, shell.out);
  std::ostream& told = arguments.output == OutputFormat::table ? shell.out : shell.err;
  if (std::string_view(part.name) == "answers") tell_more(findings, told);
  for (const std::string& note : findings.notes) told << note << "\n";
}

void print_all(const Arguments& arguments, const TimeSpan& span, const Findings& findings, std::ostream& out) {
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

void print_document(const Arguments& arguments, const TimeSpan& span, const Findings& findings, std::ostream& out) {
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
  Findings findings;
  if (!Gathering(arguments, span, now, *reader, shell).gather(findings)) return;
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
