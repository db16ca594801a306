#include "app/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/opened_trail.h"
#include "app/rule_directory.h"
#include "app/sources.h"
#include "base/nearest.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

using nlohmann::json;
using std::chrono::hours;

Time hour_of(Time time) { return std::chrono::floor<hours>(time); }

// One question to one ledger.
class Gathering {
 public:
  Gathering(const WhyQuestion& question, const OpenedReader& reader, Shell& shell)
      : question_(question),
        span_(question.span),
        reader_(reader),
        trail_(OpenedTrail::of(reader, shell)),
        shell_(shell) {}

  // False: it was told on the shell what is wrong.
  bool gather(WhyFindings& findings) {
    const auto done = look_at_records(findings);
    if (!done) return shell_.fail(done.error()), false;
    if (!findings.history.known.contains(question_.rule)) return tell_unknown_rule(findings), false;
    if (!question_.asks_again) return true;
    const auto rules = load_what_rules_need();
    if (!rules) return false;
    return compare_with_sources(*rules, findings);
  }

 private:
  Result<void> look_at_records(WhyFindings& findings) {
    RecordSearch search = trail_.search(shell_);
    auto history = rule_history(search, *trail_, question_.rule, span_.from, span_.to, digest_of_rules);
    if (!history) return history.error();
    findings.history = *std::move(history);
    auto records = rule_records(search, question_.rule, span_.from, span_.to);
    if (!records) return records.error();
    findings.records = *std::move(records);
    auto remarks = remarks_of(search, question_.rule, span_.from, span_.to);
    if (!remarks) return remarks.error();
    remarks_ = *std::move(remarks);
    return {};
  }

  void tell_unknown_rule(const WhyFindings& findings) {
    const std::vector<std::string_view> known(findings.history.known.begin(), findings.history.known.end());
    shell_.fail(kUsedWrongly,
                fmt::format("no rule '{}' was ever loaded{}", question_.rule, did_you_mean(question_.rule, known)));
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
    if (question_.rules_directory.empty()) return need;
    need.today = load_rules(RuleDirectory{"", question_.rules_directory, "--rules"}, shell_);
    if (!need.today) return std::nullopt;
    if (need.today->set->find(question_.rule) == nullptr) {
      shell_.fail(kUsedWrongly,
                  fmt::format("--rules: there is no rule '{}' in {}", question_.rule, question_.rules_directory));
      return std::nullopt;
    }
    return need;
  }

  bool compare_with_sources(const RulesNeed& need, WhyFindings& findings) {
    RuleVersions versions(question_.rule, rule_options(reader_.configuration, need.room->actions->catalog()), *trail_,
                          need.today ? need.today->set : nullptr);
    AskingAgain asking({question_.rule, span_, question_.limit, question_.all}, findings.history, findings.records,
                       versions);
    CountsToCompare counts{span_.from, span_.to, question_.now, {}, {}, {}, std::move(remarks_)};
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
  Result<std::vector<StoredPosition>> take_counts(const WhyFindings& findings, CountsToCompare& counts) {
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
        if (one.subject != question_.rule) continue;
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
    const auto record = last->empty() ? Result<json>(json()) : open_record(*trail_, last->front());
    const auto at = record ? parse_time(raw_text_at(*record, "/at")) : Result<Time>(record.error());
    if (!at) return at.error();
    const Time since = std::chrono::ceil<std::chrono::days>(*at - reader_.configuration.undo_horizon);
    if (since > span_.from) counts.unknown.push_back({Time::min(), since, "counts are kept for limits.undo_horizon"});
    return {};
  }

  void read_sources(const std::vector<StoredPosition>& positions, AskingAgain& asking, CountsToCompare& counts,
                    WhyFindings& findings) {
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
    for (const SensorSettings& sensor : reader_.configuration.sensors) {
      configured.insert(sensor.name);
      const auto is_its = [&](const StoredPosition& one) { return one.partition.source == sensor.name; };
      if (std::none_of(positions.begin(), positions.end(), is_its)) continue;
      findings.notes.push_back(not_kept(sensor.name));
      counts.unknown.push_back({Time::min(), Time::max(), findings.notes.back()});
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

  void tell_of_partition(const PartitionRead& read, CountsToCompare& counts, WhyFindings& findings) const {
    if (read.missing.empty() || read.kept_since <= span_.from) return;
    // What was there before may have been decided much later, where the engine stood still.
    const Time until = read.kept_since == Time::max()
                           ? Time::max()
                           : std::max(read.kept_since, findings.history.decided(read.kept_since - Duration(1)));
    counts.unknown.push_back({Time::min(), until, read.missing});
    const Time first = hour_of(findings.history.decided(span_.from));
    const auto number = (hour_of(std::min({until, span_.to, question_.now}) - Duration(1)) - first) / hours(1) + 1;
    findings.notes.push_back(fmt::format("{}: {} {} of the span cannot be asked again whole", read.missing,
                                         std::max<int64_t>(number, 1), number > 1 ? "hours" : "hour"));
  }

  void tell_of_versions(RuleVersions& versions, CountsToCompare& counts, WhyFindings& findings) const {
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

  const WhyQuestion& question_;
  const TimeSpan span_;
  const OpenedReader& reader_;
  const OpenedTrail trail_;
  Shell& shell_;
  std::map<Time, std::set<std::string>> remarks_;
};

}  // namespace

bool find_why(const WhyQuestion& question, const OpenedReader& reader, Shell& shell, WhyFindings& findings) {
  return Gathering(question, reader, shell).gather(findings);
}

}  // namespace kedge
