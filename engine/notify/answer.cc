#include "notify/answer.h"

#include <string>

namespace kedge {
namespace {

constexpr bool comes_back_later(int status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

std::string explain(int status) {
  const std::string answered = "the receiver answered " + std::to_string(status);
  if (status >= 300 && status < 400) return answered + ", a redirect: set the channel's url to where it leads";
  if (status == 401 || status == 403) return answered + ": it does not accept our credentials";
  if (status == 404 || status == 410) return answered + ": there is nobody at the channel's url";
  if (status == 413) return answered + ": the notice is too large for it";
  if (status == 429) return answered + ": too many notices";
  return answered;
}

Delivery without_answer(const Error& error) {
  Delivery delivery;
  delivery.kind = error.code == ErrorCode::invalid ? Delivery::Kind::permanent : Delivery::Kind::retry;
  delivery.error = error.message;
  return delivery;
}

}  // namespace

Delivery delivery_of(const Result<HttpResponse>& answer, Time now) {
  if (!answer) return without_answer(answer.error());
  Delivery delivery;
  delivery.status = answer->status;
  if (answer->status >= 200 && answer->status < 300) return delivery;
  delivery.error = explain(answer->status);
  if (answer->status == 404 || answer->status == 410) {
    delivery.kind = Delivery::Kind::disabled;
  } else if (comes_back_later(answer->status)) {
    delivery.kind = Delivery::Kind::retry;
    delivery.retry_after = retry_after(*answer, now);
  } else {
    delivery.kind = Delivery::Kind::permanent;
  }
  return delivery;
}

}  // namespace kedge
