#include "match/range_index.h"

#include <algorithm>
#include <bit>

namespace kedge {

uint64_t RangeIndex::order_of(double value) {
  const auto bits = std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);
  constexpr uint64_t kSign = uint64_t{1} << 63U;
  return bits >= kSign ? ~bits : bits | kSign;
}

void RangeIndex::add(const InRange& range, uint32_t number) {
  const uint64_t first = order_of(range.lower) + (range.lower_included ? 0 : 1);
  const uint64_t last = order_of(range.upper) - (range.upper_included ? 0 : 1);
  if (first > last) return;  // no double lies between the bounds
  const auto level = std::max(1U, static_cast<unsigned>(std::bit_width(first ^ last)));
  levels_ |= uint64_t{1} << (level - 1);
  added_.push_back({node_of(first, level), first, last, number});
}

void RangeIndex::Lists::copy_node(const Lists& other, size_t place) {
  const auto begin = static_cast<ptrdiff_t>(other.nodes[place].begin);
  const auto end = static_cast<ptrdiff_t>(other.nodes[place + 1].begin);
  by_first.insert(by_first.end(), other.by_first.begin() + begin, other.by_first.begin() + end);
  by_last.insert(by_last.end(), other.by_last.begin() + begin, other.by_last.begin() + end);
}

void RangeIndex::Lists::add_to_last_node(std::span<const Range> ranges) {
  for (const Range& range : ranges) {
    by_first.push_back({range.first, range.number});
    by_last.push_back({range.last, range.number});
  }
  const auto begin = static_cast<ptrdiff_t>(nodes.back().begin);
  std::sort(by_first.begin() + begin, by_first.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  std::sort(by_last.begin() + begin, by_last.end(), [](const auto& a, const auto& b) { return a.at > b.at; });
}

// Merges what was added with what was there.
void RangeIndex::finish() {
  if (added_.empty()) return;
  std::sort(added_.begin(), added_.end(), [](const Range& a, const Range& b) { return a.node < b.node; });
  Lists merged;
  merged.reserve(lists_.by_first.size() + added_.size(), lists_.nodes.size() + added_.size());
  const size_t old_count = lists_.nodes.empty() ? 0 : lists_.nodes.size() - 1;
  size_t old = 0;
  for (std::span<const Range> left = added_; old < old_count || !left.empty();) {
    const bool is_old = old < old_count && (left.empty() || lists_.nodes[old].number <= left[0].node);
    const uint64_t number = is_old ? lists_.nodes[old].number : left[0].node;
    merged.begin_node(number);
    if (is_old) merged.copy_node(lists_, old++);
    size_t count = 0;
    while (count < left.size() && left[count].node == number) ++count;
    if (count > 0) merged.add_to_last_node(left.first(count));
    left = left.subspan(count);
  }
  if (merged.nodes.size() != old_count) places_ = merged.places();
  merged.begin_node(0);
  lists_ = std::move(merged);
  added_ = {};
}

NumberTable RangeIndex::Lists::places() const {
  NumberTable places(nodes.size());
  for (uint32_t i = 0; i < nodes.size(); ++i) places.add(nodes[i].number, i);
  return places;
}

}  // namespace kedge
