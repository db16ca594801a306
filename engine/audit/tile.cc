#include "audit/tile.h"

#include <algorithm>
#include <charconv>

#include "audit/merkle.h"

namespace kedge {
namespace {

constexpr std::string_view kFolder = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr std::string_view kPartial = ".p/";

std::string three_digits(uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(3 - digits.size(), '0') + digits;
}

// "x001/x234/067"
std::string path_of_index(uint64_t index) {
  std::string path = three_digits(index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path.insert(0, "x" + three_digits(index % 1000) + "/");
  return path;
}

// The digits of "x001/x234/067", wherever its groups end: path_of() knows where they should.
std::optional<uint64_t> read_index(std::string_view text) {
  uint64_t index = 0;
  for (const char c : text) {
    if (c == 'x' || c == '/') continue;
    if (c < '0' || c > '9') return std::nullopt;
    index = index * 10 + static_cast<uint64_t>(c - '0');
    if (index > kTreeSizeMax / kTileWidth) return std::nullopt;
  }
  return index;
}

std::optional<unsigned> read_number(std::string_view text) {
  unsigned number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<TilePlace> read_place(std::string_view path) {
  if (path.substr(0, kFolder.size()) != kFolder) return std::nullopt;
  path.remove_prefix(kFolder.size());
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  TilePlace place;
  if (const std::string_view level = path.substr(0, slash); level != kEntries) {
    place.level = read_number(level);
    if (!place.level || *place.level >= kTileLevels) return std::nullopt;
  }
  path.remove_prefix(slash + 1);
  if (const size_t partial = path.find(kPartial); partial != std::string_view::npos) {
    const auto width = read_number(path.substr(partial + kPartial.size()));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    place.width = *width;
    path = path.substr(0, partial);
  }
  const auto index = read_index(path);
  if (!index) return std::nullopt;
  place.index = *index;
  return place;
}

// How many hashes a level has, or without a level, how many entries there are.
uint64_t count_on(std::optional<unsigned> level, uint64_t size) {
  return level ? size >> (kTileHeight * *level) : size;
}

}  // namespace

std::string path_of(const TilePlace& place) {
  std::string path(kFolder);
  path += place.level ? std::to_string(*place.level) : std::string(kEntries);
  path += "/" + path_of_index(place.index);
  if (!place.full()) path += std::string(kPartial) + std::to_string(place.width);
  return path;
}

Result<TilePlace> parse_tile_path(std::string_view path) {
  const auto place = read_place(path);
  if (place && path_of(*place) == path) return *place;
  return Error{ErrorCode::invalid, "'" + std::string(path) + "' is not where a log keeps a tile or a bundle"};
}

unsigned tile_width(std::optional<unsigned> level, uint64_t index, uint64_t size) {
  const uint64_t count = count_on(level, size);
  if (index > count / kTileWidth) return 0;
  return static_cast<unsigned>(std::min<uint64_t>(kTileWidth, count - index * kTileWidth));
}

std::vector<TilePlace> tiles_of(uint64_t size, uint64_t before) {
  std::vector<TilePlace> places;
  const auto add_level = [&](std::optional<unsigned> level) {
    if (count_on(level, size) == count_on(level, before)) return;
    for (uint64_t index = count_on(level, before) / kTileWidth;; ++index) {
      const unsigned width = tile_width(level, index, size);
      if (width == 0) return;
      places.push_back({level, index, width});
      if (width < kTileWidth) return;
    }
  };
  add_level(std::nullopt);
  for (unsigned level = 0; level < kTileLevels; ++level) add_level(level);
  return places;
}

}  // namespace kedge
