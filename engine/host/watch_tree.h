// WatchTree: the directories that are watched, in as little memory as they need (about 45 bytes and the name for each).
//
// A watch's number belongs to a directory, whatever it is called at the moment: a directory knows its parent and its
// own name, so that a move changes one node, and the path of everything below it with it. Where one directory is seen
// at two paths (a bind mount; a move that is not told yet) two nodes have the same watch.
//
// A value without I/O. Nodes are numbers, good until removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

class WatchTree {
 public:
  using Node = uint32_t;
  static constexpr Node kNone = UINT32_MAX;

  WatchTree();

  // A top has a path for a name, and no parent.
  Node add_top(std::string_view path, int watch);
  Node add(Node parent, std::string_view name, int watch);  // there is no such child yet

  // Calls `unwatched(watch)` for each watch that no node has any more.
  template <class Unwatched>
  void remove(Node node, const Unwatched& unwatched) {
    for (Node one = node, above = kNone;; one = above) {
      while (nodes_[one].child != kNone) one = nodes_[one].child;
      above = nodes_[one].parent;
      const int watch = nodes_[one].watch;
      forget(one);
      if (first_with(watch) == kNone) unwatched(watch);
      if (one == node) return;
    }
  }

  // A node out of its place, with all below it: it has no parent, and no path, until it is attached again.
  void detach(Node);
  void attach(Node, Node parent, std::string_view name);

  Node child(Node parent, std::string_view name) const;
  Node first_with(int watch) const;                                    // kNone: nobody has it
  Node next_with_same(Node node) const { return nodes_[node].alias; }  // the next of those with the same watch
  Node first_child(Node node) const { return nodes_[node].child; }
  Node next_sibling(Node node) const { return nodes_[node].next; }
  Node parent(Node node) const { return nodes_[node].parent; }
  int watch(Node node) const { return nodes_[node].watch; }
  std::string_view name(Node node) const { return &names_[nodes_[node].name]; }
  std::string path(Node) const;

  size_t size() const { return size_; }

 private:
  struct Entry {
    Node parent = kNone;
    Node child = kNone;
    Node next = kNone;
    Node before = kNone;
    Node alias = kNone;
    uint32_t name = 0;  // where it begins in names_
    int watch = -1;     // negative: this place is free
  };

  // Node numbers, found by something that the nodes say of themselves: open addressing, at most three quarters full.
  class Index {
   public:
    template <class Matches>
    Node find(uint64_t hash, const Matches& matches) const {
      if (places_.empty()) return kNone;
      for (size_t i = hash & mask();; i = (i + 1) & mask()) {
        if (places_[i] == kNone || matches(places_[i])) return places_[i];
      }
    }
    template <class HashOf>
    void insert(Node node, const HashOf& hash_of) {
      if ((used_ + 1) * 4 > places_.size() * 3) grow(hash_of);
      put(node, hash_of(node));
      ++used_;
    }
    template <class HashOf>
    void erase(Node node, const HashOf& hash_of) {
      size_t hole = hash_of(node) & mask();
      while (places_[hole] != node) hole = (hole + 1) & mask();
      // What stands behind it and would not be found over a hole moves into it.
      for (size_t i = (hole + 1) & mask(); places_[i] != kNone; i = (i + 1) & mask()) {
        const size_t home = hash_of(places_[i]) & mask();
        if (((i - home) & mask()) < ((i - hole) & mask())) continue;
        places_[hole] = places_[i];
        hole = i;
      }
      places_[hole] = kNone;
      --used_;
    }

   private:
    size_t mask() const { return places_.size() - 1; }
    void put(Node node, uint64_t hash) {
      size_t i = hash & mask();
      while (places_[i] != kNone) i = (i + 1) & mask();
      places_[i] = node;
    }
    template <class HashOf>
    void grow(const HashOf& hash_of) {
      const std::vector<Node> old = std::move(places_);
      places_.assign(old.empty() ? 64 : old.size() * 2, kNone);
      for (const Node node : old) {
        if (node != kNone) put(node, hash_of(node));
      }
    }

    std::vector<Node> places_;
    size_t used_ = 0;
  };

  Node make(std::string_view name, int watch);
  void forget(Node);  // has no children
  void link(Node, Node parent);
  void unlink(Node);
  void number(Node);  // makes it found by its watch
  void unnumber(Node);
  uint32_t keep(std::string_view name);
  void drop_name(uint32_t name);

  uint64_t place_hash(Node) const;
  uint64_t watch_hash(Node) const;

  std::vector<Entry> nodes_;
  Node free_ = kNone;  // the first free place; the others by `next`
  size_t size_ = 0;
  Index by_place_;  // parent and name
  Index by_watch_;  // the first of each chain of aliases
  std::vector<char> names_;
  size_t names_dropped_ = 0;  // bytes in names_ that nobody uses
};

}  // namespace kedge
