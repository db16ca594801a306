// CheckpointFile: a file to which checkpoints are appended, one after another (audit/kept_checkpoints.h).
//
// It is never read back but for its end, nor shortened, so that it may lie where files can only grow, and may be moved
// away at any time: the next checkpoint makes it anew. Its directory is not made: where what is to be mounted there is
// not, that shows. Nor is one put behind a newer one of its log, which was put back then: what is kept would be spoilt.
#pragma once

#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "pipeline/checkpoint_place.h"

namespace kedge {

// Holds nothing open between two calls.
class CheckpointFile final : public CheckpointPlace {
 public:
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}

  // On the disk, with the file's name, when it returns. What stops in the middle (a full disk) is marked as cut off
  // before the next one.
  Delivery publish(const PublishedCheckpoint&, Time now, std::stop_token stop) override;

 private:
  Result<void> append(const PublishedCheckpoint& checkpoint) const;

  const std::string path_;
};

// The checkpoints that one of the keys signed, at the file's end (the last few hundred): oldest first, and none where
// there is no file.
Result<std::vector<Checkpoint>> last_checkpoints_in(const std::string& path, const std::vector<VerifierKey>& keys);

}  // namespace kedge
