// CheckpointPlace: somewhere outside of the audit log where its checkpoints are kept, so that a log that was put back
// or rewritten shows. An edge of the world; a file, a webhook and a Kafka topic are such places (checkpoint_places.h).
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/time.h"
#include "notify/notifier.h"

namespace kedge {

struct PublishedCheckpoint {
  std::string origin;
  uint64_t size = 0;
  std::string note;  // signed: the bytes of the log's file `checkpoint`

  bool operator==(const PublishedCheckpoint&) const = default;
};

// May be called from one thread at a time.
class CheckpointPlace {
 public:
  virtual ~CheckpointPlace() = default;

  // Blocks until the checkpoint is kept there, durably, or it is known why not; soon after `stop` is requested, too. A
  // place takes the same checkpoint any number of times. Whatever was not delivered may be tried again.
  virtual Delivery publish(const PublishedCheckpoint&, Time now, std::stop_token stop) = 0;
};

}  // namespace kedge
