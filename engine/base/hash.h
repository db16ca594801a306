// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
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

// Digests one after another, without asking for memory for each: where there are millions of short ones. For one
// thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view bytes);
  Digest finish();  // of all that was added since the last one

 private:
  struct State;
  std::unique_ptr<State> state_;
};
Digest hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace kedge
