#include "notify/signed_post.h"

#include <algorithm>
#include <array>

#include "http/http.h"
#include "http/url.h"
#include "notify/answer.h"
#include "notify/signature.h"

namespace kedge {
namespace {

// Which we send ourselves.
constexpr std::array kOurHeaders = {"content-length",    "content-type",     "host",
                                    "transfer-encoding", "user-agent",       "webhook-id",
                                    "webhook-signature", "webhook-timestamp"};

// A token of RFC 9110.
bool is_header_name(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_ours(std::string_view name) {
  return std::any_of(kOurHeaders.begin(), kOurHeaders.end(),
                     [&](const char* our) { return equals_ignoring_case(our, name); });
}

Result<void> check_header(const std::string& name, const std::string& value) {
  const auto wrong = [&](const char* what) { return Error{ErrorCode::invalid, "headers." + name + ": " + what}; };
  if (!is_header_name(name)) return wrong("is no name of a header");
  if (is_ours(name)) return wrong("is a header that kedge sends itself");
  if (!is_header_value(value)) return wrong("its value holds control characters");
  return {};
}

}  // namespace

Result<void> check_post(const SignedPost::Options& options) {
  if (const auto url = parse_url(options.url); !url) return Error{ErrorCode::invalid, "url: " + url.error().message};
  if (options.timeout <= Duration(0)) return Error{ErrorCode::invalid, "timeout: must be more than 0"};
  for (const auto& [name, value] : options.headers) {
    if (auto checked = check_header(name, value); !checked) return checked;
  }
  return {};
}

Delivery SignedPost::send(std::string_view id, std::string_view content_type, std::string body, Time now,
                          std::stop_token stop) const {
  const int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  HttpRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.headers = {
      {"content-type", std::string(content_type)},
      {"user-agent", "kedge"},
      {"webhook-id", std::string(id)},
      {"webhook-timestamp", std::to_string(seconds)},
  };
  if (!options_.keys.empty()) {
    request.headers.push_back({"webhook-signature", webhook_signature(options_.keys, id, seconds, body)});
  }
  for (const auto& [name, value] : options_.headers) request.headers.push_back({name, value});
  request.body = std::move(body);
  request.timeout = options_.timeout;
  request.response_bytes_max = 64U << 10U;
  request.stop = std::move(stop);
  return delivery_of(http_.send(request), now);
}

}  // namespace kedge
