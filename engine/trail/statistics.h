// What became of what each rule found, and how long it took: counted from the records of a time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trail/record_filter.h"
#include "trail/span_histogram.h"
#include "trail/trail.h"

namespace kedge {

// The phases of a remediation in their order, and all of them together, from what happened to the confirmation.
inline constexpr std::array<std::string_view, 6> kStatisticsPhases = {"detection", "evaluation",   "response",
                                                                      "recovery",  "confirmation", "total"};

// Counts of records: what was held twice counts twice.
struct RuleStatistics {
  int64_t found = 0;           // remediations that were opened
  int64_t found_again = 0;     // findings that joined an open one
  int64_t without_effect = 0;  // confirmed since all was as it should be: nothing was done
  int64_t attempts = 0;
  int64_t rule_failures = 0;
  int64_t approved = 0;                       // by a person
  std::map<std::string, int64_t> ends;        // by state: confirmed, unconfirmed, failed, refused, ...
  std::map<std::string, int64_t> held;        // by guard: a person has to decide
  std::map<std::string, int64_t> waited;      // by guard: it went on by itself
  std::map<std::string, int64_t> refused;     // by guard; "world" where what an undo was to restore had been changed
  std::map<std::string, int64_t> suppressed;  // by guard; "folded" where only their number is on record
  std::map<std::string, int64_t>
      only_counted;  // matches that led to no record, by reason (when: the rule itself let it be)
  std::map<std::string, SpanHistogram> phases;  // by name: of remediations that ended with something proven or failed

  int64_t end(const std::string& state) const;
  void add(const RuleStatistics& other);
};

int64_t sum_of(const std::map<std::string, int64_t>& counts);

struct Statistics {
  int64_t records = 0;
  int64_t first = 0, last = 0;  // their numbers
  std::map<std::string, RuleStatistics> rules;

  RuleStatistics all() const;  // of all rules together
};

// At most so many rules are told apart; what other rules did counts as that of "(other rules)".
inline constexpr size_t kRulesMax = 10'000;

// Without a ledger nothing is told of what is only counted.
//
// Reads the records of the filter's time and rule; its other members are not looked at.
Result<Statistics> statistics_of(const Trail& trail, const RecordFilter& filter);

// Pure: what one record adds.
void count(const nlohmann::json& record, RuleStatistics& statistics);

}  // namespace kedge
