// WebhookNotifier: a notice as a signed POST (signed_post.h).
//
//   webhook-id   the notice's id
//   body         {"type":"kedge.remediation.confirmed","timestamp":"2026-01-01T00:00:00.000000Z","data":{...}}
#pragma once

#include <string>

#include "notify/notifier.h"
#include "notify/signed_post.h"

namespace kedge {

// The body of a notice: what every receiver of webhooks reads.
std::string webhook_body(const Notice&);

// Borrows the client, which must outlive it.
class WebhookNotifier final : public Notifier {
 public:
  using Options = SignedPost::Options;

  WebhookNotifier(Options options, HttpClient& http) : post_(std::move(options), http) {}

  Delivery deliver(const Notice&, Time now, std::stop_token stop) override;

 private:
  const SignedPost post_;
};

}  // namespace kedge
