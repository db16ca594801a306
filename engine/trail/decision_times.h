// When an event was decided, as nearly as the records tell: at the earliest when it came, or when the engine went on;
// and between the records about the events before and behind it in its partition, which is decided in order.
#pragma once

#include <map>
#include <vector>

#include "event/position.h"
#include "trail/rule_history.h"
#include "trail/rule_records.h"

namespace kedge {

class DecisionTimes {
 public:
  // Borrows the history, which must outlive it.
  DecisionTimes(const RuleHistory& history, const RuleRecords& records);

  // Of an event that came to this place at `came`.
  Time of(const PartitionId& partition, int64_t offset, Time came) const;

 private:
  struct Known {
    int64_t offset = 0;
    Time at;
  };

  const RuleHistory& history_;
  std::map<PartitionId, std::vector<Known>> known_;  // by offset; times do not go back
};

}  // namespace kedge
