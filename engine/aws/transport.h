// One signed exchange with AWS.
#pragma once

#include <atomic>

#include "aws/credentials.h"
#include "aws/error.h"
#include "aws/sigv4.h"
#include "base/clock.h"
#include "http/http.h"

namespace kedge {

// Signs, sends and reads the answer: a 2xx that holds no error document is a success, all else an AwsError. Where AWS
// says that our clock is wrong, the difference is taken from its Date header, remembered for all later requests, and
// the request is signed once more; nothing else is repeated.
//
// Borrows the clock, which must outlive it. Thread-safe.
class AwsTransport {
 public:
  explicit AwsTransport(Clock& clock) : clock_(clock) {}

  // `request` is unsigned. `context` names the call in messages: "s3 GetBucketAcl".
  AwsResult<HttpResponse> send(HttpClient&, const HttpRequest& request, const Credentials&, const SigningScope&,
                               std::string_view context);

  // Without a signature: for the calls that give credentials.
  AwsResult<HttpResponse> send_unsigned(HttpClient&, const HttpRequest& request, std::string_view context);

  // Our clock, corrected by what AWS says.
  Time now() { return clock_.now() + Duration(offset_.load()); }

 private:
  AwsResult<HttpResponse> read(Result<HttpResponse>, bool writes, std::string_view context);
  bool learn_time(const Result<HttpResponse>& answer);

  Clock& clock_;
  SigV4Signer signer_;
  std::atomic<Duration::rep> offset_ = 0;
};

}  // namespace kedge
