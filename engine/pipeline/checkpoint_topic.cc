#include "pipeline/checkpoint_topic.h"

namespace kedge {

Delivery CheckpointTopic::publish(const PublishedCheckpoint& checkpoint, Time /*now*/, std::stop_token stop) {
  const auto written = writer_.write({checkpoint.origin, checkpoint.note, {{"size", std::to_string(checkpoint.size)}}},
                                     timeout_, std::move(stop));
  if (written) return {};
  return {.kind = Delivery::Kind::retry, .status = 0, .error = written.error().message, .retry_after = {}};
}

}  // namespace kedge
