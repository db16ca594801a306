// Each step of the list in the header is one function that gives a source, or none when it is not set up.
#include "aws/credential_source.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "http/url.h"

namespace kedge {
namespace {

using MaybeSource = Result<std::optional<CredentialSource>>;

// What the steps decide from.
struct Setting {
  const AwsOptions& options;
  const Environment& environment;
  const Profiles& profiles;
  std::string profile;
};

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

MaybeSource none() { return std::optional<CredentialSource>(); }

MaybeSource source(decltype(CredentialSource::kind) kind, std::string origin) {
  return std::optional<CredentialSource>({std::move(kind), std::move(origin)});
}

MaybeSource keys(Credentials credentials, const std::string& origin) {
  if (credentials.access_key_id.empty() && credentials.secret_access_key.empty()) return none();
  if (credentials.secret_access_key.empty()) return invalid(origin + ": an access key id without its secret");
  if (credentials.access_key_id.empty()) return invalid(origin + ": a secret access key without its id");
  return source(KeysGiven{std::move(credentials)}, origin);
}

MaybeSource from_options(const Setting& s) {
  return keys({s.options.access_key_id, s.options.secret_access_key, s.options.session_token, {}}, "aws.credentials");
}

MaybeSource from_environment(const Environment& environment) {
  return keys({variable(environment, "AWS_ACCESS_KEY_ID"),
               variable(environment, "AWS_SECRET_ACCESS_KEY"),
               variable(environment, "AWS_SESSION_TOKEN"),
               {}},
              "the environment (AWS_ACCESS_KEY_ID)");
}

MaybeSource from_file(const std::map<std::string, ProfileSection>& file, const std::string& profile,
                      const std::string& which) {
  const auto section = file.find(profile);
  if (section == file.end()) return none();
  const auto value = [&](const char* key) {
    const auto found = section->second.find(key);
    return found == section->second.end() ? "" : found->second;
  };
  return keys({value("aws_access_key_id"), value("aws_secret_access_key"), value("aws_session_token"), {}},
              "profile " + profile + " of the shared " + which + " file");
}

MaybeSource from_process(const Setting& s) {
  const std::string command = s.profiles.setting(s.profile, "credential_process");
  if (command.empty()) return none();
  return source(CredentialProcess{command}, "profile " + s.profile + ": credential_process");
}

MaybeSource from_web_identity(const Setting& s) {
  const std::string file = variable(s.environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const std::string role = variable(s.environment, "AWS_ROLE_ARN");
  if (file.empty()) return none();
  if (role.empty()) return invalid("AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN");
  std::string session = variable(s.environment, "AWS_ROLE_SESSION_NAME");
  if (session.empty()) session = s.options.session_name;
  return source(WebIdentity{file, {role, session, ""}}, "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)");
}

// The address of an agent gets our authorization token: only TLS, the machine itself and the addresses that ECS and
// EKS use are trusted with it.
bool is_trusted_agent(const Url& url) {
  constexpr std::array<std::string_view, 6> kHosts = {"localhost",     "127.0.0.1",      "[::1]",
                                                      "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  return url.scheme == "https" || std::ranges::find(kHosts, url.host) != kHosts.end();
}

MaybeSource from_container(const Environment& environment) {
  const std::string relative = variable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = variable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return none();
  ContainerAgent agent{relative.empty() ? full : "http://169.254.170.2" + relative,
                       variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
                       variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")};
  const auto url = parse_url(agent.url);
  if (!url) return url.error().with("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!is_trusted_agent(*url)) {
    return invalid("AWS_CONTAINER_CREDENTIALS_FULL_URI: " + url->host + " is neither https nor this machine's agent");
  }
  return source(std::move(agent), "the container's credentials");
}

std::string places_before_the_instance(const std::string& profile) {
  return "aws.credentials, AWS_ACCESS_KEY_ID, profile " + profile +
         ", AWS_WEB_IDENTITY_TOKEN_FILE, the container's credentials";
}

MaybeSource from_instance(const Environment& environment, const std::string& looked_at = "") {
  if (variable(environment, "AWS_EC2_METADATA_DISABLED") == "true") return none();
  std::string url = variable(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (url.empty()) url = "http://169.254.169.254";
  while (url.ends_with('/')) url.pop_back();
  if (const auto parsed = parse_url(url); !parsed) return parsed.error().with("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  return source(InstanceMetadata{url, looked_at}, "the instance's metadata service");
}

MaybeSource first_of(std::initializer_list<MaybeSource> sources) {
  for (const MaybeSource& candidate : sources) {
    if (!candidate || candidate->has_value()) return candidate;
  }
  return none();
}

// Follows a chain of profiles; `seen` ends a circle.
class RoleProfiles {
 public:
  explicit RoleProfiles(const Setting& setting) : s_(setting) {}

  // The role of `profile`, none when it has no role_arn.
  MaybeSource role_of(const std::string& profile) {
    const std::string arn = s_.profiles.setting(profile, "role_arn");
    if (arn.empty()) return none();
    const std::string where = "profile " + profile;
    if (!seen_.insert(profile).second) return invalid(where + ": source_profile leads back to itself");
    std::string session = s_.profiles.setting(profile, "role_session_name");
    if (session.empty()) session = s_.options.session_name;
    const AssumeRole role{arn, session, s_.profiles.setting(profile, "external_id")};

    const std::string token_file = s_.profiles.setting(profile, "web_identity_token_file");
    if (!token_file.empty()) return source(WebIdentity{token_file, role}, where + ": web identity");
    if (!s_.profiles.setting(profile, "mfa_serial").empty()) {
      return invalid(where + ": mfa_serial needs somebody to type a code; use a role without it");
    }
    auto base = base_of(profile, where);
    if (!base) return base.error();
    return source(RoleAssumed{std::make_shared<const CredentialSource>(std::move(*base)), role}, where + ": role_arn");
  }

 private:
  Result<CredentialSource> base_of(const std::string& profile, const std::string& where) {
    const std::string named = s_.profiles.setting(profile, "source_profile");
    const std::string ambient = s_.profiles.setting(profile, "credential_source");
    if (named.empty() == ambient.empty()) {
      return invalid(where + ": role_arn needs either source_profile or credential_source");
    }
    auto base = named.empty() ? from_ambient(ambient, where) : from_profile(named, profile);
    if (!base) return base.error();
    if (!base->has_value())
      return invalid(where + ": no credentials in " + (named.empty() ? ambient : "profile " + named));
    return std::move(**base);
  }

  MaybeSource from_ambient(const std::string& name, const std::string& where) {
    if (name == "Environment") return from_environment(s_.environment);
    if (name == "EcsContainer") return from_container(s_.environment);
    if (name == "Ec2InstanceMetadata") return from_instance(s_.environment);
    return invalid(where + ": credential_source must be Environment, EcsContainer or Ec2InstanceMetadata, not \"" +
                   name + "\"");
  }

  MaybeSource from_profile(const std::string& named, const std::string& by) {
    if (!s_.profiles.has(named)) return invalid("profile " + by + ": source_profile " + named + " is not there");
    Setting inner{s_.options, s_.environment, s_.profiles, named};
    // A profile may name itself: its own keys then assume its role.
    return first_of({named == by ? none() : role_of(named), from_file(s_.profiles.credentials, named, "credentials"),
                     from_process(inner), from_file(s_.profiles.config, named, "configuration")});
  }

  const Setting& s_;
  std::set<std::string> seen_;
};

}  // namespace

Result<CredentialSource> choose_source(const AwsOptions& options, const Environment& environment,
                                       const Profiles& profiles) {
  const Setting s{options, environment, profiles, profile_name(options, environment)};
  auto given = first_of({from_options(s), options.profile.empty() ? from_environment(environment) : none()});
  if (!given) return given.error();
  if (given->has_value()) return std::move(**given);
  if (s.profile != "default" && !profiles.has(s.profile)) {
    return invalid((options.profile.empty() ? "AWS_PROFILE" : "aws.profile") + (": profile " + s.profile) +
                   " is neither in the shared configuration file nor in the credentials file: mend the name, or add it "
                   "to ~/.aws/config");
  }
  auto found = first_of({RoleProfiles(s).role_of(s.profile), from_web_identity(s),
                         from_file(profiles.credentials, s.profile, "credentials"), from_process(s),
                         from_file(profiles.config, s.profile, "configuration"), from_container(environment),
                         from_instance(environment, places_before_the_instance(s.profile))});
  if (!found) return found.error();
  if (found->has_value()) return std::move(**found);
  return CredentialSource{NothingSetUp{places_before_the_instance(s.profile)}, "none"};
}

std::string no_credentials(const std::string& looked_at, const std::string& last) {
  return "no AWS credentials: looked at " + looked_at + "; " + last +
         "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (aws.profile) or aws.credentials, or give the "
         "instance a role";
}

}  // namespace kedge
