#include "notify/webhook_notifier.h"

#include <utility>

#include "base/json.h"

namespace kedge {

std::string webhook_body(const Notice& notice) {
  const Json body = {{"type", notice.type}, {"timestamp", format_time(notice.created)}, {"data", notice.data}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Delivery WebhookNotifier::deliver(const Notice& notice, Time now, std::stop_token stop) {
  return post_.send(notice.id, "application/json", webhook_body(notice), now, std::move(stop));
}

}  // namespace kedge
