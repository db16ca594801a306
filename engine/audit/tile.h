// Where a log keeps what (c2sp.org/tlog-tiles): tiles of up to 256 hashes, and bundles of up to 256 entries.
//
// Tile n of level l holds the roots of the perfect subtrees of 256^l leaves, number 256n to 256n + 255; on level 0
// these are the leaves' hashes. Only subtrees that are complete have a place, so a tile is either full or the last of
// its level.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

inline constexpr unsigned kTileWidth = 256;
inline constexpr unsigned kTileHeight = 8;  // a level of tiles is 8 levels of the tree
inline constexpr unsigned kTileLevels = 8;  // a log of 2^63 entries has no more
inline constexpr size_t kHashBytes = 32;

struct TilePlace {
  std::optional<unsigned> level;  // none: the bundle with the entries themselves
  uint64_t index = 0;
  unsigned width = kTileWidth;  // 1 to 256; less than 256: partial

  bool full() const { return width == kTileWidth; }
  bool operator==(const TilePlace&) const = default;
};

// Below the log's directory: "tile/0/x001/x234/067", "tile/entries/000.p/5".
std::string path_of(const TilePlace&);

// Of such a path exactly, and of no other spelling of it; anything else is an error (invalid).
Result<TilePlace> parse_tile_path(std::string_view path);

// How many hashes (or, without a level, entries) the tile `index` has in a log of `size` entries: 0 when it has no such
// tile.
unsigned tile_width(std::optional<unsigned> level, uint64_t index, uint64_t size);

// The bundles and tiles that a log of `size` entries has and one of `before` has not, at least not as wide; in the
// order in which they are to be written: bundles, then tiles from level 0 up.
std::vector<TilePlace> tiles_of(uint64_t size, uint64_t before = 0);

}  // namespace kedge
