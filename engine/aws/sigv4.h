// AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
//
// A request is signed by its canonical form: the server builds the same text from what it receives. So whatever is
// signed here must be what is sent, byte for byte.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/hash.h"
#include "http/http.h"
#include "http/url.h"

namespace kedge {

struct SigningScope {
  std::string region;   // "eu-west-1"
  std::string service;  // the signing name: "s3", "ec2", "sts"
};

// S3 takes a path as it is sent and wants the hash of the body in a header. Every other service resolves "." and ".."
// and "//" in the path and encodes the encoded path once more.
struct SigningRules {
  bool normalize_path = true;
  bool encode_path = true;
  bool sign_body = false;           // adds X-Amz-Content-Sha256
  bool omit_session_token = false;  // the token is added after signing

  static SigningRules of(std::string_view service);
};

// The text that is hashed and signed, and the names of the headers in it ("host;x-amz-date").
struct CanonicalRequest {
  std::string text;
  std::string signed_headers;
};

// Signs all `headers` but those that proxies change (User-Agent, Connection, Expect, Transfer-Encoding).
CanonicalRequest canonical_request(std::string_view method, const Url&, const std::vector<HttpHeader>& headers,
                                   std::string_view payload_hash, const SigningRules&);

// Thread-safe. Keeps the keys that it has derived, which stay good for a day.
class SigV4Signer {
 public:
  // `request` with Host, X-Amz-Date, X-Amz-Security-Token and Authorization (and, by the rules, X-Amz-Content-Sha256)
  // added. It must not carry them yet: what must be signed again is signed from the unsigned request. Fails only on a
  // URL that cannot be used.
  Result<HttpRequest> sign(HttpRequest request, const Credentials&, const SigningScope&, Time now);
  Result<HttpRequest> sign(HttpRequest request, const Credentials&, const SigningScope&, Time now, SigningRules);

  // The URL of `request` with the signature in its query, good for `lifetime`.
  Result<std::string> presign(const HttpRequest& request, const Credentials&, const SigningScope&, Time now,
                              Duration lifetime, SigningRules);

 private:
  std::string signature(const CanonicalRequest&, const Credentials&, const SigningScope&, const std::string& date_time);
  Digest signing_key(const Credentials&, const SigningScope&, const std::string& day);

  std::mutex mutex_;
  std::map<std::string, Digest> keys_;  // guarded by mutex_; by a hash of secret, day, region and service
};

}  // namespace kedge
