// WebhookNotifier: a notice as a signed POST by the Standard Webhooks specification (standardwebhooks.com).
//
//   webhook-id         the notice's id, the same at every try: receivers de-duplicate by it
//   webhook-timestamp  seconds, of this try
//   webhook-signature  one signature for each key (signature.h)
//   body               {"type":"kedge.remediation.confirmed","timestamp":"2026-01-01T00:00:00.000000Z","data":{...}}
#pragma once

#include <string>
#include <vector>

#include "http/http.h"
#include "notify/notifier.h"

namespace kedge {

// The body of a notice: what every receiver of webhooks reads.
std::string webhook_body(const Notice&);

// Borrows the client, which must outlive it. Errors never name more of the URL than its server.
class WebhookNotifier final : public Notifier {
 public:
  struct Options {
    std::string url;                // may hold a secret (a token in its path or query)
    std::vector<std::string> keys;  // decoded (webhook_key), the newest first; at least one
    Duration timeout = std::chrono::seconds(15);
  };

  WebhookNotifier(Options, HttpClient&);

  Delivery deliver(const Notice&, Time now, std::stop_token stop) override;

 private:
  const Options options_;
  HttpClient& http_;
};

}  // namespace kedge
