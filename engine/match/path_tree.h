// The paths that patterns want, as a tree of names, so that an event is walked only where one of them leads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/eight_bytes.h"
#include "event/key_table.h"

namespace kedge {

// Filled once, then read by any number of threads.
class PathTree {
 public:
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNone = KeyTable::kNone;

  PathTree() : nodes_(1) {}  // the root

  // The number of a path (names joined with dots), which it gets when it is first asked for: 0, 1, 2, …
  uint32_t add(std::string_view path);

  // The node that a member leads to. Its key may hold dots, and then leads several names down. kNone: nobody wants it.
  uint32_t step(uint32_t node, std::string_view key) const {
    return (nodes_[node].first_bytes & bit_of_first(key)) != 0 ? find_child(node, key) : kNone;
  }

  // The same where it is told at a glance, for keys without dots of up to sixteen bytes. kNone: step() tells.
  uint32_t step_at_a_glance(uint32_t node, std::string_view key) const {
    if (key.empty() || key.size() > 16) return kNone;
    const uint64_t start = first_eight(key.data(), key.size());
    const uint64_t end = key.size() > 8 ? last_eight(key.data(), key.size()) : start;
    for (uint32_t child = nodes_[node].first_child; child != kNone; child = nodes_[child].next_sibling) {
      const Node& one = nodes_[child];
      if (one.name_start == start && one.name_end == end && one.name_size == key.size()) return child;
    }
    return kNone;
  }

  // The same question, asked of a key's first byte alone: no bit, no child. Of the empty key it is '.'.
  uint64_t first_bytes(uint32_t node) const { return nodes_[node].first_bytes; }
  static uint64_t bit_of(char first) { return uint64_t{1} << (static_cast<unsigned char>(first) & 63U); }
  static bool has_bit_of(uint64_t bits, char first) {
    return (bits >> (static_cast<unsigned char>(first) & 63U) & 1U) != 0;
  }

  uint32_t path_of(uint32_t node) const { return nodes_[node].path; }  // kNone: the node only leads on
  bool leads_on(uint32_t node) const { return nodes_[node].child_count != 0; }
  size_t child_count(uint32_t node) const { return nodes_[node].child_count; }
  bool is_child(uint32_t child, uint32_t node) const { return nodes_[child].parent == node; }
  size_t node_count() const { return nodes_.size(); }
  size_t path_count() const { return path_count_; }

 private:
  // Most nodes have few children, whose names are compared one by one: their first eight bytes as one word.
  static constexpr uint32_t kFew = 8;

  struct alignas(64) Node {
    uint64_t first_bytes = 0;  // with which bytes the children's names begin, by their last six bits
    uint32_t child_count = 0;
    uint32_t first_child = kNone;  // where there are few
    uint32_t crowd = kNone;        // in crowds_, where there are more
    uint32_t path = kNone;
    uint32_t parent = kNone;
    uint32_t next_sibling = kNone;
    uint64_t name_start = 0;  // the first eight bytes
    uint64_t name_end = 0;    // the last eight, where there are more
    uint32_t name_size = 0;
    uint32_t name_place = 0;  // in names_
  };

  static uint64_t bit_of_first(std::string_view key) { return bit_of(key.empty() ? '.' : key[0]); }
  uint32_t find_child(uint32_t node, std::string_view key) const {
    const uint32_t child = find_name(node, key);
    return child != kNone ? child : step_by_names(node, key);
  }
  uint32_t find_name(uint32_t node, std::string_view name) const {
    if (nodes_[node].crowd != kNone) return crowds_[nodes_[node].crowd].find(name);
    const uint64_t start = first_eight(name.data(), name.size());
    uint32_t child = nodes_[node].first_child;
    while (child != kNone && !is_named(nodes_[child], start, name)) child = nodes_[child].next_sibling;
    return child;
  }
  bool is_named(const Node& node, uint64_t start, std::string_view name) const {
    return node.name_start == start && node.name_size == name.size() &&
           (name.size() <= 8 || name_of(node).substr(8) == name.substr(8));
  }
  std::string_view name_of(const Node& node) const {
    return std::string_view(names_).substr(node.name_place, node.name_size);
  }
  uint32_t add_child(uint32_t node, std::string_view name);
  void crowd_together(Node&);
  uint32_t step_by_names(uint32_t node, std::string_view key) const;

  std::vector<Node> nodes_;
  std::string names_;             // one behind the other
  std::vector<KeyTable> crowds_;  // children by name
  uint32_t path_count_ = 0;
};

}  // namespace kedge
