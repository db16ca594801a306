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
    uint32_t child = nodes_[node].children.find(name);
    if (child == kNone) {
      child = static_cast<uint32_t>(nodes_.size());
      nodes_[node].children.add(name, child);
      nodes_[node].first_bytes.set(static_cast<unsigned char>(name.empty() ? '.' : name[0]));
      nodes_.emplace_back().parent = node;
    }
    node = child;
  }
  if (nodes_[node].path == kNone) nodes_[node].path = path_count_++;
  return nodes_[node].path;
}

uint32_t PathTree::find_child(uint32_t node, std::string_view key) const {
  const uint32_t child = nodes_[node].children.find(key);
  return child != kNone ? child : step_by_names(node, key);
}

uint32_t PathTree::step_by_names(uint32_t node, std::string_view key) const {
  if (key.find('.') == std::string_view::npos) return kNone;
  std::string_view name;
  for (bool more = true; more && node != kNone;) {
    more = next_name(key, name);
    node = nodes_[node].children.find(name);
  }
  return node;
}

}  // namespace kedge
