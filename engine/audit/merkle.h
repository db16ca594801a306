// The Merkle tree of RFC 6962 §2.1, over SHA-256: what an entry and a node hash to, and the root of a tree that grows.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"

namespace kedge {

// So many entries a log can have: what fits a signed number, so that every tool can read a size.
inline constexpr uint64_t kTreeSizeMax = INT64_MAX;

Digest leaf_hash(std::string_view entry);                   // SHA-256(0x00 || entry)
Digest node_hash(const Digest& left, const Digest& right);  // SHA-256(0x01 || left || right)
Digest empty_root();                                        // SHA-256(""): of a tree without entries

// The right edge of a tree: all that is needed to append to it and to know its root. At most 64 hashes.
class MerkleFrontier {
 public:
  MerkleFrontier() = default;  // of the empty tree

  // Of a tree of `size` entries, from the roots of the perfect subtrees that it consists of, largest (and so first) to
  // smallest: one for each bit of `size` that is 1. Any other number of them is an error (invalid).
  static Result<MerkleFrontier> from_subtrees(uint64_t size, const std::vector<Digest>& roots);

  void append(const Digest& leaf);

  uint64_t size() const { return size_; }
  Digest root() const;

  // The root of the last perfect subtree of 2^level leaves that the appended leaf has completed. Defined right after an
  // append to a size that 2^level divides: there it is the hash that goes into a tile of that level.
  const Digest& completed(unsigned level) const { return last_[level]; }

 private:
  bool waits(unsigned level) const { return (size_ >> level & 1U) != 0; }  // a subtree of that level, for its sibling

  uint64_t size_ = 0;
  std::array<Digest, 64> last_{};  // by level: the root of the last complete perfect subtree
};

// The root of a perfect tree over these hashes (of leaves, or of equally large perfect trees), in their own memory:
// what was in `hashes` is gone. Their number is a power of two.
Digest perfect_root(Digest* hashes, size_t count);

}  // namespace kedge
