#include "pipeline/checkpoint_places.h"

#include "notify/signature.h"
#include "notify/signed_post.h"
#include "pipeline/checkpoint_file.h"
#include "pipeline/checkpoint_topic.h"
#include "pipeline/checkpoint_webhook.h"

namespace kedge {
namespace {

SignedPost::Options post_of(const CheckpointWebhookOptions& options, std::vector<std::string> keys) {
  return {options.url, std::move(keys), options.headers, options.timeout};
}

struct Opener {
  HttpClient& http;

  std::unique_ptr<CheckpointPlace> operator()(const CheckpointFileOptions& options) const {
    return std::make_unique<CheckpointFile>(options.path);
  }
  std::unique_ptr<CheckpointPlace> operator()(const CheckpointWebhookOptions& options) const {
    const auto keys = webhook_keys(options.secrets);
    return std::make_unique<CheckpointWebhook>(SignedPost(post_of(options, keys.value()), http));
  }
  std::unique_ptr<CheckpointPlace> operator()(const CheckpointTopicOptions& options) const {
    return std::make_unique<CheckpointTopic>(options);
  }
};

}  // namespace

Result<void> check_webhook(const CheckpointWebhookOptions& options) {
  const auto keys = webhook_keys(options.secrets);
  if (!keys) return Error{keys.error().code, "secrets" + keys.error().message};
  return check_post(post_of(options, *keys));
}

Result<std::unique_ptr<CheckpointPlace>> open_checkpoint_place(const CheckpointPlaceOptions& options,
                                                               HttpClient& http) {
  if (const auto* webhook = std::get_if<CheckpointWebhookOptions>(&options.place)) {
    if (auto checked = check_webhook(*webhook); !checked) return checked.error();
  }
  return std::visit(Opener{http}, options.place);
}

}  // namespace kedge
