#include "api/journal_metrics.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/json.h"
#include "plan/state.h"

namespace kedge {
namespace {

constexpr size_t kRecordsAtOnce = 1000;
constexpr size_t kRecordsOfAScrape = 50'000;  // the rest at the next one: a scrape has seconds, not minutes

Histogram new_phase() {
  return Histogram({0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 21'600});
}

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string rule_of(const Json& record) {
  const auto rule = record.find("rule");
  return rule != record.end() && rule->is_object() ? text_of(*rule, "id") : "";
}

}  // namespace

void JournalMetrics::write(MetricsWriter& writer) {
  const std::lock_guard lock(mutex_);
  catch_up();
  if (const auto first = reader_.journal(0, 1); first && !first->empty()) {
    writer.gauge("kedge_ledger_journal_begin", "The number of the oldest record that the ledger still has",
                 static_cast<double>(first->front().seq));
  }
  for (const auto& [kind, number] : records_) {
    writer.counter("kedge_records_total", "Records of the journal", static_cast<double>(number), {{"kind", kind}});
  }
  for (const auto& [labels, number] : ends_) {
    writer.counter("kedge_remediations_ended_total", "Remediations that came to an end, by their last state",
                   static_cast<double>(number), {{"rule", labels.first}, {"state", labels.second}});
  }
  for (const auto& [labels, number] : suppressions_) {
    writer.counter("kedge_suppressions_total", "Plans that were not carried out, by the guard that said so",
                   static_cast<double>(number), {{"rule", labels.first}, {"guard", labels.second}});
  }
  for (const auto& [labels, number] : guarded_) {
    writer.counter("kedge_guard_stops_total", "Remediations that a guard held, let wait or refused",
                   static_cast<double>(number), {{"rule", labels[0]}, {"guard", labels[1]}, {"to", labels[2]}});
  }
  for (const auto& [labels, histogram] : phases_) {
    writer.histogram("kedge_phase_seconds", "How long the phases of confirmed remediations took", histogram,
                     {{"phase", labels.first}, {"rule", labels.second}});
  }
}

void JournalMetrics::note(const Json& record) {
  if (!record.is_object()) return;
  const std::string kind = text_of(record, "kind");
  const std::string rule = rule_of(record);
  ++records_[kind];
  if (kind == "suppression") {
    const auto folded = record.find("folded");
    const bool one = folded == record.end() || !folded->is_number_integer();
    suppressions_[{rule, one ? text_of(record, "guard") : "folded"}] += one ? 1 : folded->get<int64_t>();
  }
  note_end(record, rule);
  note_guard(record, rule);
}

// Only what a guard said at the moment: what stands still may have the guard's name in later records, too.
void JournalMetrics::note_guard(const Json& record, const std::string& rule) {
  const std::string kind = text_of(record, "kind");
  const std::string guard = text_of(record, "guard");
  if (guard.empty() || (kind != "hold" && kind != "refusal")) return;
  ++guarded_[{rule, guard, text_of(record, "to")}];
}

void JournalMetrics::note_end(const Json& record, const std::string& rule) {
  const std::string to = text_of(record, "to");
  const auto state = parse_state(to);
  if (!state || !is_end(*state)) return;
  ++ends_[{rule, to}];
  const auto phases = record.find("phases");
  if (*state != State::confirmed || phases == record.end() || !phases->is_object()) return;
  for (const char* phase : kPhases) {
    const auto micros = phases->find(phase);
    if (micros == phases->end() || !micros->is_number_integer()) continue;
    const double seconds = std::max(0.0, static_cast<double>(micros->get<int64_t>()) / 1e6);
    phases_.try_emplace({phase, rule}, new_phase()).first->second.observe(seconds);
  }
}

void JournalMetrics::catch_up() {
  for (size_t read = 0; read < kRecordsOfAScrape;) {
    const auto entries = reader_.journal(next_, kRecordsAtOnce);
    if (!entries) {
      spdlog::warn("the journal cannot be read for the metrics: {}", entries.error().message);
      return;
    }
    for (const JournalEntry& entry : *entries) {
      if (const auto record = parse_json(entry.bytes)) note(*record);
      next_ = entry.seq + 1;
    }
    if (entries->size() < kRecordsAtOnce) return;
    read += entries->size();
  }
}

}  // namespace kedge
