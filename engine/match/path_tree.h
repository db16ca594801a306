// The paths that patterns want, as a tree of names, so that an event is walked only where one of them leads.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "event/key_table.h"

namespace kedge {

// Filled once, then read by any number of threads.
class PathTree {
 public:
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNone = KeyTable::kNone;

  PathTree() : nodes_(1) {}

  // The number of a path (names joined with dots), which it gets when it is first asked for: 0, 1, 2, …
  uint32_t add(std::string_view path);

  // The node that a member leads to. Its key may hold dots, and then leads several names down. kNone: nobody wants it.
  uint32_t step(uint32_t node, std::string_view key) const {
    const auto first = static_cast<unsigned char>(key.empty() ? '.' : key[0]);
    return nodes_[node].first_bytes[first] ? find_child(node, key) : kNone;
  }

  uint32_t path_of(uint32_t node) const { return nodes_[node].path; }  // kNone: the node only leads on
  bool leads_on(uint32_t node) const { return !nodes_[node].children.empty(); }
  size_t child_count(uint32_t node) const { return nodes_[node].children.size(); }
  bool is_child(uint32_t child, uint32_t node) const { return nodes_[child].parent == node; }
  size_t node_count() const { return nodes_.size(); }
  size_t path_count() const { return path_count_; }

 private:
  struct Node {
    KeyTable children;             // by one name
    std::bitset<256> first_bytes;  // with which bytes their names begin; '.' stands for the empty name
    uint32_t path = kNone;
    uint32_t parent = kNone;
  };
  uint32_t find_child(uint32_t node, std::string_view key) const;
  uint32_t step_by_names(uint32_t node, std::string_view key) const;

  std::vector<Node> nodes_;
  uint32_t path_count_ = 0;
};

}  // namespace kedge
