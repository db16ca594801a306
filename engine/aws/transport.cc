#include "aws/transport.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace kedge {
namespace {

// STS ("Signature expired: ...") and EC2 say no more than that the signature is not right; the answer's Date tells why.
constexpr std::array<std::string_view, 6> kClockCodes = {"RequestTimeTooSkewed",  "RequestInTheFuture",
                                                         "RequestExpired",        "InvalidSignatureException",
                                                         "SignatureDoesNotMatch", "AuthFailure"};

// AWS takes 15 minutes (S3) or 5 (others). Less than a minute is no reason for a refusal: something else is wrong.
constexpr Duration kSkewMin = std::chrono::minutes(1);

// S3 may answer 200 and find only then that it fails: the body is an error document.
bool holds_error_document(const HttpResponse& response) {
  std::string_view body = response.body;
  const auto skip_blanks = [&] { body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size())); };
  skip_blanks();
  if (body.starts_with("<?xml")) {
    body.remove_prefix(std::min(body.find("?>"), body.size() - 2) + 2);
    skip_blanks();
  }
  return body.starts_with("<Error>") || body.starts_with("<Error ");
}

}  // namespace

AwsResult<HttpResponse> AwsTransport::send(HttpClient& http, const HttpRequest& request, const Credentials& credentials,
                                           const SigningScope& scope, std::string_view context) {
  for (bool corrected = false;; corrected = true) {
    const auto signed_request = signer_.sign(request, credentials, scope, now());
    if (!signed_request) return transport_error(signed_request.error().with(context), request.writes);
    auto answer = http.send(*signed_request);
    auto result = read(answer, request.writes, context);
    const bool clock_refused = !result && std::ranges::find(kClockCodes, result.error().code) != kClockCodes.end();
    if (!clock_refused || corrected || !learn_time(answer)) return result;
  }
}

AwsResult<HttpResponse> AwsTransport::send_unsigned(HttpClient& http, const HttpRequest& request,
                                                    std::string_view context) {
  return read(http.send(request), request.writes, context);
}

AwsResult<HttpResponse> AwsTransport::read(Result<HttpResponse> answer, bool writes, std::string_view context) {
  if (!answer) return transport_error(answer.error().with(context), writes);
  const bool good = answer->status >= 200 && answer->status < 300 && !holds_error_document(*answer);
  if (good) return std::move(*answer);
  AwsError error = read_error(*answer, writes, now());
  error.message = std::string(context) + ": " + error.message;
  return error;
}

// True when the answer's Date says that we were wrong and are right now.
bool AwsTransport::learn_time(const Result<HttpResponse>& answer) {
  const auto header = answer->header("Date");
  const auto date = header ? parse_http_date(*header) : std::nullopt;
  if (!date || std::chrono::abs(*date - now()) < kSkewMin) return false;
  const Duration offset = *date - clock_.now();
  offset_ = offset.count();
  spdlog::warn("our clock differs from that of AWS by {}: signing with theirs",
               format_duration(std::chrono::abs(offset)));
  return true;
}

}  // namespace kedge
