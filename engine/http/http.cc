#include "http/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

namespace kedge {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A server that asks for more than this is not believed: whoever waits has deadlines of its own.
constexpr int64_t kRetryAfterSecondsMax = 24 * 60 * 60;

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  for (auto it = headers.rbegin(); it != headers.rend(); ++it) {
    if (equals_ignoring_case(it->name, name)) return it->value;
  }
  return std::nullopt;
}

std::vector<std::string_view> HttpResponse::headers_named(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const HttpHeader& header : headers) {
    if (equals_ignoring_case(header.name, name)) values.emplace_back(header.value);
  }
  return values;
}

bool surely_not_sent(const Error& error) {
  return error.code == ErrorCode::invalid || error.code == ErrorCode::unavailable || error.code == ErrorCode::refused;
}

std::optional<Time> parse_http_date(std::string_view text) {
  const time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

std::optional<Duration> retry_after(const HttpResponse& response, Time now) {
  const auto value = response.header("Retry-After");
  if (!value || value->empty()) return std::nullopt;
  int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(value->data(), value->data() + value->size(), seconds);
  if (failure != std::errc() || end != value->data() + value->size()) {
    const auto date = parse_http_date(*value);
    if (!date) return std::nullopt;
    seconds = std::chrono::ceil<std::chrono::seconds>(*date - now).count();
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kRetryAfterSecondsMax));
}

}  // namespace kedge
