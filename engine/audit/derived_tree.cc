#include "audit/derived_tree.h"

#include <algorithm>

#include "audit/merkle.h"
#include "audit/tile.h"

namespace kedge {
namespace {

Digest root_of_some(const std::vector<Digest>& hashes, uint64_t first, uint64_t count) {
  std::vector<Digest> part(hashes.begin() + static_cast<ptrdiff_t>(first),
                           hashes.begin() + static_cast<ptrdiff_t>(first + count));
  return perfect_root(part.data(), part.size());
}

}  // namespace

DerivedTree::DerivedTree(uint64_t size) : size_(size), levels_(1) { levels_[0].resize(size / kTileWidth); }

void DerivedTree::set_leaves(uint64_t bundle, std::vector<Digest> leaves) {
  if (leaves.size() == kTileWidth) {
    levels_[0][bundle] = perfect_root(leaves.data(), leaves.size());
  } else {
    last_leaves_ = std::move(leaves);
  }
}

void DerivedTree::fold() {
  while (levels_.size() < kTileLevels) {
    const std::vector<Digest>& below = levels_.back();
    std::vector<Digest> level(below.size() / kTileWidth);
    for (size_t i = 0; i < level.size(); ++i) level[i] = root_of_some(below, i * kTileWidth, kTileWidth);
    levels_.push_back(std::move(level));
  }
}

Result<Digest> DerivedTree::root(uint64_t size, const LeafReader& leaves) const {
  return tree_root(size, [&](unsigned level, uint64_t index) { return node(level, index, leaves); });
}

Result<Digest> DerivedTree::node(unsigned level, uint64_t index, const LeafReader& leaves) const {
  const unsigned tiles = level / kTileHeight;
  const uint64_t count = uint64_t{1} << level % kTileHeight;
  const uint64_t first = index * count;
  if (tiles > 0) return root_of_some(levels_[tiles - 1], first, count);
  const uint64_t bundle = first / kTileWidth;
  if (bundle == size_ / kTileWidth) return root_of_some(last_leaves_, first % kTileWidth, count);
  const auto hashes = leaves(bundle);
  if (!hashes) return hashes.error();
  return root_of_some(*hashes, first % kTileWidth, count);
}

}  // namespace kedge
