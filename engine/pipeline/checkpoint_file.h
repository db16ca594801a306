// CheckpointFile: a file to which checkpoints are appended, one after another (audit/kept_checkpoints.h).
//
// It is never read back but for its end, nor shortened, so that it may lie where files can only grow, and may be moved
// away at any time: the next checkpoint makes it anew. Its directory is not made: where what is to be mounted there is
// not, that shows.
#pragma once

#include <string>

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
  Result<void> append(const std::string& note) const;

  const std::string path_;
};

}  // namespace kedge
