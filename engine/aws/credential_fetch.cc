// Going where choose_source has pointed. One function for each kind of source. Entry point: fetch_credentials.
#include <chrono>

#include "aws/credential_source.h"
#include "aws/process.h"
#include "base/files.h"
#include "base/json.h"

namespace kedge {
namespace {

constexpr Duration kMetadataTimeout = std::chrono::seconds(1);
constexpr Duration kAgentTimeout = std::chrono::seconds(2);
constexpr Duration kProcessTimeout = std::chrono::minutes(1);
constexpr size_t kAnswerBytesMax = 64U << 10U;
constexpr size_t kTokenBytesMax = 64U << 10U;

AwsError failure(AwsOutcome outcome, std::string message) {
  AwsError error;
  error.outcome = outcome;
  error.message = std::move(message);
  return error;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

AwsResult<std::string> read_token(const std::string& path) {
  auto token = read_file(path, kTokenBytesMax);
  if (!token) return failure(AwsOutcome::retry, token.error().message);
  return trimmed(std::move(*token));
}

// The form in which the agent, the metadata service and credential_process answer.
AwsResult<Credentials> read_credentials(const std::string& text, const char* token_name, const std::string& origin) {
  const auto json = parse_json(text);
  if (!json || !json->is_object()) return failure(AwsOutcome::retry, origin + ": the answer is not a JSON object");
  const auto member = [&](const char* name) {
    const auto found = json->find(name);
    return found != json->end() && found->is_string() ? found->get<std::string>() : "";
  };
  Credentials credentials{member("AccessKeyId"), member("SecretAccessKey"), member(token_name), std::nullopt};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return failure(AwsOutcome::retry, origin + ": the answer holds no AccessKeyId and SecretAccessKey");
  }
  if (const std::string expires = member("Expiration"); !expires.empty()) {
    const auto time = parse_time(expires);
    if (!time) return failure(AwsOutcome::retry, origin + ": Expiration is not a time: " + time.error().message);
    credentials.expires = *time;
  }
  return credentials;
}

// A plain exchange with something on this machine or next to it.
AwsResult<std::string> ask(HttpClient& http, const std::string& method, const std::string& url,
                           std::vector<HttpHeader> headers, Duration timeout, const std::string& origin) {
  HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers = std::move(headers);
  request.writes = false;
  request.connect_timeout = timeout;
  request.timeout = timeout;
  request.response_bytes_max = kAnswerBytesMax;
  auto response = http.send(request);
  if (!response) return failure(AwsOutcome::retry, response.error().with(origin).message);
  if (response->status == 200) return std::move(response->body);
  const bool refused = response->status >= 400 && response->status < 500 && response->status != 429;
  return failure(refused ? AwsOutcome::refused : AwsOutcome::retry,
                 origin + ": it answered HTTP " + std::to_string(response->status));
}

AwsResult<Credentials> from_web_identity(const WebIdentity& identity, Sts& sts) {
  const auto token = read_token(identity.token_file);
  if (!token) return token.error();
  return sts.assume_role_with_web_identity(identity.role, *token);
}

AwsResult<Credentials> from_process(const CredentialProcess& process, const std::string& origin) {
  const auto output = run_command(process.command, kProcessTimeout, kAnswerBytesMax);
  if (!output) {
    const bool refused = output.error().code == ErrorCode::refused;
    return failure(refused ? AwsOutcome::refused : AwsOutcome::retry, output.error().with(origin).message);
  }
  return read_credentials(*output, "SessionToken", origin);
}

AwsResult<Credentials> from_container(const ContainerAgent& agent, HttpClient& http, const std::string& origin) {
  std::vector<HttpHeader> headers;
  if (!agent.token_file.empty()) {
    const auto token = read_token(agent.token_file);
    if (!token) return token.error();
    headers.push_back({"Authorization", *token});
  } else if (!agent.token.empty()) {
    headers.push_back({"Authorization", agent.token});
  }
  const auto body = ask(http, "GET", agent.url, std::move(headers), kAgentTimeout, origin);
  if (!body) return body.error();
  return read_credentials(*body, "Token", origin);
}

AwsError none_found(const std::string& looked_at, const std::string& last) {
  AwsError error = failure(AwsOutcome::refused, no_credentials(looked_at, last));
  error.code = kNoCredentials;
  return error;
}

// Most often there is no instance at all: it was only the last place to look at.
AwsError with_places(AwsError error, const InstanceMetadata& instance) {
  if (instance.looked_at.empty()) return error;
  error.code = kNoCredentials;
  error.message = no_credentials(instance.looked_at, error.message);
  return error;
}

// Version 2 alone: version 1 has no token, so that any request that somebody can make us forward reads the keys.
AwsResult<Credentials> from_instance(const InstanceMetadata& instance, HttpClient& http, const std::string& origin) {
  const auto token = ask(http, "PUT", instance.url + "/latest/api/token",
                         {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}}, kMetadataTimeout, origin);
  if (!token) return token.error();
  const std::vector<HttpHeader> headers = {{"X-aws-ec2-metadata-token", trimmed(*token)}};
  const std::string folder = instance.url + "/latest/meta-data/iam/security-credentials/";
  const auto roles = ask(http, "GET", folder, headers, kMetadataTimeout, origin);
  if (!roles) return roles.error();
  const std::string role = roles->substr(0, roles->find('\n'));
  if (role.empty())
    return failure(AwsOutcome::refused, origin + ": the instance has no role; attach an instance profile");
  const auto body = ask(http, "GET", folder + percent_encode(role), headers, kMetadataTimeout, origin);
  if (!body) return body.error();
  return read_credentials(*body, "Token", origin);
}

}  // namespace

AwsResult<Credentials> fetch_credentials(const CredentialSource& source, Sts& sts, HttpClient& http) {
  if (const auto* given = std::get_if<KeysGiven>(&source.kind)) return given->credentials;
  if (const auto* identity = std::get_if<WebIdentity>(&source.kind)) return from_web_identity(*identity, sts);
  if (const auto* process = std::get_if<CredentialProcess>(&source.kind)) return from_process(*process, source.origin);
  if (const auto* agent = std::get_if<ContainerAgent>(&source.kind)) return from_container(*agent, http, source.origin);
  if (const auto* instance = std::get_if<InstanceMetadata>(&source.kind)) {
    auto credentials = from_instance(*instance, http, source.origin);
    if (!credentials) return with_places(credentials.error(), *instance);
    return credentials;
  }
  if (const auto* nothing = std::get_if<NothingSetUp>(&source.kind)) {
    return none_found(nothing->looked_at,
                      "the instance's metadata service is switched off (AWS_EC2_METADATA_DISABLED)");
  }
  const auto& assumed = *std::get_if<RoleAssumed>(&source.kind);
  const auto base = fetch_credentials(*assumed.base, sts, http);
  if (!base) return base.error();
  return sts.assume_role(assumed.role, *base);
}

}  // namespace kedge
