// A POST as the Standard Webhooks specification signs it (standardwebhooks.com).
//
//   webhook-id         the same at every try: receivers de-duplicate by it
//   webhook-timestamp  seconds, of this try
//   webhook-signature  one signature for each key (signature.h); without keys there is none
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "notify/notifier.h"

namespace kedge {

class HttpClient;

// Borrows the client, which must outlive it. Errors never name more of the URL than its server.
class SignedPost {
 public:
  struct Options {
    std::string url;                                                // a secret
    std::vector<std::string> keys;                                  // decoded (webhook_key), the newest first
    std::vector<std::pair<std::string, std::string>> headers = {};  // further ones; their values are secrets
    Duration timeout = std::chrono::seconds(15);
  };

  SignedPost(Options options, HttpClient& http) : options_(std::move(options)), http_(http) {}

  // Blocks until there is an answer, the timeout is over, or soon after `stop` is requested.
  Delivery send(std::string_view id, std::string_view content_type, std::string body, Time now,
                std::stop_token stop) const;

 private:
  const Options options_;
  HttpClient& http_;
};

// The error begins with the member that is wrong ("url: ...", "headers.x-token: ...") and never holds what it holds.
Result<void> check_post(const SignedPost::Options&);

}  // namespace kedge
