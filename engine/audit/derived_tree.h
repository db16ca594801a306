// The tree that follows from a log's entries: what its tiles must hold, whatever they do hold.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "audit/proof.h"
#include "base/hash.h"
#include "base/result.h"

namespace kedge {

class DerivedTree {
 public:
  // Gives the leaves' hashes of one bundle again: those below its root are not kept.
  using LeafReader = std::function<Result<std::vector<Digest>>(uint64_t bundle)>;

  // Keeps 32 bytes for each full bundle.
  explicit DerivedTree(uint64_t size);

  // The leaves' hashes of one bundle, in any order of bundles; threads may set different ones at once.
  void set_leaves(uint64_t bundle, std::vector<Digest> leaves);

  // To be called once, after all are set: then there are the levels above.
  void fold();

  // What the tiles of this level hold, one tile after another; level 1 and up.
  const std::vector<Digest>& level(unsigned level) const { return levels_[level - 1]; }

  // The root of the tree of the first `size` entries, of any size up to the log's.
  Result<Digest> root(uint64_t size, const LeafReader& leaves) const;

 private:
  Result<Digest> node(unsigned level, uint64_t index, const LeafReader& leaves) const;

  uint64_t size_;
  std::vector<std::vector<Digest>> levels_;  // of the tiles, from level 1 up
  std::vector<Digest> last_leaves_;          // of the bundle that is not full
};

}  // namespace kedge
