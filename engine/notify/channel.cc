#include "notify/channel.h"

#include <utility>

#include "base/nearest.h"
#include "http/url.h"
#include "notify/signature.h"
#include "notify/slack_notifier.h"
#include "notify/webhook_notifier.h"

namespace kedge {
namespace {

Error wrong(std::string what) { return {ErrorCode::invalid, std::move(what)}; }

}  // namespace

Result<void> check_channel(const ChannelOptions& options) {
  if (options.name.empty()) return wrong("name: must not be empty");
  if (const auto url = parse_url(options.url); !url) return wrong("url: " + url.error().message);
  if (options.timeout <= Duration(0)) return wrong("timeout: must be more than 0");
  if (options.notices_per_minute < 1) return wrong("notices_per_minute: must be at least 1");
  if (options.kind == ChannelOptions::Kind::slack) {
    if (!options.secrets.empty()) return wrong("secrets: Slack takes none, its url is the secret");
    return {};
  }
  if (options.secrets.empty()) {
    return wrong("secrets: one is needed to sign with; make one with `echo whsec_$(openssl rand -base64 32)`");
  }
  const auto keys = webhook_keys(options.secrets);
  return keys ? Result<void>() : wrong("secrets" + keys.error().message);
}

Result<Channel> open_channel(const ChannelOptions& options, HttpClient& http) {
  if (auto checked = check_channel(options); !checked) {
    return checked.error().with("channel '" + options.name + "'");
  }
  if (options.kind == ChannelOptions::Kind::slack) {
    // Slack takes one message a second for each webhook (docs.slack.dev: Rate limits).
    return Channel{options.name, PaceLimits{options.notices_per_minute, std::chrono::seconds(1)},
                   std::make_unique<SlackNotifier>(SlackNotifier::Options{options.url, options.timeout}, http)};
  }
  WebhookNotifier::Options webhook{options.url, *webhook_keys(options.secrets), {}, options.timeout};
  return Channel{options.name, PaceLimits{options.notices_per_minute, Duration(0)},
                 std::make_unique<WebhookNotifier>(std::move(webhook), http)};
}

Result<ChannelOptions::Kind> parse_channel_kind(std::string_view text) {
  if (text == "webhook") return ChannelOptions::Kind::webhook;
  if (text == "slack") return ChannelOptions::Kind::slack;
  return Error{ErrorCode::invalid, "'" + std::string(text) + "' is not a kind of channel: webhook or slack" +
                                       did_you_mean(text, {"webhook", "slack"})};
}

}  // namespace kedge
