#include "notify/channel.h"

#include <array>
#include <utility>

#include "base/nearest.h"
#include "http/url.h"
#include "notify/kafka_notifier.h"
#include "notify/signature.h"
#include "notify/slack_notifier.h"
#include "notify/webhook_notifier.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 3> kKinds = {"webhook", "slack", "kafka"};

Error wrong(std::string what) { return {ErrorCode::invalid, std::move(what)}; }

Result<void> check_topic(const ChannelOptions& options) {
  if (!options.url.empty()) return wrong("url: Kafka has none, but brokers and a topic");
  if (!options.secrets.empty()) return wrong("secrets: Kafka takes none: who may write is said by properties");
  const std::vector<OptionMistake> mistakes = mistakes_in(options.kafka);
  return mistakes.empty() ? Result<void>() : wrong(mistakes[0].field + ": " + mistakes[0].message);
}

}  // namespace

Result<void> check_channel(const ChannelOptions& options) {
  if (options.name.empty()) return wrong("name: must not be empty");
  if (options.timeout <= Duration(0)) return wrong("timeout: must be more than 0");
  if (options.notices_per_minute < 1) return wrong("notices_per_minute: must be at least 1");
  if (options.kind == ChannelOptions::Kind::kafka) return check_topic(options);
  for (const auto& [member, given] : {std::pair{"brokers", !options.kafka.brokers.empty()},
                                      {"topic", !options.kafka.topic.empty()},
                                      {"properties", !options.kafka.properties.empty()}}) {
    if (given) return wrong(std::string(member) + ": only a channel of kind kafka has it");
  }
  if (const auto url = parse_url(options.url); !url) return wrong("url: " + url.error().message);
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

Result<Channel> open_channel(const ChannelOptions& options, HttpClient& http, const std::string& ledger_id) {
  if (auto checked = check_channel(options); !checked) {
    return checked.error().with("channel '" + options.name + "'");
  }
  if (options.kind == ChannelOptions::Kind::kafka) {
    WriterOptions kafka = options.kafka;
    kafka.timeout = options.timeout;
    return Channel{options.name, PaceLimits{options.notices_per_minute, Duration(0)},
                   std::make_unique<KafkaNotifier>(std::move(kafka), ledger_id)};
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

int usual_pace(ChannelOptions::Kind kind) { return kind == ChannelOptions::Kind::kafka ? 6000 : 60; }

Result<ChannelOptions::Kind> parse_channel_kind(std::string_view text) {
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (text == kKinds[i]) return static_cast<ChannelOptions::Kind>(i);
  }
  return Error{ErrorCode::invalid, "'" + std::string(text) + "' is not a kind of channel: webhook, slack or kafka" +
                                       did_you_mean(text, {kKinds.begin(), kKinds.end()})};
}

std::string_view to_string(ChannelOptions::Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

}  // namespace kedge
