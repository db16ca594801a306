#include "pipeline/checkpoint_webhook.h"

#include "base/hash.h"

namespace kedge {

Delivery CheckpointWebhook::publish(const PublishedCheckpoint& checkpoint, Time now, std::stop_token stop) {
  const std::string id =
      "checkpoint_" + std::to_string(checkpoint.size) + "_" + sha256(checkpoint.note).hex().substr(0, 16);
  return post_.send(id, "text/plain; charset=utf-8", checkpoint.note, now, std::move(stop));
}

}  // namespace kedge
