// Signatures of the Standard Webhooks specification (standardwebhooks.com), symmetric scheme "v1".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

// The key in a secret's text: "whsec_" and the base64 of 24 to 64 bytes. The error does not repeat the text.
Result<std::string> webhook_key(std::string_view secret);

// Of each secret, in their order. The error begins with the secret's number: "[1]: ...".
Result<std::vector<std::string>> webhook_keys(const std::vector<std::string>& secrets);

// The value of the header `webhook-signature`: for each key "v1," and the base64 of HMAC-SHA-256 over
// "<id>.<timestamp>.<body>", separated by spaces. While keys are rotated the receiver accepts any of them.
std::string webhook_signature(const std::vector<std::string>& keys, std::string_view id, int64_t timestamp_seconds,
                              std::string_view body);

}  // namespace kedge
