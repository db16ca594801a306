#include "base/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "base/bytes.h"

namespace kedge {
namespace {

// Looked up once: OpenSSL's functions of one call search its providers each time.
const EVP_MD* sha256_method() {
  static const EVP_MD* const kMethod = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kMethod;
}

struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Mac = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

// The same for HMAC: what has found its method is copied, and gets a key.
Mac hmac_without_key() {
  static const EVP_MAC_CTX* const kFound = [] {
    EVP_MAC* const method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* const context = EVP_MAC_CTX_new(method);
    EVP_MAC_free(method);
    std::string name = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), name.size()),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC_CTX_set_params(context, parameters);
    return context;
  }();
  return Mac(kFound == nullptr ? nullptr : EVP_MAC_CTX_dup(kFound));
}

// Without memory, or with an OpenSSL that is set up to have no SHA-256, there is no digest: whatever would stand in its
// place might be signed, or chained into the record.
void must(bool done) {
  if (!done) std::abort();
}

const unsigned char* octets(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

}  // namespace

std::string Digest::hex() const { return to_hex(as_bytes()); }

Digest sha256(std::string_view bytes) {
  Digest digest;
  must(EVP_Digest(bytes.data(), bytes.size(), digest.bytes.data(), nullptr, sha256_method(), nullptr) == 1);
  return digest;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  State() { must(context != nullptr && EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) { must(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1); }

Digest Sha256::finish() {
  Digest digest;
  must(EVP_DigestFinal_ex(state_->context, digest.bytes.data(), nullptr) == 1);
  must(EVP_DigestInit_ex2(state_->context, nullptr, nullptr) == 1);
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  Digest digest;
  static constexpr unsigned char kNoKey = 0;  // an empty key is one too
  const Mac context = hmac_without_key();
  must(context != nullptr);
  must(EVP_MAC_init(context.get(), key.empty() ? &kNoKey : octets(key), key.size(), nullptr) == 1);
  must(EVP_MAC_update(context.get(), octets(bytes), bytes.size()) == 1);
  size_t size = 0;
  must(EVP_MAC_final(context.get(), digest.bytes.data(), &size, digest.bytes.size()) == 1);
  return digest;
}

}  // namespace kedge
