// A log's directory, as a reader sees it who trusts one checkpoint and looks at nothing beyond it. The log may grow
// meanwhile: a partial file that is gone was replaced by the full one, which begins in the same way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/tile.h"
#include "base/hash.h"
#include "base/result.h"

namespace kedge {

// The checkpoint as it lies in the directory: a signed note, not verified.
Result<std::string> read_checkpoint_file(const std::string& directory);

// Nothing that is read is verified: what is served is what lies there. Holds no files open; any number of threads may
// call. Errors name the file: not_found when it is missing, corrupt when it is not as long as it must be.
class LogReader {
 public:
  LogReader(std::string directory, uint64_t size) : directory_(std::move(directory)), size_(size) {}

  uint64_t size() const { return size_; }

  // The `place.width` hashes of a tile.
  Result<std::vector<Digest>> tile(const TilePlace& place) const;

  struct Bundle {
    std::string bytes;
    bool full = false;  // of 256 entries, whatever was asked for: what follows is to be ignored
  };
  Result<Bundle> bundle(const TilePlace& place) const;

  // Entries from .. from + limit - 1, fewer where the log ends.
  Result<std::vector<std::string>> entries(uint64_t from, uint64_t limit) const;

  // The root of a perfect subtree: a NodeReader (proof.h).
  Result<Digest> node(unsigned level, uint64_t index) const;

 private:
  struct Found {
    std::string path;  // below the directory
    std::string bytes;
    bool full = false;
  };
  Result<Found> find(const TilePlace& place, size_t bytes_max) const;

  std::string directory_;
  uint64_t size_;
};

}  // namespace kedge
