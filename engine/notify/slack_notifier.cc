#include "notify/slack_notifier.h"

#include <array>
#include <utility>

#include "base/json.h"
#include "notify/answer.h"
#include "notify/slack_message.h"

namespace kedge {
namespace {

// Slack's own words for what is wrong with a message or a webhook, as they stand in the body of an error
// (docs.slack.dev: Handling errors). Only these are repeated.
constexpr std::array<std::string_view, 12> kReasons = {"action_prohibited",
                                                       "channel_is_archived",
                                                       "channel_not_found",
                                                       "invalid_blocks",
                                                       "invalid_payload",
                                                       "invalid_token",
                                                       "no_service",
                                                       "no_service_id",
                                                       "no_team",
                                                       "no_text",
                                                       "posting_to_general_channel_denied",
                                                       "rollup_error"};

std::string_view reason_in(const HttpResponse& response) {
  for (const std::string_view reason : kReasons) {
    if (response.body == reason) return reason;
  }
  return {};
}

}  // namespace

SlackNotifier::SlackNotifier(Options options, HttpClient& http) : options_(std::move(options)), http_(http) {}

Delivery SlackNotifier::deliver(const Notice& notice, Time now, std::stop_token stop) {
  HttpRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.body = slack_message(notice).dump(-1, ' ', false, Json::error_handler_t::replace);
  request.headers = {{"content-type", "application/json"}, {"user-agent", "kedge"}};
  request.timeout = options_.timeout;
  request.response_bytes_max = 64U << 10U;
  request.stop = std::move(stop);
  const auto answer = http_.send(request);

  Delivery delivery = delivery_of(answer, now);
  if (delivery.status == 403) delivery.kind = Delivery::Kind::disabled;  // the token in the URL was revoked
  if (delivery.kind != Delivery::Kind::delivered && answer) {
    const std::string_view reason = reason_in(*answer);
    if (!reason.empty()) delivery.error += " (" + std::string(reason) + ")";
  }
  return delivery;
}

}  // namespace kedge
