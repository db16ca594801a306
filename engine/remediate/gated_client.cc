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

Result<HttpResponse> GatedClient::send(const HttpRequest& request) {
  if (auto refusal = gate_.refuse(request.writes, request.method)) return *refusal;
  HttpRequest bounded = request;
  bounded.timeout = std::min(request.timeout, gate_.left());
  if (!bounded.stop.stop_possible()) bounded.stop = gate_.stop();
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
  if (health_ == Breaker::Outcome::bad || (!response && gate_.stop().stop_requested())) return;
  if (response ? is_trouble(*response) : is_trouble(response.error())) {
    health_ = Breaker::Outcome::bad;
    trouble_ = response ? "HTTP " + std::to_string(response->status) : response.error().message;
  } else if (response || response.error().code == ErrorCode::limit) {
    health_ = Breaker::Outcome::good;
  }
}

}  // namespace kedge
