// Where our credentials come from. Two steps: choose_source decides from configuration, environment and files, without
// any call; fetch_credentials goes there.
//
// The first of these that is set up is used, as in AWS's own tools:
//
//   1. keys in our configuration
//   2. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (not when the configuration names a profile)
//   3. a profile with role_arn, and source_profile, credential_source or web_identity_token_file
//   4. AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN
//   5. keys in the shared credentials file
//   6. credential_process of the profile
//   7. keys in the shared configuration file
//   8. the container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI
//   9. the instance: its metadata service, version 2, unless AWS_EC2_METADATA_DISABLED is "true"
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "aws/credentials.h"
#include "aws/options.h"
#include "aws/profile.h"
#include "aws/sts.h"
#include "base/result.h"

namespace kedge {

struct CredentialSource;

struct KeysGiven {
  Credentials credentials;
};
struct RoleAssumed {
  std::shared_ptr<const CredentialSource> base;
  AssumeRole role;
};
struct WebIdentity {
  std::string token_file;  // read each time: the token is renewed behind our back
  AssumeRole role;
};
struct CredentialProcess {
  std::string command;  // given to /bin/sh
};
struct ContainerAgent {
  std::string url;
  std::string token;       // the Authorization header, where the agent wants one
  std::string token_file;  // holds it; read each time
};
struct InstanceMetadata {
  std::string url;             // of the metadata service
  std::string looked_at = {};  // where nothing was set up before it was chosen; empty: it was named outright
};
// Nothing is set up, and the instance is not to be asked: an error where credentials are needed, and only there.
struct NothingSetUp {
  std::string looked_at;
};

struct CredentialSource {
  std::variant<KeysGiven, RoleAssumed, WebIdentity, CredentialProcess, ContainerAgent, InstanceMetadata, NothingSetUp>
      kind;
  std::string origin;  // in words, for `check` and for errors: "the environment", "profile prod: credential_process"
};

// That there are no credentials: where they were looked for, why the last place gave none, and what would help.
std::string no_credentials(const std::string& looked_at, const std::string& last);

// Errors say what is half set up: a profile that is not there, a role without a source, keys without a secret.
Result<CredentialSource> choose_source(const AwsOptions&, const Environment&, const Profiles&);

// Blocks: may call STS, the container's agent, the metadata service or a process.
AwsResult<Credentials> fetch_credentials(const CredentialSource&, Sts&, HttpClient&);

}  // namespace kedge
