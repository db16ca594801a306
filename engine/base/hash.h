// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace kedge {

// 32 bytes. As a view for hashing again: as_bytes().
struct Digest {
  std::array<uint8_t, 32> bytes{};

  std::string_view as_bytes() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  std::string hex() const;
  auto operator<=>(const Digest&) const = default;
};

Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace kedge
