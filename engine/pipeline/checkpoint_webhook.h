// CheckpointWebhook: checkpoints as signed POSTs of their notes, text/plain.
//
//   webhook-id   of the checkpoint, the same whenever it is sent: "checkpoint_SIZE_" and the beginning of its digest
#pragma once

#include "notify/signed_post.h"
#include "pipeline/checkpoint_place.h"

namespace kedge {

class CheckpointWebhook final : public CheckpointPlace {
 public:
  explicit CheckpointWebhook(SignedPost post) : post_(std::move(post)) {}

  Delivery publish(const PublishedCheckpoint&, Time now, std::stop_token stop) override;

 private:
  const SignedPost post_;
};

}  // namespace kedge
