#include "notify/signature.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace kedge {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr size_t kKeyBytesMin = 24;
constexpr size_t kKeyBytesMax = 64;

}  // namespace

Result<std::string> webhook_key(std::string_view secret) {
  const Error wrong{ErrorCode::invalid,
                    "must be 'whsec_' and the base64 of 24 to 64 random bytes: make one with "
                    "`echo whsec_$(openssl rand -base64 32)`"};
  if (!secret.starts_with(kPrefix)) return wrong;
  auto key = from_base64(secret.substr(kPrefix.size()));
  if (!key || key->size() < kKeyBytesMin || key->size() > kKeyBytesMax) return wrong;
  return std::move(*key);
}

Result<std::vector<std::string>> webhook_keys(const std::vector<std::string>& secrets) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < secrets.size(); ++i) {
    auto key = webhook_key(secrets[i]);
    if (!key) return Error{ErrorCode::invalid, "[" + std::to_string(i) + "]: " + key.error().message};
    keys.push_back(*std::move(key));
  }
  return keys;
}

std::string webhook_signature(const std::vector<std::string>& keys, std::string_view id, int64_t timestamp_seconds,
                              std::string_view body) {
  const std::string head = std::string(id) + "." + std::to_string(timestamp_seconds) + ".";
  const std::string signed_bytes = head + std::string(body);
  std::string signatures;
  for (const std::string& key : keys) {
    if (!signatures.empty()) signatures += ' ';
    signatures += "v1," + to_base64(hmac_sha256(key, signed_bytes).as_bytes());
  }
  return signatures;
}

}  // namespace kedge
