#include "audit/inventory.h"

#include <algorithm>
#include <filesystem>

#include "audit/tile.h"

namespace kedge {
namespace {

constexpr size_t kForeignKept = 10;

void find_first_missing(std::vector<uint64_t> bundles, uint64_t size, Inventory& inventory) {
  std::sort(bundles.begin(), bundles.end());
  bundles.erase(std::unique(bundles.begin(), bundles.end()), bundles.end());
  inventory.bundles = bundles.size();
  const uint64_t needed = size / kTileWidth + (size % kTileWidth == 0 ? 0 : 1);
  if (bundles.size() == needed) return;
  uint64_t missing = 0;
  while (missing < bundles.size() && bundles[missing] == missing) ++missing;
  inventory.first_missing_bundle = missing;
}

}  // namespace

Result<Inventory> take_inventory(const std::string& directory, uint64_t size) {
  Inventory inventory;
  std::vector<uint64_t> bundles;
  std::error_code wrong;
  const std::filesystem::path root(directory);
  auto entry = std::filesystem::recursive_directory_iterator(root / "tile", wrong);
  if (wrong == std::errc::no_such_file_or_directory && size == 0) return inventory;
  for (; !wrong && entry != std::filesystem::recursive_directory_iterator(); entry.increment(wrong)) {
    std::error_code gone;  // files come and go in a log that is written
    if (entry->is_directory(gone)) continue;
    const std::string path = entry->path().lexically_relative(root).string();
    const auto place = parse_tile_path(path);
    if (!place) {
      if (inventory.foreign.size() < kForeignKept) inventory.foreign.push_back(path);
      continue;
    }
    const unsigned width = tile_width(place->level, place->index, size);
    if (place->width > width) ++inventory.beyond;
    if (!place->level && width > 0 && place->width >= width) bundles.push_back(place->index);
  }
  if (wrong && wrong != std::errc::no_such_file_or_directory) {
    return Error{wrong == std::errc::permission_denied ? ErrorCode::refused : ErrorCode::unavailable,
                 "cannot list " + directory + ": " + wrong.message()};
  }
  find_first_missing(std::move(bundles), size, inventory);
  return inventory;
}

}  // namespace kedge
