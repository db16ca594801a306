// JournalMetrics: what can be counted from the records alone, since the process began: phases of outages, ends of
// remediations, suppressions, dead letters. The records that came since the last scrape are read at the next one.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

#include "api/metrics.h"
#include "ledger/ledger.h"

namespace kedge {

// The five phases of an outage, in their order; by these names they stand in records.
inline constexpr std::array<const char*, 5> kPhases = {"detection", "evaluation", "response", "recovery",
                                                       "confirmation"};

// Borrows the reader. Thread-safe. A journal that cannot be read is tried again at the next scrape.
class JournalMetrics {
 public:
  // Counts records with numbers above `after`.
  JournalMetrics(LedgerReader& reader, int64_t after) : reader_(reader), next_(after + 1) {}

  void write(MetricsWriter&);

  // One record, already parsed.
  void note(const nlohmann::json& record);

 private:
  using Labels = std::pair<std::string, std::string>;
  void catch_up();
  void note_end(const nlohmann::json& record, const std::string& rule);
  void note_guard(const nlohmann::json& record, const std::string& rule);

  LedgerReader& reader_;

  std::mutex mutex_;  // guards what follows
  int64_t next_;
  std::map<std::string, int64_t> records_;                 // by kind
  std::map<Labels, Histogram> phases_;                     // by phase and rule
  std::map<Labels, int64_t> ends_;                         // by rule and state
  std::map<Labels, int64_t> suppressions_;                 // by rule and guard
  std::map<std::array<std::string, 3>, int64_t> guarded_;  // by rule, guard and the state that it led to
};

}  // namespace kedge
