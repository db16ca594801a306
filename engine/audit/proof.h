// Proofs (RFC 9162 §2.1.3 and §2.1.4): that an entry is in a tree, and that a tree is the beginning of a larger one.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "audit/merkle.h"
#include "base/hash.h"
#include "base/result.h"

namespace kedge {

// Gives the root of the perfect subtree of the leaves index * 2^level to (index + 1) * 2^level - 1. Asked for such
// alone as the tree has in whole; its errors are handed on.
using NodeReader = std::function<Result<Digest>(unsigned level, uint64_t index)>;

Result<Digest> tree_root(uint64_t size, const NodeReader&);

// The siblings from the leaf up. index < size, else an error (invalid).
Result<std::vector<Digest>> inclusion_proof(uint64_t index, uint64_t size, const NodeReader&);

// That the tree of `old_size` entries is the beginning of that of `size`. Empty when they are the same, or the old one
// is empty. old_size <= size, else an error (invalid).
Result<std::vector<Digest>> consistency_proof(uint64_t old_size, uint64_t size, const NodeReader&);

// An error (refused) when the proof does not show it.
Result<void> check_inclusion(const Digest& leaf, uint64_t index, uint64_t size, const std::vector<Digest>& proof,
                             const Digest& root);
Result<void> check_consistency(uint64_t old_size, const Digest& old_root, uint64_t size, const Digest& root,
                               const std::vector<Digest>& proof);

}  // namespace kedge
