// Ed25519 signatures (RFC 8032), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace kedge {

inline constexpr size_t kEd25519KeyBytes = 32;  // a public key's, and a seed's
inline constexpr size_t kEd25519SignatureBytes = 64;

// Both halves of a key. Immutable: any number of threads may sign with it. The secret is wiped when the last copy goes.
class Ed25519Key {
 public:
  // The seed is the private key of RFC 8032: 32 bytes, of any value. Another length is an error (invalid).
  static Result<Ed25519Key> from_seed(std::string_view seed);

  std::string seed() const;  // the secret itself
  const std::string& public_key() const { return public_key_; }
  std::string sign(std::string_view message) const;  // 64 bytes; of one message always the same

 private:
  Ed25519Key() = default;

  std::shared_ptr<evp_pkey_st> pair_;
  std::string public_key_;
};

// False also when the key or the signature is not of its length.
bool ed25519_verifies(std::string_view public_key, std::string_view message, std::string_view signature);

}  // namespace kedge
