#include "base/ed25519.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace kedge {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const unsigned char* octets(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

// What cannot fail but for want of memory, or with an OpenSSL that is set up to have no Ed25519.
void must(bool done) {
  if (!done) std::abort();
}

}  // namespace

Result<Ed25519Key> Ed25519Key::from_seed(std::string_view seed) {
  if (seed.size() != kEd25519KeyBytes) {
    return Error{ErrorCode::invalid, "the seed of an Ed25519 key has 32 bytes, not " + std::to_string(seed.size())};
  }
  Ed25519Key key;
  key.pair_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(seed), seed.size()), EVP_PKEY_free);
  must(key.pair_ != nullptr);
  key.public_key_.resize(kEd25519KeyBytes);
  size_t size = key.public_key_.size();
  must(EVP_PKEY_get_raw_public_key(key.pair_.get(), octets(key.public_key_), &size) == 1);
  return key;
}

std::string Ed25519Key::seed() const {
  std::string seed(kEd25519KeyBytes, '\0');
  size_t size = seed.size();
  must(EVP_PKEY_get_raw_private_key(pair_.get(), octets(seed), &size) == 1);
  return seed;
}

std::string Ed25519Key::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  must(context != nullptr);
  must(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pair_.get()) == 1);
  std::string signature(kEd25519SignatureBytes, '\0');
  size_t size = signature.size();
  must(EVP_DigestSign(context.get(), octets(signature), &size, octets(message), message.size()) == 1);
  return signature;
}

bool ed25519_verifies(std::string_view public_key, std::string_view message, std::string_view signature) {
  if (public_key.size() != kEd25519KeyBytes || signature.size() != kEd25519SignatureBytes) return false;
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(public_key), public_key.size()), EVP_PKEY_free);
  const Context context(EVP_MD_CTX_new());
  must(key != nullptr && context != nullptr);
  must(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  return EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message), message.size()) == 1;
}

}  // namespace kedge
