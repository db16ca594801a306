// A channel: where notices with its name go. Made from the configuration's `notify.channels`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/http.h"
#include "kafka/writer_properties.h"
#include "notify/notifier.h"
#include "notify/pace.h"

namespace kedge {

struct ChannelOptions {
  enum class Kind { webhook, slack, kafka };

  std::string name;  // what plans and routes call it
  Kind kind = Kind::webhook;
  std::string url;                   // webhook, slack: http or https; treated as a secret
  std::vector<std::string> secrets;  // webhook: "whsec_...", the newest first; while they are rotated, several
  Duration timeout = std::chrono::seconds(15);  // of one try
  int notices_per_minute = 60;                  // more wait
  WriterOptions kafka;                          // kafka: where to. Its own timeout does not count
};

// What notices_per_minute is where nobody says otherwise: what people read, or a program.
int usual_pace(ChannelOptions::Kind);

struct Channel {
  std::string name;
  PaceLimits pace;
  std::unique_ptr<Notifier> notifier;
};

// The error begins with the member that is wrong ("secrets[1]: ..."), says what would be right, and never repeats a URL
// or a secret.
Result<void> check_channel(const ChannelOptions&);

// Errors are those of check_channel, with the channel's name. The client is
// borrowed for the channel's life. `ledger_id`: whose notices these are.
Result<Channel> open_channel(const ChannelOptions&, HttpClient&, const std::string& ledger_id);

// "webhook", "slack", "kafka".
Result<ChannelOptions::Kind> parse_channel_kind(std::string_view);
std::string_view to_string(ChannelOptions::Kind);

}  // namespace kedge
