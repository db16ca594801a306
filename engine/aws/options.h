// How the engine reaches AWS, or something that speaks like it.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace kedge {

// A process's environment as a value: what is decided from it is decided at start, once.
using Environment = std::map<std::string, std::string>;

// That of this process.
Environment read_environment();

// The variable's value; empty where it is not set or empty.
std::string variable(const Environment&, const std::string& name);

// A role to assume in another account.
struct AwsRole {
  std::string arn;  // "{account}" in it stands for the account's id
  std::string external_id;

  bool operator==(const AwsRole&) const = default;
};

struct AwsOptions {
  std::string region;   // where a call names none; empty: AWS_REGION, AWS_DEFAULT_REGION, the profile's
  std::string profile;  // of the shared files; empty: AWS_PROFILE, "default"

  // Keys given outright; empty: looked for as described in credential_source.h.
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;

  std::string endpoint_url;                          // for all services; empty: AWS_ENDPOINT_URL, AWS's own
  std::map<std::string, std::string> endpoint_urls;  // by service ("s3", "ec2", "sts"...); comes before endpoint_url
  std::optional<bool> path_style;  // S3: the bucket in the path; none: for endpoints that are not AWS's own

  std::string home_account;              // calls to this account use our own credentials
  std::map<std::string, AwsRole> roles;  // by account id
  std::optional<AwsRole> other_role;     // for every other account; none: our own credentials there too
  std::string session_name = "kedge";    // of assumed roles: CloudTrail shows it. 2 to 64 of A-Z a-z 0-9 + = , . @ - _
};

}  // namespace kedge
