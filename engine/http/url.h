// The parts of an http or https URL, and percent-encoding (RFC 3986).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

// As written: nothing is decoded, normalised or looked up.
struct Url {
  std::string scheme;                // "http" or "https"
  std::string host;                  // lower case; an IPv6 address keeps its brackets
  uint16_t port = 0;                 // 0: the scheme's own
  std::string path = "/";            // begins with "/"
  std::optional<std::string> query;  // without the "?"

  // "host", or "host:port" where the port is not the scheme's own: what the Host header says.
  std::string authority() const;
  std::string text() const;

  bool operator==(const Url&) const = default;
};

// Refused: other schemes, user names in the URL, fragments, white space and control characters. The error does not
// repeat the URL, which may hold a secret.
Result<Url> parse_url(std::string_view);

// All but A-Z a-z 0-9 - _ . ~ becomes %XX in upper case. `keep`: further characters that stay, "/" for a path.
std::string percent_encode(std::string_view bytes, std::string_view keep = "");

// "%41" becomes "A"; "+" stays, and so does a "%" that two hexadecimal digits do not follow.
std::string percent_decode(std::string_view text);

}  // namespace kedge
