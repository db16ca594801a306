// Which of many ranges of numbers hold a given one, at a cost that grows with how many do, not with how many there are.
//
// Doubles are put in order as integers of 64 bits, whose binary digits make a tree. A range waits at the deepest node
// that it lies in as a whole: there it reaches over the middle. Of a node's ranges those hold a number left of the
// middle that begin at or before it, and likewise to the right; sorted, they are taken until one does not. A number
// meets one node on each level that has any ranges at all: at most 64.
#pragma once

#include <cstdint>
#include <span>
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
      const uint32_t end = lists_.nodes[place + 1].begin;
      if ((at >> (level - 1) & 1U) == 0) {
        for (uint32_t i = lists_.nodes[place].begin; i < end && lists_.by_first[i].at <= at; ++i) {
          hit(lists_.by_first[i].number);
        }
      } else {
        for (uint32_t i = lists_.nodes[place].begin; i < end && lists_.by_last[i].at >= at; ++i) {
          hit(lists_.by_last[i].number);
        }
      }
    }
  }

  bool empty() const { return levels_ == 0; }

 private:
  struct Range {
    uint64_t node, first, last;
    uint32_t number;
  };
  struct Bound {
    uint64_t at;
    uint32_t number;
  };
  struct Node {
    uint64_t number;
    uint32_t begin;  // of its ranges in both lists; they end where those of the next one begin
  };
  struct Lists {
    std::vector<Node> nodes;      // by number; when they are finished, one more that only ends the last
    std::vector<Bound> by_first;  // of each node ascending
    std::vector<Bound> by_last;   // of each node descending

    void reserve(size_t ranges, size_t node_count) {
      nodes.reserve(node_count + 1);
      by_first.reserve(ranges);
      by_last.reserve(ranges);
    }
    void begin_node(uint64_t number) { nodes.push_back({number, static_cast<uint32_t>(by_first.size())}); }
    void copy_node(const Lists&, size_t place);
    void add_to_last_node(std::span<const Range>);
    NumberTable places() const;
  };

  // In the order of the numbers. Neither infinities nor NaN stand at an end that is included.
  static uint64_t order_of(double value);
  // A node by its number: the digits above `level`, then a one.
  static uint64_t node_of(uint64_t at, unsigned level) {
    return (level == 64 ? 0 : at >> level << level) | uint64_t{1} << (level - 1);
  }

  NumberTable places_;  // of nodes, by number
  Lists lists_;
  std::vector<Range> added_;  // since finish()
  uint64_t levels_ = 0;       // bit n: some node of level n + 1
};

}  // namespace kedge
