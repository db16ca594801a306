// Which of many ranges of numbers hold a given one, at a cost that grows with how many do, not with how many there are.
//
// Doubles are put in order as integers of 64 bits, whose binary digits make a tree. A range waits at the deepest node
// that it lies in as a whole: there it reaches over the middle. Of a node's ranges those hold a number left of the
// middle that begin at or before it, and likewise to the right; sorted, they are taken until one does not. A number
// meets one node on each level that has any ranges at all: at most 64.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "match/number_table.h"
#include "match/pattern.h"

namespace kedge {

// Filled by add(), made ready by finish(), and so on; then asked by any number of threads.
class RangeIndex {
 public:
  void add(const InRange& range, uint32_t number);
  void finish();

  template <class Hit>
  void find(double value, const Hit& hit) const {
    const uint64_t at = order_of(value);
    for (uint64_t levels = levels_; levels != 0; levels &= levels - 1) {
      const auto level = static_cast<unsigned>(__builtin_ctzll(levels)) + 1;
      const uint32_t place = places_.find(node_of(at, level));
      if (place == NumberTable::kNone) continue;
      const Node& node = nodes_[place];
      if ((at >> (level - 1) & 1U) == 0) {
        for (auto one = node.by_first.begin(); one != node.by_first.end() && one->first <= at; ++one) hit(one->second);
      } else {
        for (auto one = node.by_last.begin(); one != node.by_last.end() && one->first >= at; ++one) hit(one->second);
      }
    }
  }

  bool empty() const { return nodes_.empty(); }

 private:
  using Bounds = std::vector<std::pair<uint64_t, uint32_t>>;
  struct Node {
    Bounds by_first;  // ascending
    Bounds by_last;   // descending
  };

  // In the order of the numbers. Neither infinities nor NaN stand at an end that is included.
  static uint64_t order_of(double value);
  // A node by its number: the digits above `level`, then a one.
  static uint64_t node_of(uint64_t at, unsigned level) {
    return (level == 64 ? 0 : at >> level << level) | uint64_t{1} << (level - 1);
  }

  NumberTable places_;  // by node
  std::vector<Node> nodes_;
  std::vector<uint32_t> unsorted_;  // nodes
  uint64_t levels_ = 0;             // bit n: some node of level n + 1
};

}  // namespace kedge
