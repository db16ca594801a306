#include "host/watch_tree.h"

#include <cstring>

namespace kedge {
namespace {

constexpr int kFree = -1;
constexpr size_t kNamesKept = 64U << 10U;  // fewer bytes of dropped names are not worth a round

uint64_t mixed(uint64_t x) {
  x ^= x >> 32U;
  x *= 0x9E3779B97F4A7C15U;
  return x ^ x >> 29U;
}

uint64_t hash(WatchTree::Node parent, std::string_view name) {
  uint64_t x = 0xCBF29CE484222325U ^ parent;
  for (const char one : name) x = (x ^ static_cast<unsigned char>(one)) * 0x100000001B3U;
  return mixed(x);
}

}  // namespace

WatchTree::WatchTree() = default;

WatchTree::Node WatchTree::add_top(std::string_view path, int watch) { return make(path, watch); }

WatchTree::Node WatchTree::add(Node parent, std::string_view name, int watch) {
  const Node node = make(name, watch);
  link(node, parent);
  return node;
}

void WatchTree::detach(Node node) { unlink(node); }

void WatchTree::attach(Node node, Node parent, std::string_view name) {
  const uint32_t old = nodes_[node].name;
  nodes_[node].name = keep(name);
  drop_name(old);
  link(node, parent);
}

WatchTree::Node WatchTree::child(Node parent, std::string_view wanted) const {
  return by_place_.find(hash(parent, wanted),
                        [&](Node one) { return nodes_[one].parent == parent && name(one) == wanted; });
}

WatchTree::Node WatchTree::first_with(int watch) const {
  return by_watch_.find(mixed(static_cast<uint64_t>(watch)), [&](Node one) { return nodes_[one].watch == watch; });
}

std::string WatchTree::path(Node node) const {
  size_t size = 0;
  for (Node one = node; one != kNone; one = nodes_[one].parent) size += name(one).size() + 1;
  std::string path(size, '/');
  size_t end = size;
  for (Node one = node; one != kNone; one = nodes_[one].parent) {
    const std::string_view part = name(one);
    end -= part.size();
    std::memcpy(path.data() + end, part.data(), part.size());
    if (nodes_[one].parent != kNone && !(name(nodes_[one].parent) == "/")) --end;  // the slash is there already
  }
  return path.substr(end);
}

WatchTree::Node WatchTree::make(std::string_view name, int watch) {
  Node node = free_;
  if (node == kNone) {
    node = static_cast<Node>(nodes_.size());
    nodes_.emplace_back();
  } else {
    free_ = nodes_[node].next;
    nodes_[node] = Entry{};
  }
  nodes_[node].name = keep(name);
  nodes_[node].watch = watch;
  number(node);
  ++size_;
  return node;
}

void WatchTree::forget(Node node) {
  unlink(node);
  unnumber(node);
  nodes_[node].watch = kFree;
  nodes_[node].next = free_;
  free_ = node;
  --size_;
  drop_name(nodes_[node].name);
}

void WatchTree::link(Node node, Node parent) {
  Entry& entry = nodes_[node];
  entry.parent = parent;
  entry.next = nodes_[parent].child;
  entry.before = kNone;
  if (entry.next != kNone) nodes_[entry.next].before = node;
  nodes_[parent].child = node;
  by_place_.insert(node, [this](Node one) { return place_hash(one); });
}

void WatchTree::unlink(Node node) {
  Entry& entry = nodes_[node];
  if (entry.parent == kNone) return;
  by_place_.erase(node, [this](Node one) { return place_hash(one); });
  if (entry.next != kNone) nodes_[entry.next].before = entry.before;
  (entry.before != kNone ? nodes_[entry.before].next : nodes_[entry.parent].child) = entry.next;
  entry.parent = entry.next = entry.before = kNone;
}

void WatchTree::number(Node node) {
  const Node first = first_with(nodes_[node].watch);
  if (first == kNone) return by_watch_.insert(node, [this](Node one) { return watch_hash(one); });
  nodes_[node].alias = nodes_[first].alias;
  nodes_[first].alias = node;
}

void WatchTree::unnumber(Node node) {
  const auto hash_of = [this](Node one) { return watch_hash(one); };
  const Node first = first_with(nodes_[node].watch);
  const Node after = nodes_[node].alias;
  if (first == node) {
    by_watch_.erase(node, hash_of);
    if (after != kNone) by_watch_.insert(after, hash_of);
  } else {
    Node before = first;
    while (nodes_[before].alias != node) before = nodes_[before].alias;
    nodes_[before].alias = after;
  }
  nodes_[node].alias = kNone;
}

uint32_t WatchTree::keep(std::string_view name) {
  const auto begin = static_cast<uint32_t>(names_.size());
  names_.insert(names_.end(), name.begin(), name.end());
  names_.push_back('\0');
  return begin;
}

// When more than half of the bytes are of no use, the others move together.
void WatchTree::drop_name(uint32_t name) {
  names_dropped_ += std::strlen(&names_[name]) + 1;
  if (names_dropped_ < kNamesKept || names_dropped_ * 2 < names_.size()) return;
  const std::vector<char> old = std::move(names_);
  names_.clear();
  names_.reserve(old.size() - names_dropped_);
  names_dropped_ = 0;
  for (Entry& entry : nodes_) {
    if (entry.watch != kFree) entry.name = keep(&old[entry.name]);
  }
}

uint64_t WatchTree::place_hash(Node node) const { return hash(nodes_[node].parent, name(node)); }
uint64_t WatchTree::watch_hash(Node node) const { return mixed(static_cast<uint64_t>(nodes_[node].watch)); }

}  // namespace kedge
