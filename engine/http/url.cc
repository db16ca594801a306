#include "http/url.h"

#include <algorithm>
#include <charconv>

namespace kedge {
namespace {

constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

Error invalid(std::string_view what) {
  return {ErrorCode::invalid, "not a URL that can be used: " + std::string(what)};
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return result;
}

Result<void> read_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) return invalid("it holds a user name or password");
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.host = lower(authority.substr(0, colon));
  if (url.host.empty()) return invalid("it names no host");
  if (colon == std::string_view::npos) return {};
  const std::string_view digits = authority.substr(colon + 1);
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
  if (failure != std::errc() || end != digits.data() + digits.size() || url.port == 0) {
    return invalid("its port is not a number from 1 to 65535");
  }
  return {};
}

}  // namespace

std::string Url::authority() const {
  const uint16_t own = scheme == "https" ? kHttpsPort : kHttpPort;
  return port == 0 || port == own ? host : host + ":" + std::to_string(port);
}

std::string Url::text() const { return scheme + "://" + authority() + path + (query ? "?" + *query : ""); }

Result<Url> parse_url(std::string_view text) {
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; })) {
    return invalid("it holds white space or control characters");
  }
  Url url;
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return invalid("it does not begin with http:// or https://");
  url.scheme = lower(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") return invalid("it does not begin with http:// or https://");
  if (text.find('#') != std::string_view::npos) return invalid("it holds a fragment (\"#\")");
  text.remove_prefix(scheme_end + 3);

  const size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  if (auto read = read_authority(text.substr(0, authority_end), url); !read) return read.error();
  text.remove_prefix(authority_end);

  const size_t question = text.find('?');
  if (question != 0 && !text.empty()) url.path = text.substr(0, question);
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  return url;
}

std::string percent_encode(std::string_view bytes, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    if (kUnreserved.find(c) != std::string_view::npos || keep.find(c) != std::string_view::npos) {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return text;
}

std::string percent_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 && digit_of(text[i + 2]) >= 0;
    if (escaped) {
      bytes += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

}  // namespace kedge
