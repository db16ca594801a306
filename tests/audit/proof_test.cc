#include "audit/proof.h"

#include <gtest/gtest.h>

#include "tests/audit/reference_tree.h"
#include "tests/audit/vectors.h"

namespace kedge {
namespace {

NodeReader nodes_of(const ReferenceTree& tree) {
  return [&tree](unsigned level, uint64_t index) -> Result<Digest> {
    const uint64_t from = index << level;
    const uint64_t to = from + (uint64_t{1} << level);
    if (to > tree.entries().size()) return Error{ErrorCode::internal, "asked for what is not there"};
    return tree.root(from, to);
  };
}

TEST(Proof, OfTheKnownTreeIsTheKnownOne) {
  const ReferenceTree tree(vectors::kEntries);
  EXPECT_EQ(*inclusion_proof(2, 5, nodes_of(tree)), vectors::kInclusion);
  EXPECT_EQ(*consistency_proof(3, 5, nodes_of(tree)), vectors::kConsistency);
  EXPECT_TRUE(check_inclusion(vectors::kLeaves[2], 2, 5, vectors::kInclusion, vectors::kRoots[4]).ok());
  EXPECT_TRUE(check_consistency(3, vectors::kRoots[2], 5, vectors::kRoots[4], vectors::kConsistency).ok());
}

// Holds one inclusion proof against the definition, and bends it.
void judge_inclusion(const ReferenceTree& tree, const NodeReader& nodes, uint64_t index, uint64_t size) {
  const auto proof = inclusion_proof(index, size, nodes);
  ASSERT_TRUE(proof.ok());
  ASSERT_EQ(*proof, tree.path(index, 0, size)) << index << " in " << size;
  const Digest root = tree.root(0, size);
  const Digest leaf = tree.root(index, index + 1);
  ASSERT_TRUE(check_inclusion(leaf, index, size, *proof, root).ok()) << index << " in " << size;
  ASSERT_FALSE(check_inclusion(leaf, index ^ 1, size, *proof, root).ok() && size > 1) << index << " in " << size;
  ASSERT_FALSE(check_inclusion(node_hash(leaf, leaf), index, size, *proof, root).ok());
}

void judge_consistency(const ReferenceTree& tree, const NodeReader& nodes, uint64_t old_size, uint64_t size) {
  const auto proof = consistency_proof(old_size, size, nodes);
  ASSERT_TRUE(proof.ok());
  if (old_size > 0) {
    ASSERT_EQ(*proof, tree.proof(old_size, size)) << old_size << " to " << size;
  }
  const Digest old_root = tree.root(0, old_size);
  const Digest root = tree.root(0, size);
  ASSERT_TRUE(check_consistency(old_size, old_root, size, root, *proof).ok()) << old_size << " to " << size;
  ASSERT_FALSE(check_consistency(old_size, node_hash(root, root), size, root, *proof).ok());
  if (old_size > 0) {
    ASSERT_FALSE(check_consistency(old_size, old_root, size, node_hash(root, root), *proof).ok());
  }
}

TEST(InclusionProof, IsTheDefinitionsForEveryEntryOfEverySize) {
  const ReferenceTree tree(numbered_entries(1100));
  const NodeReader nodes = nodes_of(tree);
  for (uint64_t size = 1; size <= 1100; ++size) {
    const uint64_t step = size <= 140 ? 1 : 37;
    for (uint64_t index = 0; index < size; index += step) judge_inclusion(tree, nodes, index, size);
    judge_inclusion(tree, nodes, size - 1, size);
    if (HasFatalFailure()) return;
  }
}

TEST(ConsistencyProof, IsTheDefinitionsForEveryPairOfSizes) {
  const ReferenceTree tree(numbered_entries(1100));
  const NodeReader nodes = nodes_of(tree);
  for (uint64_t size = 0; size <= 1100; ++size) {
    const uint64_t step = size <= 140 ? 1 : 37;
    for (uint64_t old_size = 0; old_size <= size; old_size += step) judge_consistency(tree, nodes, old_size, size);
    judge_consistency(tree, nodes, size, size);
    if (HasFatalFailure()) return;
  }
}

TEST(Proof, IsTheDefinitionsWhereATileOfLevelTwoBegins) {
  const ReferenceTree tree(numbered_entries(65540));
  const NodeReader nodes = nodes_of(tree);
  for (uint64_t size = 65533; size <= 65540; ++size) {
    for (const uint64_t at : {0, 1, 255, 256, 32767, 32768, 65279, 65280, 65530}) {
      judge_inclusion(tree, nodes, at, size);
      judge_consistency(tree, nodes, at, size);
    }
    judge_inclusion(tree, nodes, size - 1, size);
    judge_consistency(tree, nodes, size - 1, size);
    if (HasFatalFailure()) return;
  }
}

TEST(Proof, EveryBitOfItCounts) {
  const ReferenceTree tree(numbered_entries(70));
  const NodeReader nodes = nodes_of(tree);
  const Digest root = tree.root(0, 70);
  const auto inclusion = inclusion_proof(20, 70, nodes).value();
  const auto consistency = consistency_proof(20, 70, nodes).value();
  const auto bent = [](std::vector<Digest> proof, size_t hash, size_t bit) {
    proof[hash].bytes[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    return proof;
  };
  for (size_t bit = 0; bit < 256; ++bit) {
    for (size_t i = 0; i < inclusion.size(); ++i) {
      EXPECT_FALSE(check_inclusion(tree.root(20, 21), 20, 70, bent(inclusion, i, bit), root).ok());
    }
    for (size_t i = 0; i < consistency.size(); ++i) {
      EXPECT_FALSE(check_consistency(20, tree.root(0, 20), 70, root, bent(consistency, i, bit)).ok());
    }
  }
}

TEST(Proof, OfAnotherLengthIsRefused) {
  const ReferenceTree tree(numbered_entries(70));
  const NodeReader nodes = nodes_of(tree);
  const auto inclusion = inclusion_proof(69, 70, nodes).value();
  const auto consistency = consistency_proof(64, 70, nodes).value();
  for (const int difference : {-1, 1}) {
    auto bent = inclusion;
    bent.resize(inclusion.size() + difference);
    EXPECT_FALSE(check_inclusion(tree.root(69, 70), 69, 70, bent, tree.root(0, 70)).ok());
    bent = consistency;
    bent.resize(consistency.size() + difference);
    EXPECT_FALSE(check_consistency(64, tree.root(0, 64), 70, tree.root(0, 70), bent).ok());
  }
  EXPECT_FALSE(check_consistency(5, tree.root(0, 5), 70, tree.root(0, 70), {}).ok());
  EXPECT_FALSE(check_consistency(5, tree.root(0, 5), 5, tree.root(0, 5), {Digest{}}).ok());
}

TEST(Proof, BeyondTheTreeIsAnError) {
  const ReferenceTree tree(numbered_entries(5));
  EXPECT_EQ(inclusion_proof(5, 5, nodes_of(tree)).error().code, ErrorCode::invalid);
  EXPECT_EQ(consistency_proof(6, 5, nodes_of(tree)).error().code, ErrorCode::invalid);
  EXPECT_FALSE(check_inclusion(tree.root(0, 1), 5, 5, {}, tree.root(0, 5)).ok());
  EXPECT_FALSE(check_consistency(6, tree.root(0, 5), 5, tree.root(0, 5), {}).ok());
}

}  // namespace
}  // namespace kedge
