#include "remediate/gated_client.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kedge {
namespace {

// How services name a request in its answer; CloudTrail repeats the name in the event of the change.
constexpr std::array<std::string_view, 2> kRequestIdHeaders = {"x-amz-request-id", "x-amzn-RequestId"};

constexpr int kTooManyRequests = 429;
constexpr int kNotImplemented = 501;

bool is_trouble(const Error& error) {
  return error.code == ErrorCode::timeout || error.code == ErrorCode::unavailable || error.code == ErrorCode::corrupt;
}

bool is_trouble(const HttpResponse& response) {
  return response.status == kTooManyRequests || (response.status >= 500 && response.status != kNotImplemented);
}

}  // namespace

std::optional<Error> GatedClient::refuse(const HttpRequest& request) {
  if (request.writes && !permit_.writes) {
    misused_ = true;
    return Error{ErrorCode::internal, "an action tried to write (" + request.method + ") while it observed"};
  }
  if (permit_.stop.stop_requested()) {
    kept_back_ = "the engine is stopping";
  } else if (clock_.elapsed() >= permit_.deadline) {
    kept_back_ = "no time was left for another request";
  } else if (request.writes) {
    if (auto stop = effects_stopped_()) kept_back_ = "effects are stopped: " + stop->reason;
  }
  if (!kept_back_) return std::nullopt;
  return Error{ErrorCode::refused, *kept_back_};
}

Result<HttpResponse> GatedClient::send(const HttpRequest& request) {
  if (auto refusal = refuse(request)) return *refusal;
  HttpRequest bounded = request;
  bounded.timeout = std::min(request.timeout, permit_.deadline - clock_.elapsed());
  if (!bounded.stop.stop_possible()) bounded.stop = permit_.stop;
  auto response = client_.send(bounded);
  judge(response);
  if (!request.writes) return response;
  if (!response) {
    if (surely_not_sent(response.error())) return response;
    ++writes_;
    unsure_ = true;
    return response;
  }
  ++writes_;
  for (const auto name : kRequestIdHeaders) {
    if (const auto id = response->header(name)) request_ids_.emplace_back(*id);
  }
  return response;
}

void GatedClient::judge(const Result<HttpResponse>& response) {
  if (health_ == Breaker::Outcome::bad || (!response && permit_.stop.stop_requested())) return;
  if (response ? is_trouble(*response) : is_trouble(response.error())) {
    health_ = Breaker::Outcome::bad;
    trouble_ = response ? "HTTP " + std::to_string(response->status) : response.error().message;
  } else if (response || response.error().code == ErrorCode::limit) {
    health_ = Breaker::Outcome::good;
  }
}

}  // namespace kedge
