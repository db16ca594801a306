// Which files a log's directory holds, seen from one checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/tile.h"
#include "base/result.h"

namespace kedge {

inline constexpr size_t kForeignKept = 10;  // names of files that are no log's

struct Inventory {
  uint64_t bundles = 0;  // of those that the log of this size has, full or partial
  std::optional<uint64_t> first_missing_bundle;
  uint64_t beyond = 0;               // tiles and bundles of a longer log: of a writer that is ahead, or was killed
  std::vector<TilePlace> narrower;   // partial files of a log that was shorter
  std::vector<std::string> foreign;  // what is no file of a log, below tile/; the first of them
};

// An error (not_found, refused, unavailable) when the directory cannot be listed.
Result<Inventory> take_inventory(const std::string& directory, uint64_t size);

}  // namespace kedge
