#include "notify/channel.h"

#include <utility>

#include "base/nearest.h"
#include "http/url.h"
#include "notify/signature.h"
#include "notify/slack_notifier.h"
#include "notify/webhook_notifier.h"

namespace kedge {
namespace {

Error wrong(const ChannelOptions& options, const std::string& what) {
  return {ErrorCode::invalid, "channel '" + options.name + "': " + what};
}

Result<std::unique_ptr<Notifier>> open_webhook(const ChannelOptions& options, HttpClient& http) {
  if (options.secrets.empty()) {
    return wrong(options, "secrets: one is needed to sign with; make one with `echo whsec_$(openssl rand -base64 32)`");
  }
  std::vector<std::string> keys;
  for (size_t i = 0; i < options.secrets.size(); ++i) {
    auto key = webhook_key(options.secrets[i]);
    if (!key) return wrong(options, "secrets[" + std::to_string(i) + "]: " + key.error().message);
    keys.push_back(std::move(*key));
  }
  return std::unique_ptr<Notifier>(
      std::make_unique<WebhookNotifier>(WebhookNotifier::Options{options.url, std::move(keys), options.timeout}, http));
}

Result<std::unique_ptr<Notifier>> open_slack(const ChannelOptions& options, HttpClient& http) {
  if (!options.secrets.empty()) return wrong(options, "secrets: Slack takes none, its url is the secret");
  return std::unique_ptr<Notifier>(
      std::make_unique<SlackNotifier>(SlackNotifier::Options{options.url, options.timeout}, http));
}

}  // namespace

Result<Channel> open_channel(const ChannelOptions& options, HttpClient& http) {
  if (options.name.empty()) return wrong(options, "name: must not be empty");
  if (const auto url = parse_url(options.url); !url) return wrong(options, "url: " + url.error().message);
  if (options.timeout <= Duration(0)) return wrong(options, "timeout: must be more than 0");
  if (options.notices_per_minute < 1) return wrong(options, "notices_per_minute: must be at least 1");

  const bool slack = options.kind == ChannelOptions::Kind::slack;
  auto notifier = slack ? open_slack(options, http) : open_webhook(options, http);
  if (!notifier) return notifier.error();
  // Slack takes one message a second for each webhook (docs.slack.dev: Rate limits).
  const Duration spacing = slack ? Duration(std::chrono::seconds(1)) : Duration(0);
  return Channel{options.name, PaceLimits{options.notices_per_minute, spacing}, std::move(*notifier)};
}

Result<ChannelOptions::Kind> parse_channel_kind(std::string_view text) {
  if (text == "webhook") return ChannelOptions::Kind::webhook;
  if (text == "slack") return ChannelOptions::Kind::slack;
  return Error{ErrorCode::invalid, "'" + std::string(text) + "' is not a kind of channel: webhook or slack" +
                                       did_you_mean(text, {"webhook", "slack"})};
}

}  // namespace kedge
