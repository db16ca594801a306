#include "audit/log_reader.h"

#include <algorithm>

#include "audit/bundle.h"
#include "audit/merkle.h"
#include "audit/note.h"
#include "base/files.h"

namespace kedge {
namespace {

Error corrupt(const std::string& path, std::string message) {
  return Error{ErrorCode::corrupt, std::move(message)}.with(path);
}

}  // namespace

Result<std::string> read_checkpoint_file(const std::string& directory) {
  return read_file(directory + "/checkpoint", kNoteBytesMax);
}

Result<LogReader::Found> LogReader::find(const TilePlace& place, size_t bytes_max) const {
  TilePlace at = place;
  std::string path = path_of(at);
  auto bytes = read_file(directory_ + "/" + path, bytes_max);
  if (!bytes && bytes.error().code == ErrorCode::not_found && !place.full()) {
    at.width = kTileWidth;
    if (auto full = read_file(directory_ + "/" + path_of(at), bytes_max); full) {
      path = path_of(at);
      bytes = std::move(full);
    }
  }
  if (!bytes && bytes.error().code == ErrorCode::limit) return corrupt(path, "it is longer than it can be");
  if (!bytes) return bytes.error();
  return Found{std::move(path), *std::move(bytes), at.full()};
}

Result<std::vector<Digest>> LogReader::tile(const TilePlace& place) const {
  const auto found = find(place, size_t{kTileWidth} * kHashBytes);
  if (!found) return found.error();
  const size_t expected = kHashBytes * (found->full ? kTileWidth : place.width);
  if (found->bytes.size() != expected) {
    return corrupt(found->path,
                   "it has " + std::to_string(found->bytes.size()) + " bytes, not " + std::to_string(expected));
  }
  std::vector<Digest> hashes(place.width);
  for (size_t i = 0; i < hashes.size(); ++i) {
    std::copy_n(found->bytes.begin() + static_cast<ptrdiff_t>(i * kHashBytes), kHashBytes, hashes[i].bytes.begin());
  }
  return hashes;
}

Result<LogReader::Bundle> LogReader::bundle(const TilePlace& place) const {
  auto found = find(place, kBundleBytesMax);
  if (!found) return found.error();
  return Bundle{std::move(found->bytes), found->full};
}

Result<std::vector<std::string>> LogReader::entries(uint64_t from, uint64_t limit) const {
  std::vector<std::string> entries;
  const uint64_t to = from >= size_ ? from : from + std::min(limit, size_ - from);
  while (from < to) {
    const uint64_t index = from / kTileWidth;
    const TilePlace place{std::nullopt, index, tile_width(std::nullopt, index, size_)};
    const auto found = bundle(place);
    if (!found) return found.error();
    const AfterEntries after = found->full && !place.full() ? AfterEntries::ignored : AfterEntries::nothing;
    const auto all = parse_bundle(found->bytes, place.width, after);
    if (!all) return all.error().with(path_of(place));
    const uint64_t end = std::min(to, (index + 1) * kTileWidth);
    for (; from < end; ++from) entries.emplace_back((*all)[from % kTileWidth]);
  }
  return entries;
}

Result<Digest> LogReader::node(unsigned level, uint64_t index) const {
  const unsigned tile_level = level / kTileHeight;
  const uint64_t count = uint64_t{1} << (level % kTileHeight);
  const uint64_t first = index * count;  // of the hashes of the tiles' level that are below it
  const uint64_t number = first / kTileWidth;
  const unsigned width = tile_width(tile_level, number, size_);
  if (first % kTileWidth + count > width) {
    return Error{ErrorCode::invalid, "a log of " + std::to_string(size_) + " entries has no subtree " +
                                         std::to_string(index) + " of level " + std::to_string(level)};
  }
  auto hashes = tile({tile_level, number, width});
  if (!hashes) return hashes.error();
  return perfect_root(hashes->data() + first % kTileWidth, count);
}

}  // namespace kedge
