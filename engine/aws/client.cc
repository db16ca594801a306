#include "aws/client.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace kedge {
namespace {

constexpr std::string_view kAgent = "kedge";

// AWS did nothing but look at the token.
constexpr std::array<std::string_view, 3> kExpiredCodes = {"ExpiredToken", "ExpiredTokenException", "InvalidToken"};

bool is_expired(const AwsError& error) { return std::ranges::find(kExpiredCodes, error.code) != kExpiredCodes.end(); }

// The region to try instead. AWS answers 301, 307 or 400 for a bucket that lies elsewhere; nothing was carried out.
std::string other_region(const AwsError& error, const std::string& region) {
  const bool elsewhere = error.status == 301 || error.status == 307 || error.status == 400;
  return elsewhere && error.region != region ? error.region : "";
}

}  // namespace

Result<std::unique_ptr<AwsClient>> AwsClient::create(AwsOptions options, const Environment& environment, Clock& clock,
                                                     HttpClient& http) {
  const auto profiles = read_profiles(environment);
  if (!profiles) return profiles.error();
  for (const std::string& warning : profiles->warnings) spdlog::warn("{}", warning);
  auto endpoints = Endpoints::from(options, environment, *profiles);
  if (!endpoints) return endpoints.error();
  auto source = choose_source(options, environment, *profiles);
  if (!source) return source.error();
  return std::unique_ptr<AwsClient>(
      new AwsClient(std::move(options), std::move(*endpoints), std::move(*source), clock, http));
}

AwsClient::AwsClient(AwsOptions options, Endpoints endpoints, CredentialSource source, Clock& clock, HttpClient& http)
    : options_(std::move(options)),
      endpoints_(std::move(endpoints)),
      credential_origin_(source.origin),
      transport_(clock),
      sts_(transport_, endpoints_, http),
      credentials_(options_, std::move(source), transport_, sts_, http) {}

AwsResult<HttpResponse> AwsClient::send(const AwsSession& session, const AwsRequest& call) {
  const std::string context = std::string(to_string(call.service)) + " " + call.operation;
  std::string region = session.region;
  bool renewed = false;
  bool moved = false;
  for (;;) {
    const auto endpoint = endpoint_of(session, call, region);
    if (!endpoint) return transport_error(endpoint.error().with(context), call.writes);
    const auto credentials = credentials_.get(session.account);
    if (!credentials) {
      AwsError error = credentials.error();
      error.message = context + ": " + error.message;
      return error;
    }
    const HttpRequest request = http_request(session, call, *endpoint);
    auto result = transport_.send(session.http, request, *credentials, endpoint->scope, context);
    if (result) return result;
    const std::string elsewhere = other_region(result.error(), endpoint->scope.region);
    if (is_expired(result.error()) && !renewed) {
      credentials_.forget(session.account, *credentials);
      renewed = true;
    } else if (!elsewhere.empty() && !moved) {
      region = elsewhere;
      moved = true;
    } else {
      return result;
    }
  }
}

AwsResult<CallerIdentity> AwsClient::identity(const std::string& account) {
  const auto credentials = credentials_.get(account);
  if (!credentials) return credentials.error();
  return sts_.caller_identity(*credentials);
}

Result<ServiceEndpoint> AwsClient::endpoint_of(const AwsSession& session, const AwsRequest& call,
                                               const std::string& region) const {
  if (!call.bucket.empty()) return endpoints_.resolve_bucket(call.bucket, region);
  return endpoints_.resolve(call.service, region, session.account);
}

HttpRequest AwsClient::http_request(const AwsSession& session, const AwsRequest& call,
                                    const ServiceEndpoint& endpoint) const {
  HttpRequest request;
  request.method = call.method;
  request.url = endpoint.url + call.path;
  if (!call.query.empty()) request.url += "?" + query_string(call.query);
  request.headers = call.headers;
  request.headers.push_back({"User-Agent", session.agent.empty() ? std::string(kAgent) : session.agent});
  request.body = call.body;
  request.writes = call.writes;
  return request;
}

}  // namespace kedge
