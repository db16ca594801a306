// CheckpointTopic: checkpoints as records of a Kafka topic: key = the log's origin, value = the note, header `size`.
#pragma once

#include "kafka/topic_writer.h"
#include "pipeline/checkpoint_place.h"

namespace kedge {

class CheckpointTopic final : public CheckpointPlace {
 public:
  explicit CheckpointTopic(WriterOptions options) : timeout_(options.timeout), writer_(std::move(options)) {}

  Delivery publish(const PublishedCheckpoint&, Time now, std::stop_token stop) override;

 private:
  const Duration timeout_;
  TopicWriter writer_;
};

}  // namespace kedge
