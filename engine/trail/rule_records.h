// What the records of a span of time tell of one rule: what it wanted and was left alone, folded for people; what came
// of each event that it wanted; and what else happened that tells why numbers differ.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/position.h"
#include "trail/record_search.h"

namespace kedge {

// Numbers by the hour, and what they are of: "when", "off", "plan", "failed", "duplicate".
using HourlyCounts = std::map<Time, std::map<std::string, int64_t>>;

// Records of one kind, with one guard and one reason. Of many reasons, the newest one.
struct LeftAlone {
  std::string what;  // suppressed, held, waited, refused, expired, cancelled, failed
  std::string guard;
  std::string why;      // of the newest record
  int64_t reasons = 1;  // that differ by more than the target that they name
  int64_t count = 0;    // those that are on record by their number alone, too
  int64_t targets = 0;
  Time first, last;
  int64_t record = 0;  // the newest one's number

  bool operator==(const LeftAlone&) const = default;
};

// What became of an event that the rule wanted.
struct Became {
  bool suppressed = false;  // by `guard`, for this `reason`; otherwise it came to a remediation
  std::string guard, reason;
  std::string remediation, disposition;  // opened, joined, superseding
  int64_t record = 0;
  Time at;                // of the record
  PartitionId partition;  // where the event was read
  int64_t offset = 0;
  int64_t index = 0;
};

struct RuleRecords {
  std::vector<LeftAlone> left_alone;               // by what, guard and time
  std::unordered_map<std::string, Became> became;  // by the finding's key
  HourlyCounts decided;                            // plan (suppressed ones too), failed: of events that a source told
  std::set<Time> uncertain;  // hours of which the records do not tell how many failed: a range of dead letters began
};

// Of the records at or after `from`, and before `to`.
Result<RuleRecords> rule_records(RecordSearch& search, const std::string& rule, Time from, Time to);

// By the hour, what is on record that makes what is counted differ from what the source says: partitions that were
// sought, or lost records, dead letters that were redriven, the rule being benched, a restored ledger.
Result<std::map<Time, std::set<std::string>>> remarks_of(RecordSearch& search, const std::string& rule, Time from,
                                                         Time to);

}  // namespace kedge
