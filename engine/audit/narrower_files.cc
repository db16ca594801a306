#include "audit/narrower_files.h"

#include <algorithm>
#include <optional>

#include "audit/bundle.h"

namespace kedge {
namespace {

TilePlace wider_place(const TilePlace& place, uint64_t size) {
  return {place.level, place.index, tile_width(place.level, place.index, size)};
}

std::string is_no_beginning(const TilePlace& wider, const std::string& of_what) {
  return "it is not the beginning of " + path_of(wider) + ": its " + of_what + " is another";
}

std::optional<LogFault> fault_of_tile(const LogReader& reader, const TilePlace& place, const TilePlace& wider) {
  const auto hashes = reader.tile(place);
  if (!hashes) {
    if (hashes.error().code == ErrorCode::not_found) return std::nullopt;
    return LogFault{path_of(place), std::nullopt, hashes.error().message};
  }
  const auto good = reader.tile(wider);
  if (!good) return std::nullopt;
  const auto [bad, _] = std::mismatch(hashes->begin(), hashes->end(), good->begin());
  if (bad == hashes->end()) return std::nullopt;
  return LogFault{path_of(place), std::nullopt,
                  is_no_beginning(wider, "hash " + std::to_string(bad - hashes->begin()))};
}

std::optional<LogFault> fault_of_bundle(const LogReader& reader, const TilePlace& place, const TilePlace& wider) {
  const auto found = reader.bundle(place);
  const auto good = reader.bundle(wider);
  if (!found && found.error().code != ErrorCode::not_found) {
    return LogFault{path_of(place), place.index * kTileWidth, found.error().message};
  }
  if (!found || found->full || !good) return std::nullopt;
  const auto wanted = parse_bundle(good->bytes, place.width, AfterEntries::ignored);
  if (!wanted) return std::nullopt;
  const auto entries = parse_bundle(found->bytes, place.width);
  if (!entries) return LogFault{path_of(place), place.index * kTileWidth, entries.error().message};
  const auto [bad, _] = std::mismatch(entries->begin(), entries->end(), wanted->begin());
  if (bad == entries->end()) return std::nullopt;
  const auto number = place.index * kTileWidth + static_cast<uint64_t>(bad - entries->begin());
  return LogFault{path_of(place), number, is_no_beginning(wider, "entry " + std::to_string(number))};
}

}  // namespace

std::vector<LogFault> faults_of_narrower(const LogReader& reader, const std::vector<TilePlace>& narrower) {
  std::vector<LogFault> faults;
  for (const TilePlace& place : narrower) {
    const TilePlace wider = wider_place(place, reader.size());
    auto fault = place.level ? fault_of_tile(reader, place, wider) : fault_of_bundle(reader, place, wider);
    if (fault) faults.push_back(*std::move(fault));
  }
  return faults;
}

}  // namespace kedge
