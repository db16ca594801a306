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
  // A range of one number waits at the lowest level, where it is looked at for its neighbour too and not taken.
  const auto level = std::max(1U, static_cast<unsigned>(std::bit_width(first ^ last)));
  levels_ |= uint64_t{1} << (level - 1);
  const uint32_t place = places_.add(node_of(first, level), static_cast<uint32_t>(nodes_.size()));
  if (place == nodes_.size()) nodes_.emplace_back();
  // Only one side counts where all of a range lies on it.
  const bool is_one = first == last;
  const bool is_left = (first >> (level - 1) & 1U) == 0;
  if (!is_one || is_left) nodes_[place].by_first.emplace_back(first, number);
  if (!is_one || !is_left) nodes_[place].by_last.emplace_back(last, number);
  unsorted_.push_back(place);
}

void RangeIndex::finish() {
  std::sort(unsorted_.begin(), unsorted_.end());
  unsorted_.erase(std::unique(unsorted_.begin(), unsorted_.end()), unsorted_.end());
  for (const uint32_t place : unsorted_) {
    std::sort(nodes_[place].by_first.begin(), nodes_[place].by_first.end());
    std::sort(nodes_[place].by_last.rbegin(), nodes_[place].by_last.rend());
  }
  unsorted_.clear();
}

}  // namespace kedge
