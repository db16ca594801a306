// What became of an AWS call, in the four words that decide what to do next.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "http/http.h"

namespace kedge {

enum class AwsOutcome {
  retry,    // it had no effect; the same call may succeed later
  refused,  // it had no effect, and the same call will not succeed: permission, validation
  gone,     // the thing that the call was about does not exist (any more)
  unknown,  // it may have had its effect: look before anything else
};
std::string_view to_string(AwsOutcome);

struct AwsError {
  AwsOutcome outcome = AwsOutcome::unknown;
  std::string code;     // AWS's own: "NoSuchBucket"; "HTTP 503" where there is none; empty where there was no answer
  std::string message;  // for people: the call, then what AWS or the network said. Holds no secret
  int status = 0;       // 0: there was no answer
  std::string request_id;
  std::string region;                   // set when the server says that what was asked for lies in another region
  std::optional<Duration> retry_after;  // with retry: how long the server asked us to wait

  bool is(std::string_view aws_code) const { return code == aws_code; }

  Error to_error() const;
  bool operator==(const AwsError&) const = default;
};

// What the codes mean, from the table in error.cc; where it does not know the code, from the status. `writes`: whether
// the call could have changed something; a read that failed is never `unknown`.
AwsOutcome classify(std::string_view aws_code, int status, bool writes);

// Whether it means that we ask too often, whatever the status that it came with.
bool is_throttling(std::string_view aws_code);

// The error in a response: its code, message and request id from the body, whatever form the service chose (S3's
// <Error>, EC2's <Response><Errors>, <ErrorResponse>, JSON with __type), else from headers and status.
AwsError read_error(const HttpResponse&, bool writes, Time now);

// The error for a request that has no response. What a gate kept back or a stop prevented may be tried again.
AwsError transport_error(const Error&, bool writes);

// An answer with status 200 that is not the answer to what was asked. Its code is kUnexpectedDocument; for a write the
// outcome is unknown, a read may be tried again: something on the way may have answered for once.
inline constexpr std::string_view kUnexpectedDocument = "UnexpectedDocument";
AwsError unexpected_document(std::string_view call, const HttpResponse&, std::string_view why, bool writes);

// There are no credentials to ask with. Nothing was asked.
inline constexpr std::string_view kNoCredentials = "NoCredentials";

// The id by which AWS names a request, and by which CloudTrail names it too. Empty where the answer has none.
std::string request_id_of(const HttpResponse&);

// A write that AWS says is done. That the world shows it is for a read to prove.
struct AwsWritten {
  std::string request_id;
};

// Like Result, with an AwsError.
template <class T>
class [[nodiscard]] AwsResult {
 public:
  AwsResult(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  // NOLINTNEXTLINE(google-explicit-constructor)
  AwsResult(AwsError error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() { return checked(); }
  const T& operator*() const { return const_cast<AwsResult*>(this)->checked(); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &**this; }

  const AwsError& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  T& checked() {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  std::variant<T, AwsError> state_;
};

}  // namespace kedge
