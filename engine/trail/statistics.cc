#include "trail/statistics.h"

#include "base/json.h"
#include "plan/state.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

constexpr Time kEndOfTime{std::chrono::sys_days(std::chrono::year(9999) / 12 / 31)};

void add(std::map<std::string, int64_t>& counts, const std::map<std::string, int64_t>& others) {
  for (const auto& [name, number] : others) counts[name] += number;
}

int64_t number_at(const Json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

std::string guard_of(const Json& record, const char* without) {
  const std::string guard = raw_text_at(record, "/guard");
  return guard.empty() ? without : guard;
}

// The phases of a remediation are told by its first end, and by that of a lease; what is released or undone later tells
// them again.
bool tells_phases(const Json& record) {
  const std::string from = raw_text_at(record, "/from");
  const std::string kind = raw_text_at(record, "/kind");
  return (kind == "confirmation" || kind == "announcement" || kind == "outcome") && from != "releasing" &&
         from != "undoing" && record.contains("phases") && record["phases"].is_object();
}

void count_phases(const Json& phases, RuleStatistics& statistics) {
  int64_t total = 0;
  size_t known = 0;
  for (const std::string_view name : kStatisticsPhases) {
    const auto span = phases.find(std::string(name));
    if (span == phases.end() || !span->is_number_integer()) continue;
    statistics.phases[std::string(name)].add(span->get<int64_t>());
    total += span->get<int64_t>();
    ++known;
  }
  if (known + 1 == kStatisticsPhases.size()) statistics.phases["total"].add(total);
}

void count_move(const Json& record, RuleStatistics& statistics) {
  const std::string kind = raw_text_at(record, "/kind");
  const std::string to = raw_text_at(record, "/to");
  if (kind == "hold") ++(to == "held" ? statistics.held : statistics.waited)[guard_of(record, "none")];
  if (kind == "refusal") ++statistics.refused[guard_of(record, "world")];
  if (kind == "approval" && record.contains("actor") && !record.contains("cause")) ++statistics.approved;
  if (kind == "attempt") ++statistics.attempts;
  const auto state = parse_state(to);
  if (!state || !is_end(*state)) return;
  ++statistics.ends[to];
  if (kind == "confirmation" && raw_text_at(record, "/from") == "planned") ++statistics.without_effect;
}

// Of a record that is about a rule. Asked before it is parsed.
bool may_count(const JournalEntry& entry) { return entry.bytes.find(R"("rule":{)") != std::string::npos; }

RuleStatistics& of_rule(Statistics& statistics, const std::string& rule) {
  const auto known = statistics.rules.find(rule);
  if (known != statistics.rules.end()) return known->second;
  return statistics.rules[statistics.rules.size() < kRulesMax ? rule : "(other rules)"];
}

// Matches that led to nothing are no records: they are counted by the hour.
Result<void> count_what_is_no_record(LedgerReader& reader, const RecordFilter& filter, Statistics& statistics) {
  const auto counts = reader.counts(filter.from.value_or(Time()), filter.to.value_or(kEndOfTime));
  if (!counts) return counts.error();
  for (const LedgerReader::Counted& one : *counts) {
    const bool of_a_source = one.reason == "no-pattern" || one.reason == "tombstone";
    if (of_a_source || (!filter.rule.empty() && one.subject != filter.rule)) continue;
    of_rule(statistics, one.subject).only_counted[one.reason] += one.number;
  }
  return {};
}

}  // namespace

int64_t sum_of(const std::map<std::string, int64_t>& counts) {
  int64_t sum = 0;
  for (const auto& [name, number] : counts) sum += number;
  return sum;
}

int64_t RuleStatistics::end(const std::string& state) const {
  const auto counted = ends.find(state);
  return counted == ends.end() ? 0 : counted->second;
}

void RuleStatistics::add(const RuleStatistics& other) {
  found += other.found;
  found_again += other.found_again;
  without_effect += other.without_effect;
  attempts += other.attempts;
  rule_failures += other.rule_failures;
  approved += other.approved;
  for (auto member : {&RuleStatistics::ends, &RuleStatistics::held, &RuleStatistics::waited, &RuleStatistics::refused,
                      &RuleStatistics::suppressed, &RuleStatistics::only_counted}) {
    kedge::add(this->*member, other.*member);
  }
  for (const auto& [phase, spans] : other.phases) phases[phase].add(spans);
}

RuleStatistics Statistics::all() const {
  RuleStatistics sum;
  for (const auto& [rule, one] : rules) sum.add(one);
  return sum;
}

void count(const Json& record, RuleStatistics& statistics) {
  const std::string kind = raw_text_at(record, "/kind");
  if (kind == "plan") {
    ++(raw_text_at(record, "/disposition") == "joined" ? statistics.found_again : statistics.found);
  } else if (kind == "suppression") {
    const bool folded = record.contains("folded");
    statistics.suppressed[folded ? "folded" : guard_of(record, "none")] += folded ? number_at(record, "folded") : 1;
  } else if (kind == "rule_failure") {
    ++statistics.rule_failures;
  } else {
    count_move(record, statistics);
  }
  if (tells_phases(record)) count_phases(record["phases"], statistics);
}

Result<Statistics> statistics_of(const Trail& trail, const RecordFilter& filter) {
  Statistics statistics;
  const auto done =
      scan_forwards(trail.records(), {-1, filter.from, filter.to}, [&](const JournalEntry& entry) -> Result<bool> {
        if (statistics.records++ == 0) statistics.first = entry.seq;
        statistics.last = entry.seq;
        if (!may_count(entry) || !may_hold(entry, filter.rule)) return true;
        const auto record = parse_record(entry);
        if (!record) return record.error();
        const std::string rule = raw_text_at(*record, "/rule/id");
        if (rule.empty() || (!filter.rule.empty() && rule != filter.rule)) return true;
        const std::string kind = raw_text_at(*record, "/kind");
        if (kind != "exception" && kind != "claim_expiry") count(*record, of_rule(statistics, rule));
        return true;
      });
  if (!done) return done.error();
  if (trail.ledger() == nullptr) return statistics;
  if (auto counted = count_what_is_no_record(*trail.ledger(), filter, statistics); !counted) return counted.error();
  return statistics;
}

}  // namespace kedge
