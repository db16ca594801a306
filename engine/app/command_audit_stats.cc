// kedge audit stats: what became of what the rules found, and how long it took.

#include <fmt/format.h>

#include <memory>
#include <ostream>

#include "app/command_audit.h"
#include "app/opened_trail.h"
#include "app/output.h"
#include "app/record_filter_options.h"
#include "trail/record_summary.h"
#include "trail/statistics.h"

namespace kedge {
namespace {

using nlohmann::json;

constexpr const char* kAllRules = "*";

struct Arguments {
  TrailOptions trail;
  RecordFilterOptions filter;
  OutputFormat output = OutputFormat::table;
  std::string by;
};

// Each rule's, and where there are several, that of all of them behind.
std::vector<std::pair<std::string, RuleStatistics>> with_all(const Statistics& statistics) {
  std::vector<std::pair<std::string, RuleStatistics>> rows(statistics.rules.begin(), statistics.rules.end());
  if (rows.size() > 1) rows.emplace_back(kAllRules, statistics.all());
  return rows;
}

// For people in words, for programs in microseconds; nothing where nothing was counted.
json quantile(const SpanHistogram& spans, double share, OutputFormat format) {
  if (spans.count() == 0) return format == OutputFormat::table ? json("-") : json();
  const int64_t micros = spans.quantile(share);
  return format == OutputFormat::table ? json(span_in_words(micros)) : json(micros);
}

json rule_name(const std::string& rule, OutputFormat format) {
  return format == OutputFormat::table && rule == kAllRules ? "all rules" : rule;
}

SpanHistogram phase_of(const RuleStatistics& statistics, std::string_view phase) {
  const auto found = statistics.phases.find(std::string(phase));
  return found == statistics.phases.end() ? SpanHistogram() : found->second;
}

int64_t ended_otherwise(const RuleStatistics& statistics) {
  int64_t number = sum_of(statistics.ends);
  for (const char* told : {"confirmed", "unconfirmed", "failed", "refused"}) number -= statistics.end(told);
  return number;
}

Listing by_rule(const Statistics& statistics, OutputFormat format) {
  Listing listing{{{"rule", "RULE"},
                   {"found", "FOUND"},
                   {"confirmed", "CONFIRMED"},
                   {"without_effect", "NO EFFECT"},
                   {"unconfirmed", "UNCONFIRMED"},
                   {"failed", "FAILED"},
                   {"refused", "REFUSED"},
                   {"otherwise", "OTHERWISE"},
                   {"held", "HELD"},
                   {"suppressed", "SUPPRESSED"},
                   {"p50_us", "TOTAL P50"},
                   {"p95_us", "P95"},
                   {"p99_us", "P99"},
                   {"found_again", ""},
                   {"attempts", ""},
                   {"approved", ""},
                   {"waited", ""},
                   {"cancelled", ""},
                   {"expired", ""},
                   {"superseded", ""},
                   {"announced", ""},
                   {"undone", ""},
                   {"only_counted", ""},
                   {"rule_failures", ""}},
                  {}};
  for (const auto& [rule, s] : with_all(statistics)) {
    const SpanHistogram total = phase_of(s, "total");
    listing.rows.push_back({rule_name(rule, format),
                            s.found,
                            s.end("confirmed"),
                            s.without_effect,
                            s.end("unconfirmed"),
                            s.end("failed"),
                            s.end("refused"),
                            ended_otherwise(s),
                            sum_of(s.held),
                            sum_of(s.suppressed),
                            quantile(total, 0.5, format),
                            quantile(total, 0.95, format),
                            quantile(total, 0.99, format),
                            s.found_again,
                            s.attempts,
                            s.approved,
                            sum_of(s.waited),
                            s.end("cancelled"),
                            s.end("expired"),
                            s.end("superseded"),
                            s.end("announced"),
                            s.end("undone"),
                            sum_of(s.only_counted),
                            s.rule_failures});
  }
  return listing;
}

Listing by_phase(const Statistics& statistics, OutputFormat format) {
  Listing listing{{{"rule", "RULE"},
                   {"phase", "PHASE"},
                   {"count", "COUNT"},
                   {"p50_us", "P50"},
                   {"p95_us", "P95"},
                   {"p99_us", "P99"},
                   {"most_us", "MOST"}},
                  {}};
  for (const auto& [rule, s] : with_all(statistics)) {
    for (const std::string_view phase : kStatisticsPhases) {
      const SpanHistogram spans = phase_of(s, phase);
      if (spans.count() == 0) continue;
      listing.rows.push_back({rule_name(rule, format), phase, spans.count(), quantile(spans, 0.5, format),
                              quantile(spans, 0.95, format), quantile(spans, 0.99, format),
                              quantile(spans, 1, format)});
    }
  }
  return listing;
}

// What was not done, and why: the guard that said so, or the reason by which it is counted.
Listing by_reason(const Statistics& statistics, OutputFormat format) {
  Listing listing{{{"rule", "RULE"}, {"what", "WHAT"}, {"reason", "WHY"}, {"count", "COUNT"}}, {}};
  for (const auto& [rule, s] : with_all(statistics)) {
    for (const auto& [what, counts] : {std::pair{"held", &s.held},
                                       {"waited", &s.waited},
                                       {"refused", &s.refused},
                                       {"suppressed", &s.suppressed},
                                       {"only counted", &s.only_counted}}) {
      for (const auto& [reason, number] : *counts)
        listing.rows.push_back({rule_name(rule, format), what, reason, number});
    }
  }
  return listing;
}

struct Part {
  const char* by;
  Listing (*make)(const Statistics&, OutputFormat);
  const char* nothing;
};
constexpr Part kParts[] = {{"rule", by_rule, "no record of a rule matches"},
                           {"phase", by_phase, "no remediation has ended"},
                           {"reason", by_reason, "nothing was left undone"}};

void print_all(const Statistics& statistics, std::ostream& out) {
  if (statistics.records > 0) {
    out << fmt::format("records {} to {}\n\n", statistics.first, statistics.last);
  }
  for (const Part& part : kParts) {
    if (&part != kParts) out << "\n";
    print(part.make(statistics, OutputFormat::table), OutputFormat::table, part.nothing, out);
    if (statistics.rules.empty()) return;
  }
}

// One document with all of them.
void print_document(const Statistics& statistics, std::ostream& out) {
  json document = {{"records", statistics.records}, {"first", statistics.first}, {"last", statistics.last}};
  for (const Part& part : kParts) {
    json rows = json::array();
    const Listing listing = part.make(statistics, OutputFormat::json);
    for (const auto& row : listing.rows) {
      json object = json::object();
      for (size_t i = 0; i < row.size(); ++i) object[listing.columns[i].name] = row[i];
      rows.push_back(std::move(object));
    }
    document[std::string(part.by) + "s"] = std::move(rows);
  }
  out << document.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
}

void tell(const Arguments& arguments, Shell& shell) {
  const auto filter = read_filter(arguments.filter);
  if (!filter) return shell.fail(kUsedWrongly, filter.error().message);
  if (arguments.by.empty() && arguments.output == OutputFormat::csv) {
    return shell.fail(kUsedWrongly, "--output csv is one table: say which, --by rule, --by phase or --by reason");
  }
  const auto trail = OpenedTrail::open(arguments.trail, shell);
  if (!trail) return;
  const auto statistics = statistics_of(**trail, *filter);
  if (!statistics) return trail->fail(statistics.error(), shell);
  if (statistics->rules.empty() && !filter->rule.empty() && !filter->from && !filter->to) {
    shell.err << "no record names a rule '" << filter->rule << "'\n";
  }
  if ((*trail)->ledger() == nullptr) shell.err << "what is only counted, and no record, the ledger alone knows\n";
  if (arguments.by.empty()) {
    return arguments.output == OutputFormat::json ? print_document(*statistics, shell.out)
                                                  : print_all(*statistics, shell.out);
  }
  for (const Part& part : kParts) {
    if (arguments.by != part.by) continue;
    print(part.make(*statistics, arguments.output), arguments.output, part.nothing, shell.out);
  }
}

}  // namespace

void add_audit_stats(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = audit.add_subcommand(
      "stats", "what became of what each rule found, how long each phase took, and what guards held and left alone");
  add_trail_options(*command, arguments->trail);
  add_output_option(*command, arguments->output);
  add_time_options(*command, arguments->filter);
  command->add_option("--rule", arguments->filter.filter.rule, "of this rule alone: its id");
  command->add_option("--by", arguments->by, "one table alone: rule, phase or reason")
      ->check(one_of({"rule", "phase", "reason"}))
      ->type_name("WHAT");
  command->callback([arguments, &shell] { tell(*arguments, shell); });
}

}  // namespace kedge
