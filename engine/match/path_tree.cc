#include "match/path_tree.h"

namespace kedge {
namespace {

// Cuts the first name off `rest`; false when it was the last one.
bool next_name(std::string_view& rest, std::string_view& name) {
  const size_t dot = rest.find('.');
  name = rest.substr(0, dot);
  if (dot == std::string_view::npos) return false;
  rest.remove_prefix(dot + 1);
  return true;
}

}  // namespace

uint32_t PathTree::add(std::string_view path) {
  uint32_t node = kRoot;
  std::string_view name;
  for (bool more = true; more;) {
    more = next_name(path, name);
    uint32_t child = find_name(node, name);
    if (child == kNone) child = add_child(node, name);
    node = child;
  }
  if (nodes_[node].path == kNone) nodes_[node].path = path_count_++;
  return nodes_[node].path;
}

uint32_t PathTree::add_child(uint32_t parent, std::string_view name) {
  const auto number = static_cast<uint32_t>(nodes_.size());
  Node& child = nodes_.emplace_back();
  child.parent = parent;
  child.name_start = first_eight(name.data(), name.size());
  child.name_end = name.size() > 8 ? last_eight(name.data(), name.size()) : child.name_start;
  child.name_size = static_cast<uint32_t>(name.size());
  child.name_place = static_cast<uint32_t>(names_.size());
  names_ += name;
  Node& node = nodes_[parent];
  node.first_bytes |= bit_of_first(name);
  ++node.child_count;
  if (node.crowd != kNone) {
    crowds_[node.crowd].add(name, number);
    return number;
  }
  child.next_sibling = node.first_child;
  node.first_child = number;
  if (node.child_count > kFew) crowd_together(node);
  return number;
}

void PathTree::crowd_together(Node& node) {
  node.crowd = static_cast<uint32_t>(crowds_.size());
  KeyTable& crowd = crowds_.emplace_back();
  for (uint32_t one = node.first_child; one != kNone; one = nodes_[one].next_sibling) {
    crowd.add(name_of(nodes_[one]), one);
  }
  node.first_child = kNone;
}

uint32_t PathTree::step_by_names(uint32_t node, std::string_view key) const {
  if (key.find('.') == std::string_view::npos) return kNone;
  std::string_view name;
  for (bool more = true; more && node != kNone;) {
    more = next_name(key, name);
    node = find_name(node, name);
  }
  return node;
}

}  // namespace kedge
