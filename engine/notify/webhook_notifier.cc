#include "notify/webhook_notifier.h"

#include <utility>

#include "base/json.h"
#include "notify/answer.h"
#include "notify/signature.h"

namespace kedge {

std::string webhook_body(const Notice& notice) {
  const Json body = {{"type", notice.type}, {"timestamp", format_time(notice.created)}, {"data", notice.data}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

WebhookNotifier::WebhookNotifier(Options options, HttpClient& http) : options_(std::move(options)), http_(http) {}

Delivery WebhookNotifier::deliver(const Notice& notice, Time now, std::stop_token stop) {
  const int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  HttpRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.body = webhook_body(notice);
  request.headers = {
      {"content-type", "application/json"},
      {"user-agent", "kedge"},
      {"webhook-id", notice.id},
      {"webhook-timestamp", std::to_string(seconds)},
      {"webhook-signature", webhook_signature(options_.keys, notice.id, seconds, request.body)},
  };
  request.timeout = options_.timeout;
  request.response_bytes_max = 64U << 10U;
  request.stop = std::move(stop);
  return delivery_of(http_.send(request), now);
}

}  // namespace kedge
