// A log as files in memory, made from its entries by the layout's definition; and written into a directory, whole or
// changed.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "audit/bundle.h"
#include "audit/checkpoint.h"
#include "audit/merkle.h"
#include "audit/tile.h"
#include "base/hash.h"
#include "tests/audit/vectors.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

using LogFiles = std::map<std::string, std::string>;  // by their path below the log

inline SigningKey known_key() { return SigningKey::from_seed(vectors::kOrigin, vectors::kSeed).value(); }

// Hash number `index` of a level of tiles: the root of 256^level leaves.
inline std::vector<std::vector<Digest>> tile_levels(const std::vector<std::string>& entries) {
  std::vector<std::vector<Digest>> levels(1);
  for (const std::string& entry : entries) levels[0].push_back(leaf_hash(entry));
  while (levels.back().size() >= kTileWidth) {
    std::vector<Digest> next;
    for (size_t i = 0; i + kTileWidth <= levels.back().size(); i += kTileWidth) {
      std::vector<Digest> tile(levels.back().begin() + static_cast<ptrdiff_t>(i),
                               levels.back().begin() + static_cast<ptrdiff_t>(i + kTileWidth));
      next.push_back(perfect_root(tile.data(), tile.size()));
    }
    levels.push_back(next);
  }
  return levels;
}

inline Digest root_of(const std::vector<std::string>& entries) {
  MerkleFrontier tree;
  for (const std::string& entry : entries) tree.append(leaf_hash(entry));
  return tree.root();
}

inline std::string checkpoint_of(const std::vector<std::string>& entries, const SigningKey& key = known_key()) {
  return sign_checkpoint({key.verifier().name(), entries.size(), root_of(entries)}, {key}).value();
}

inline LogFiles log_files(const std::vector<std::string>& entries, const SigningKey& key = known_key()) {
  LogFiles files;
  const auto levels = tile_levels(entries);
  for (const TilePlace& place : tiles_of(entries.size())) {
    std::string& bytes = files[path_of(place)];
    for (uint64_t i = place.index * kTileWidth; i < place.index * kTileWidth + place.width; ++i) {
      if (place.level) {
        bytes += levels[*place.level][i].as_bytes();
      } else {
        (void)append_entry(bytes, entries[i]).ok();
      }
    }
  }
  files["checkpoint"] = checkpoint_of(entries, key);
  return files;
}

inline void write_log(const TemporaryDirectory& directory, const LogFiles& files) {
  for (const auto& [path, bytes] : files) directory.write(path, bytes);
}

}  // namespace kedge
