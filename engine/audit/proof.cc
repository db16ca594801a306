#include "audit/proof.h"

#include <bit>

namespace kedge {
namespace {

// Leaves from..to-1 of a tree, as its definition splits it: every subtree on the left is perfect.
struct Range {
  uint64_t from;
  uint64_t to;

  uint64_t size() const { return to - from; }
  uint64_t middle() const { return from + std::bit_floor(size() - 1); }  // of two leaves and more
  Range left() const { return {from, middle()}; }
  Range right() const { return {middle(), to}; }
};

Result<Digest> root_of(Range range, const NodeReader& node) {
  if (std::has_single_bit(range.size())) {
    const auto level = static_cast<unsigned>(std::countr_zero(range.size()));
    return node(level, range.from >> level);
  }
  const auto left = root_of(range.left(), node);
  if (!left) return left;
  const auto right = root_of(range.right(), node);
  if (!right) return right;
  return node_hash(*left, *right);
}

Result<void> add_root(Range range, const NodeReader& node, std::vector<Digest>& proof) {
  const auto root = root_of(range, node);
  if (!root) return root.error();
  proof.push_back(*root);
  return {};
}

// PATH of RFC 9162 §2.1.3.1.
Result<void> add_path(uint64_t index, Range range, const NodeReader& node, std::vector<Digest>& proof) {
  if (range.size() == 1) return {};
  const bool left = index < range.middle();
  if (auto done = add_path(index, left ? range.left() : range.right(), node, proof); !done) return done;
  return add_root(left ? range.right() : range.left(), node, proof);
}

// SUBPROOF of RFC 9162 §2.1.4.1; `whole`: the verifier knows the root of the old tree, which is this range.
Result<void> add_subproof(uint64_t old_size, Range range, bool whole, const NodeReader& node,
                          std::vector<Digest>& proof) {
  if (old_size == range.to) {
    if (whole) return {};
    return add_root(range, node, proof);
  }
  if (old_size <= range.middle()) {
    if (auto done = add_subproof(old_size, range.left(), whole, node, proof); !done) return done;
    return add_root(range.right(), node, proof);
  }
  if (auto done = add_subproof(old_size, range.right(), false, node, proof); !done) return done;
  return add_root(range.left(), node, proof);
}

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }
Error refused(std::string message) { return {ErrorCode::refused, std::move(message)}; }

}  // namespace

Result<Digest> tree_root(uint64_t size, const NodeReader& node) {
  if (size == 0) return empty_root();
  return root_of({0, size}, node);
}

Result<std::vector<Digest>> inclusion_proof(uint64_t index, uint64_t size, const NodeReader& node) {
  if (index >= size) {
    return invalid("a log of " + std::to_string(size) + " entries has no entry " + std::to_string(index));
  }
  std::vector<Digest> proof;
  if (const auto done = add_path(index, {0, size}, node, proof); !done) return done.error();
  return proof;
}

Result<std::vector<Digest>> consistency_proof(uint64_t old_size, uint64_t size, const NodeReader& node) {
  if (old_size > size) {
    return invalid("a log of " + std::to_string(size) + " entries does not begin with " + std::to_string(old_size));
  }
  std::vector<Digest> proof;
  if (old_size == 0) return proof;
  if (const auto done = add_subproof(old_size, {0, size}, true, node, proof); !done) return done.error();
  return proof;
}

// RFC 9162 §2.1.3.2.
Result<void> check_inclusion(const Digest& leaf, uint64_t index, uint64_t size, const std::vector<Digest>& proof,
                             const Digest& root) {
  if (index >= size) {
    return refused("a log of " + std::to_string(size) + " entries has no entry " + std::to_string(index));
  }
  uint64_t at = index;
  uint64_t last = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return refused("the proof has more hashes than the tree has levels");
    if (at % 2 == 1 || at == last) {
      hash = node_hash(sibling, hash);
      for (; at % 2 == 0 && at != 0; at /= 2) last /= 2;
    } else {
      hash = node_hash(hash, sibling);
    }
    at /= 2;
    last /= 2;
  }
  if (last != 0) return refused("the proof has fewer hashes than the tree has levels");
  if (hash != root) return refused("the proof leads to another root");
  return {};
}

// RFC 9162 §2.1.4.2.
Result<void> check_consistency(uint64_t old_size, const Digest& old_root, uint64_t size, const Digest& root,
                               const std::vector<Digest>& proof) {
  if (old_size > size) return refused("the log has become shorter");
  if (old_size == size || old_size == 0) {
    const Digest expected = old_size == 0 ? empty_root() : root;
    if (!proof.empty()) return refused("the proof should be empty");
    if (old_root != expected) return refused("there are two roots of one size");
    return {};
  }
  std::vector<Digest> path = proof;
  if (std::has_single_bit(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return refused("the proof has fewer hashes than the tree has levels");
  uint64_t at = old_size - 1;
  uint64_t last = size - 1;
  for (; at % 2 == 1; at /= 2) last /= 2;
  Digest old_hash = path.front();
  Digest hash = path.front();
  for (auto sibling = path.begin() + 1; sibling != path.end(); ++sibling) {
    if (last == 0) return refused("the proof has more hashes than the tree has levels");
    if (at % 2 == 1 || at == last) {
      old_hash = node_hash(*sibling, old_hash);
      hash = node_hash(*sibling, hash);
      for (; at % 2 == 0 && at != 0; at /= 2) last /= 2;
    } else {
      hash = node_hash(hash, *sibling);
    }
    at /= 2;
    last /= 2;
  }
  if (last != 0) return refused("the proof has fewer hashes than the tree has levels");
  if (old_hash != old_root) return refused("the proof does not lead to the old root");
  if (hash != root) return refused("the proof does not lead to the new root");
  return {};
}

}  // namespace kedge
