#include "host/watch_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"

namespace kedge {
namespace {

constexpr auto kNone = WatchTree::kNone;

std::set<int> removed(WatchTree& tree, WatchTree::Node node) {
  std::set<int> watches;
  tree.remove(node, [&](int watch) { watches.insert(watch); });
  return watches;
}

TEST(WatchTree, APathIsWhatTheNamesSay) {
  WatchTree tree;
  const auto usr = tree.add_top("/usr", 1);
  const auto share = tree.add(usr, "share", 2);
  EXPECT_EQ(tree.path(usr), "/usr");
  EXPECT_EQ(tree.path(tree.add(share, "doc", 3)), "/usr/share/doc");
  const auto all = tree.add_top("/", 4);
  EXPECT_EQ(tree.path(all), "/");
  EXPECT_EQ(tree.path(tree.add(all, "etc", 5)), "/etc");
}

TEST(WatchTree, AMoveTakesAllBelowWithIt) {
  WatchTree tree;
  const auto root = tree.add_top("/r", 1);
  const auto a = tree.add(root, "a", 2);
  const auto below = tree.add(a, "below", 3);
  const auto b = tree.add(root, "b", 4);
  tree.detach(a);
  EXPECT_EQ(tree.child(root, "a"), kNone);
  tree.attach(a, b, "c");
  EXPECT_EQ(tree.path(below), "/r/b/c/below");
  EXPECT_EQ(tree.child(b, "c"), a);
}

TEST(WatchTree, OfTwoNodesWithOneWatchTheLastLetsItGo) {
  WatchTree tree;
  const auto root = tree.add_top("/r", 1);
  const auto one = tree.add(root, "one", 7);
  const auto two = tree.add(root, "two", 7);
  EXPECT_NE(tree.next_with_same(tree.first_with(7)), kNone);
  EXPECT_EQ(removed(tree, one), std::set<int>{});
  EXPECT_EQ(tree.first_with(7), two);
  EXPECT_EQ(removed(tree, two), std::set<int>{7});
  EXPECT_EQ(tree.first_with(7), kNone);
}

// The tree as two maps would have it.
TEST(WatchTree, DoesWhatMapsWouldDo) {
  Random random(1);
  WatchTree tree;
  const auto root = tree.add_top("/r", 0);
  std::map<std::string, WatchTree::Node> nodes{{"/r", root}};
  const auto any = [&] { return *std::next(nodes.begin(), static_cast<long>(random.below(nodes.size()))); };
  for (int watch = 1; watch < 20'000; ++watch) {
    const auto [path, node] = any();
    const std::string name = std::string(1 + random.below(40), 'x') + std::to_string(watch);
    if (nodes.size() < 500 && random.below(3) != 0) {
      nodes[path + "/" + name] = tree.add(node, name, watch);
      continue;
    }
    if (node == root) continue;
    std::map<std::string, WatchTree::Node> moved;
    for (auto one = nodes.lower_bound(path); one != nodes.end() && one->first.compare(0, path.size(), path) == 0;) {
      const bool below = one->first.size() == path.size() || one->first[path.size()] == '/';
      if (below) moved.insert({one->first.substr(path.size()), one->second});
      one = below ? nodes.erase(one) : std::next(one);
    }
    if (random.below(4) == 0) {
      EXPECT_EQ(removed(tree, node).size(), moved.size());
      continue;
    }
    const auto [parent_path, parent] = any();
    tree.detach(node);
    tree.attach(node, parent, name);
    for (const auto& [rest, one] : moved) nodes[parent_path + "/" + name + rest] = one;
  }
  ASSERT_EQ(tree.size(), nodes.size());
  for (const auto& [path, node] : nodes) {
    ASSERT_EQ(tree.path(node), path);
    ASSERT_EQ(tree.first_with(tree.watch(node)), node);
    if (node != root) {
      ASSERT_EQ(tree.child(tree.parent(node), tree.name(node)), node);
    }
  }
}

}  // namespace
}  // namespace kedge
