#include "audit/merkle.h"

#include <gtest/gtest.h>

#include "tests/audit/reference_tree.h"
#include "tests/audit/vectors.h"

namespace kedge {
namespace {

TEST(Merkle, HashesTheKnownEntriesToTheKnownTree) {
  MerkleFrontier tree;
  EXPECT_EQ(tree.root().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(tree.root(), empty_root());
  for (size_t i = 0; i < vectors::kEntries.size(); ++i) {
    EXPECT_EQ(leaf_hash(vectors::kEntries[i]), vectors::kLeaves[i]) << i;
    tree.append(leaf_hash(vectors::kEntries[i]));
    EXPECT_EQ(tree.root(), vectors::kRoots[i]) << i;
  }
}

TEST(Merkle, HasTheRootOfTheDefinitionAtEverySize) {
  const ReferenceTree reference(numbered_entries(1100));
  MerkleFrontier tree;
  for (uint64_t size = 0; size <= 1100; ++size) {
    ASSERT_EQ(tree.root(), reference.root(0, size)) << size;
    if (size < 1100) tree.append(leaf_hash(reference.entries()[size]));
  }
}

TEST(Merkle, HasTheRootOfTheDefinitionWhereATileOfLevelTwoBegins) {
  const ReferenceTree reference(numbered_entries(65540));
  MerkleFrontier tree;
  for (uint64_t size = 0; size <= 65540; ++size) {
    if (size >= 65530) {
      ASSERT_EQ(tree.root(), reference.root(0, size)) << size;
    }
    if (size < 65540) tree.append(leaf_hash(reference.entries()[size]));
  }
}

TEST(Merkle, KnowsTheSubtreesThatAnAppendCompletes) {
  const ReferenceTree reference(numbered_entries(600));
  MerkleFrontier tree;
  for (const std::string& entry : reference.entries()) {
    tree.append(leaf_hash(entry));
    for (unsigned level = 0; tree.size() % (uint64_t{1} << level) == 0; ++level) {
      const uint64_t from = tree.size() - (uint64_t{1} << level);
      ASSERT_EQ(tree.completed(level), reference.root(from, tree.size())) << level << " at " << tree.size();
    }
  }
}

// The roots of the perfect subtrees that a tree of `size` consists of.
std::vector<Digest> subtrees(const ReferenceTree& tree, uint64_t size) {
  std::vector<Digest> roots;
  uint64_t from = 0;
  for (uint64_t bit = uint64_t{1} << 40; bit > 0; bit /= 2) {
    if ((size & bit) == 0) continue;
    roots.push_back(tree.root(from, from + bit));
    from += bit;
  }
  return roots;
}

TEST(Merkle, GoesOnFromTheSubtreesOfAnySize) {
  const ReferenceTree reference(numbered_entries(300));
  for (uint64_t size = 0; size <= 260; ++size) {
    auto tree = MerkleFrontier::from_subtrees(size, subtrees(reference, size));
    ASSERT_TRUE(tree.ok()) << size;
    ASSERT_EQ(tree->root(), reference.root(0, size));
    while (tree->size() < size + 40) tree->append(leaf_hash(reference.entries()[tree->size()]));
    ASSERT_EQ(tree->root(), reference.root(0, size + 40)) << size;
  }
}

TEST(Merkle, RefusesAnotherNumberOfSubtrees) {
  EXPECT_FALSE(MerkleFrontier::from_subtrees(5, {Digest{}}).ok());
  EXPECT_FALSE(MerkleFrontier::from_subtrees(4, {Digest{}, Digest{}}).ok());
  EXPECT_FALSE(MerkleFrontier::from_subtrees(kTreeSizeMax + 1, {Digest{}}).ok());
}

TEST(Merkle, FoldsAPerfectTreeInPlace) {
  const ReferenceTree reference(numbered_entries(256));
  for (size_t count = 1; count <= 256; count *= 2) {
    std::vector<Digest> hashes;
    for (size_t i = 0; i < count; ++i) hashes.push_back(leaf_hash(reference.entries()[i]));
    EXPECT_EQ(perfect_root(hashes.data(), count), reference.root(0, count)) << count;
  }
}

}  // namespace
}  // namespace kedge
