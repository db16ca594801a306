#include "audit/merkle.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace kedge {
namespace {

constexpr std::string_view kLeafPrefix("\x00", 1);
constexpr char kNodePrefix = 0x01;

// One for each thread: millions of hashes are taken, and none asks for memory.
Sha256& hasher() {
  thread_local Sha256 hash;
  return hash;
}

}  // namespace

Digest leaf_hash(std::string_view entry) {
  Sha256& hash = hasher();
  hash.add(kLeafPrefix);
  hash.add(entry);
  return hash.finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<char, 1 + 2 * sizeof(Digest)> bytes;
  bytes[0] = kNodePrefix;
  std::memcpy(bytes.data() + 1, left.bytes.data(), sizeof(Digest));
  std::memcpy(bytes.data() + 1 + sizeof(Digest), right.bytes.data(), sizeof(Digest));
  Sha256& hash = hasher();
  hash.add({bytes.data(), bytes.size()});
  return hash.finish();
}

Digest empty_root() { return sha256(""); }

Result<MerkleFrontier> MerkleFrontier::from_subtrees(uint64_t size, const std::vector<Digest>& roots) {
  const auto parts = static_cast<size_t>(std::popcount(size));
  if (size > kTreeSizeMax || roots.size() != parts) {
    return Error{ErrorCode::invalid, "a tree of " + std::to_string(size) + " entries has " + std::to_string(parts) +
                                         " perfect subtrees, not " + std::to_string(roots.size())};
  }
  MerkleFrontier frontier;
  frontier.size_ = size;
  auto root = roots.rbegin();
  for (unsigned level = 0; level < 64; ++level) {
    if (frontier.waits(level)) frontier.last_[level] = *root++;
  }
  return frontier;
}

void MerkleFrontier::append(const Digest& leaf) {
  assert(size_ < kTreeSizeMax);
  Digest hash = leaf;
  unsigned level = 0;
  for (; waits(level); ++level) {
    const Digest parent = node_hash(last_[level], hash);
    last_[level] = hash;
    hash = parent;
  }
  last_[level] = hash;
  ++size_;
}

Digest MerkleFrontier::root() const {
  if (size_ == 0) return empty_root();
  auto level = static_cast<unsigned>(std::countr_zero(size_));
  Digest root = last_[level];
  while (++level < 64) {
    if (waits(level)) root = node_hash(last_[level], root);
  }
  return root;
}

Digest perfect_root(Digest* hashes, size_t count) {
  assert(std::has_single_bit(count));
  for (; count > 1; count /= 2) {
    for (size_t i = 0; i < count / 2; ++i) hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
  }
  return hashes[0];
}

}  // namespace kedge
