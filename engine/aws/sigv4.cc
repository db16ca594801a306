#include "aws/sigv4.h"

#include <algorithm>
#include <array>
#include <vector>

namespace kedge {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr size_t kKeysMax = 256;  // accounts x regions x services of a day; 32 bytes each

// "20150830T123600Z"; its first eight characters are the day.
std::string date_time_of(Time now) {
  std::string text = format_time(now).substr(0, 19);  // 2015-08-30T12:36:00
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

std::string scope_text(const SigningScope& scope, const std::string& day) {
  return day + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// RFC 3986 §5.2.4, and repeated slashes become one.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string result;
  for (const std::string_view segment : kept) result.append("/").append(segment);
  const bool folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  if (result.empty() || folder) result += "/";
  return result;
}

std::string canonical_path(std::string_view path, const SigningRules& rules) {
  std::string result = rules.normalize_path ? normalized(path) : std::string(path);
  return rules.encode_path ? percent_encode(result, "/") : result;
}

std::string canonical_query(const Url& url) {
  if (!url.query || url.query->empty()) return "";
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : split(*url.query, '&')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
    pairs.emplace_back(percent_encode(percent_decode(part.substr(0, equals))), percent_encode(percent_decode(value)));
  }
  std::ranges::sort(pairs);
  std::string result;
  for (const auto& [key, value] : pairs) {
    if (!result.empty()) result += "&";
    result.append(key).append("=").append(value);
  }
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return result;
}

// Without blanks at its ends, and each run of blanks inside as one space.
std::string folded(std::string_view value) {
  std::string result;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

bool is_signed(std::string_view lower_name) {
  constexpr std::array<std::string_view, 5> kChangedOnTheWay = {"user-agent", "connection", "expect",
                                                                "transfer-encoding", "authorization"};
  return std::ranges::find(kChangedOnTheWay, lower_name) == kChangedOnTheWay.end();
}

bool has(const std::vector<HttpHeader>& headers, std::string_view name) {
  return std::ranges::any_of(headers, [&](const HttpHeader& h) { return equals_ignoring_case(h.name, name); });
}

void add_query(Url& url, std::string_view key, std::string_view value) {
  std::string& query = url.query ? *url.query : url.query.emplace();
  if (!query.empty()) query += "&";
  query.append(key).append("=").append(percent_encode(value));
}

}  // namespace

SigningRules SigningRules::of(std::string_view service) {
  if (service == "s3") return {.normalize_path = false, .encode_path = false, .sign_body = true};
  return {};
}

CanonicalRequest canonical_request(std::string_view method, const Url& url, const std::vector<HttpHeader>& headers,
                                   std::string_view payload_hash, const SigningRules& rules) {
  std::map<std::string, std::string> values;
  for (const HttpHeader& header : headers) {
    std::string name = lower(header.name);
    if (!is_signed(name)) continue;
    const auto [entry, first] = values.try_emplace(std::move(name), folded(header.value));
    if (!first) entry->second.append(",").append(folded(header.value));
  }
  CanonicalRequest result;
  result.text.append(method).append("\n");
  result.text.append(canonical_path(url.path, rules)).append("\n");
  result.text.append(canonical_query(url)).append("\n");
  for (const auto& [name, value] : values) {
    result.text.append(name).append(":").append(value).append("\n");
    if (!result.signed_headers.empty()) result.signed_headers += ";";
    result.signed_headers += name;
  }
  result.text.append("\n").append(result.signed_headers).append("\n").append(payload_hash);
  return result;
}

Result<HttpRequest> SigV4Signer::sign(HttpRequest request, const Credentials& credentials, const SigningScope& scope,
                                      Time now) {
  return sign(std::move(request), credentials, scope, now, SigningRules::of(scope.service));
}

Result<HttpRequest> SigV4Signer::sign(HttpRequest request, const Credentials& credentials, const SigningScope& scope,
                                      Time now, SigningRules rules) {
  const auto url = parse_url(request.url);
  if (!url) return url.error();
  const std::string date_time = date_time_of(now);
  const std::string payload_hash = sha256(request.body).hex();
  const HttpHeader token{"X-Amz-Security-Token", credentials.session_token};

  if (!has(request.headers, "Host")) request.headers.push_back({"Host", url->authority()});
  request.headers.push_back({"X-Amz-Date", date_time});
  if (rules.sign_body) request.headers.push_back({"X-Amz-Content-Sha256", payload_hash});
  if (!token.value.empty() && !rules.omit_session_token) request.headers.push_back(token);
  const auto canonical = canonical_request(request.method, *url, request.headers, payload_hash, rules);
  request.headers.push_back(
      {"Authorization", std::string(kAlgorithm) + " Credential=" + credentials.access_key_id + "/" +
                            scope_text(scope, date_time.substr(0, 8)) + ", SignedHeaders=" + canonical.signed_headers +
                            ", Signature=" + signature(canonical, credentials, scope, date_time)});
  if (!token.value.empty() && rules.omit_session_token) request.headers.push_back(token);
  return request;
}

Result<std::string> SigV4Signer::presign(const HttpRequest& request, const Credentials& credentials,
                                         const SigningScope& scope, Time now, Duration lifetime, SigningRules rules) {
  auto url = parse_url(request.url);
  if (!url) return url.error();
  const std::string date_time = date_time_of(now);
  std::vector<HttpHeader> headers = request.headers;
  if (!has(headers, "Host")) headers.push_back({"Host", url->authority()});
  const std::string payload_hash = scope.service == "s3" ? "UNSIGNED-PAYLOAD" : sha256(request.body).hex();
  const std::string names = canonical_request(request.method, *url, headers, payload_hash, rules).signed_headers;

  add_query(*url, "X-Amz-Algorithm", kAlgorithm);
  add_query(*url, "X-Amz-Credential", credentials.access_key_id + "/" + scope_text(scope, date_time.substr(0, 8)));
  add_query(*url, "X-Amz-Date", date_time);
  add_query(*url, "X-Amz-SignedHeaders", names);
  add_query(*url, "X-Amz-Expires", std::to_string(std::chrono::floor<std::chrono::seconds>(lifetime).count()));
  const bool token = !credentials.session_token.empty();
  if (token && !rules.omit_session_token) add_query(*url, "X-Amz-Security-Token", credentials.session_token);
  const auto canonical = canonical_request(request.method, *url, headers, payload_hash, rules);
  add_query(*url, "X-Amz-Signature", signature(canonical, credentials, scope, date_time));
  if (token && rules.omit_session_token) add_query(*url, "X-Amz-Security-Token", credentials.session_token);
  return url->text();
}

std::string SigV4Signer::signature(const CanonicalRequest& canonical, const Credentials& credentials,
                                   const SigningScope& scope, const std::string& date_time) {
  const std::string day = date_time.substr(0, 8);
  const std::string text =
      std::string(kAlgorithm) + "\n" + date_time + "\n" + scope_text(scope, day) + "\n" + sha256(canonical.text).hex();
  return hmac_sha256(signing_key(credentials, scope, day).as_bytes(), text).hex();
}

Digest SigV4Signer::signing_key(const Credentials& credentials, const SigningScope& scope, const std::string& day) {
  const std::string name = sha256(credentials.secret_access_key).hex() + "/" + scope_text(scope, day);
  const std::lock_guard lock(mutex_);
  if (const auto known = keys_.find(name); known != keys_.end()) return known->second;
  Digest key = hmac_sha256("AWS4" + credentials.secret_access_key, day);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = hmac_sha256(key.as_bytes(), part);
  }
  if (keys_.size() >= kKeysMax) keys_.clear();
  keys_.emplace(name, key);
  return key;
}

}  // namespace kedge
