// SlackNotifier: a notice as a message in one Slack channel, by an incoming webhook.
//
// Slack knows no key to de-duplicate by: after a lost answer a message can show twice, with the same id in its last
// line.
#pragma once

#include <string>

#include "http/http.h"
#include "notify/notifier.h"

namespace kedge {

// Borrows the client, which must outlive it. The URL is the credential; no error names more of it than its server.
class SlackNotifier final : public Notifier {
 public:
  struct Options {
    std::string url;  // https://hooks.slack.com/services/...: a secret
    Duration timeout = std::chrono::seconds(15);
  };

  SlackNotifier(Options, HttpClient&);

  Delivery deliver(const Notice&, Time now, std::stop_token stop) override;

 private:
  const Options options_;
  HttpClient& http_;
};

}  // namespace kedge
