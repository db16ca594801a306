#include "aws/sts.h"

#include <algorithm>

#include "aws/xml.h"

namespace kedge {
namespace {

constexpr std::string_view kVersion = "2011-06-15";
constexpr std::string_view kDurationSeconds = "3600";  // what every role allows, its default maximum
constexpr size_t kSessionNameMin = 2;
constexpr size_t kSessionNameMax = 64;
constexpr std::string_view kSessionNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";

// Where no region is set, as the first of AWS's: only calls that name a region can do without one.
constexpr const char* kRegionOfLastResort = "us-east-1";

AwsError unreadable(std::string_view action, const std::string& why) {
  AwsError error;
  error.outcome = AwsOutcome::retry;
  error.message = "sts " + std::string(action) + ": " + why;
  return error;
}

AwsResult<Credentials> read_credentials(std::string_view action, const HttpResponse& response) {
  const std::string name(action);
  const auto xml = expect_root(response.body, {name + "Response"});
  if (!xml) return unreadable(action, xml.error().message);
  const auto node = child_named(child_named(xml->root(), name + "Result"), "Credentials");
  Credentials credentials{text_of(node, "AccessKeyId"), text_of(node, "SecretAccessKey"), text_of(node, "SessionToken"),
                          std::nullopt};
  const auto expires = parse_time(text_of(node, "Expiration"));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !expires) {
    return unreadable(action, "the answer holds no credentials");
  }
  credentials.expires = *expires;
  return credentials;
}

}  // namespace

AwsResult<Credentials> Sts::assume_role(const AssumeRole& role, const Credentials& base) {
  QueryParameters parameters = {{"RoleArn", role.role_arn},
                                {"RoleSessionName", session_name_from(role.session_name)},
                                {"DurationSeconds", std::string(kDurationSeconds)}};
  if (!role.external_id.empty()) parameters.emplace_back("ExternalId", role.external_id);
  auto response = call("AssumeRole", parameters, &base);
  if (!response) return response.error();
  return read_credentials("AssumeRole", *response);
}

AwsResult<Credentials> Sts::assume_role_with_web_identity(const AssumeRole& role, const std::string& token) {
  auto response = call("AssumeRoleWithWebIdentity",
                       {{"RoleArn", role.role_arn},
                        {"RoleSessionName", session_name_from(role.session_name)},
                        {"WebIdentityToken", token}},
                       nullptr);
  if (!response) return response.error();
  return read_credentials("AssumeRoleWithWebIdentity", *response);
}

AwsResult<CallerIdentity> Sts::caller_identity(const Credentials& credentials) {
  auto response = call("GetCallerIdentity", {}, &credentials);
  if (!response) return response.error();
  const auto xml = expect_root(response->body, {"GetCallerIdentityResponse"});
  if (!xml) return unreadable("GetCallerIdentity", xml.error().message);
  const auto node = child_named(xml->root(), "GetCallerIdentityResult");
  return CallerIdentity{text_of(node, "Account"), text_of(node, "Arn")};
}

// Giving out credentials changes nothing: these are reads.
AwsResult<HttpResponse> Sts::call(std::string_view action, const QueryParameters& parameters,
                                  const Credentials* credentials) {
  const auto endpoint =
      endpoints_.resolve(AwsService::sts, endpoints_.default_region().empty() ? kRegionOfLastResort : "");
  const std::string context = "sts " + std::string(action);
  if (!endpoint) return transport_error(endpoint.error().with(context), false);
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint->url + "/";
  request.headers = {{"Content-Type", std::string(kFormType)}};
  request.body = query_form(action, kVersion, parameters);
  request.writes = false;
  if (credentials == nullptr) return transport_.send_unsigned(http_, request, context);
  return transport_.send(http_, request, *credentials, endpoint->scope, context);
}

std::string session_name_from(std::string_view text) {
  std::string name(text.substr(0, kSessionNameMax));
  std::ranges::replace_if(
      name, [](char c) { return kSessionNameCharacters.find(c) == std::string_view::npos; }, '-');
  while (name.size() < kSessionNameMin) name += '-';
  return name;
}

}  // namespace kedge
