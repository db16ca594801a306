// The places where checkpoints can be kept, and the options of each.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "kafka/writer_properties.h"
#include "pipeline/checkpoint_place.h"

namespace kedge {

class HttpClient;

// A file that checkpoints are appended to, each synced; `kedge audit verify --against` reads it.
struct CheckpointFileOptions {
  std::string path;
};

// A URL to which each checkpoint is sent, as a signed POST (notify/signed_post.h) of its note, text/plain.
struct CheckpointWebhookOptions {
  std::string url;                                           // a secret
  std::vector<std::string> secrets;                          // "whsec_...", the newest first; none: no signature
  std::vector<std::pair<std::string, std::string>> headers;  // further ones; their values are secrets
  Duration timeout = std::chrono::seconds(15);
};

// A topic: key = the log's origin, value = the note, header `size`.
using CheckpointTopicOptions = WriterOptions;

struct CheckpointPlaceOptions {
  std::string name;  // as logs and metrics call it
  std::variant<CheckpointFileOptions, CheckpointWebhookOptions, CheckpointTopicOptions> place;
  Duration every = std::chrono::seconds(10);        // it is told of the newest checkpoint at most so often
  Duration alarm_after = std::chrono::minutes(10);  // people hear of it when it has not had the newest for so long
};

// The error begins with the member that is wrong ("secrets[1]: ...") and never holds what it holds. (Of a topic:
// mistakes_in, kafka/writer_properties.h.)
Result<void> check_webhook(const CheckpointWebhookOptions&);

// Reaches for nothing. Errors are those of check_webhook. The client is borrowed for the place's life.
Result<std::unique_ptr<CheckpointPlace>> open_checkpoint_place(const CheckpointPlaceOptions&, HttpClient&);

}  // namespace kedge
