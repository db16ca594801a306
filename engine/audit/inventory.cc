#include "audit/inventory.h"

#include <algorithm>
#include <filesystem>

namespace kedge {
namespace {

constexpr int kAttempts = 100;  // a folder that goes while it is listed, in a log that is written: all is listed anew

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

// Once through the directory.
class Walk {
 public:
  Walk(const std::string& directory, uint64_t size) : root_(directory), size_(size) {}

  std::error_code run() {
    std::error_code wrong;
    if (!std::filesystem::exists(root_ / "tile", wrong)) return wrong;
    auto entry = std::filesystem::recursive_directory_iterator(root_ / "tile", wrong);
    for (; !wrong && entry != std::filesystem::recursive_directory_iterator(); entry.increment(wrong)) {
      std::error_code gone;
      if (!entry->is_directory(gone)) take(entry->path().lexically_relative(root_).string());
    }
    return wrong;
  }

  Inventory result() {
    find_first_missing(std::move(bundles_), size_, inventory_);
    return std::move(inventory_);
  }

 private:
  void take(const std::string& path) {
    const auto place = parse_tile_path(path);
    if (!place) {
      if (inventory_.foreign.size() < kForeignKept) inventory_.foreign.push_back(path);
      return;
    }
    const unsigned width = tile_width(place->level, place->index, size_);
    if (place->width > width) ++inventory_.beyond;
    if (place->width < width) inventory_.narrower.push_back(*place);
    if (!place->level && width > 0 && place->width >= width) bundles_.push_back(place->index);
  }

  const std::filesystem::path root_;
  const uint64_t size_;
  Inventory inventory_;
  std::vector<uint64_t> bundles_;
};

}  // namespace

Result<Inventory> take_inventory(const std::string& directory, uint64_t size) {
  std::error_code wrong;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Walk walk(directory, size);
    wrong = walk.run();
    if (!wrong) return walk.result();
    if (wrong != std::errc::no_such_file_or_directory) break;
  }
  return Error{wrong == std::errc::permission_denied ? ErrorCode::refused : ErrorCode::unavailable,
               "cannot list " + directory + ": " + wrong.message()};
}

}  // namespace kedge
