#include "trail/decision_times.h"

#include <algorithm>

namespace kedge {

DecisionTimes::DecisionTimes(const RuleHistory& history, const RuleRecords& records) : history_(history) {
  for (const auto& [key, became] : records.became) {
    if (!became.partition.topic.empty()) known_[became.partition].push_back({became.offset, became.at});
  }
  for (auto& [partition, known] : known_) {
    std::sort(known.begin(), known.end(), [](const Known& a, const Known& b) { return a.offset < b.offset; });
    // What was decided later than something behind it was decided again, by a redrive or a seek: it tells nothing.
    std::vector<Known> in_order;
    Time next = Time::max();
    for (auto one = known.rbegin(); one != known.rend(); ++one) {
      if (one->at > next) continue;
      next = one->at;
      in_order.push_back(*one);
    }
    std::reverse(in_order.begin(), in_order.end());
    known = std::move(in_order);
  }
}

Time DecisionTimes::of(const PartitionId& partition, int64_t offset, Time came) const {
  Time decided = history_.decided(came);
  const auto found = known_.find(partition);
  if (found == known_.end()) return decided;
  const std::vector<Known>& known = found->second;
  const auto behind = std::lower_bound(known.begin(), known.end(), offset,
                                       [](const Known& one, int64_t wanted) { return one.offset < wanted; });
  if (behind != known.end() && behind->offset == offset) return behind->at;
  if (behind != known.begin()) decided = std::max(decided, std::prev(behind)->at);
  if (behind != known.end()) decided = std::min(decided, behind->at);
  return decided;
}

}  // namespace kedge
