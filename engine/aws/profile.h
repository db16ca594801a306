// The shared configuration and credentials files: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aws/options.h"
#include "base/result.h"

namespace kedge {

// A section's settings. A setting nested below another is "s3.addressing_style".
using ProfileSection = std::map<std::string, std::string>;

struct Profiles {
  std::map<std::string, ProfileSection> config;       // by profile: "[profile x]" is "x", "[default]" is "default"
  std::map<std::string, ProfileSection> services;     // "[services x]" of the configuration file
  std::map<std::string, ProfileSection> credentials;  // by profile
  std::vector<std::string> warnings;                  // a credentials file that others may read

  // Of both files, the credentials file first; empty where there is none.
  std::string setting(const std::string& profile, const std::string& key) const;
  bool has(const std::string& profile) const;
};

// Reads AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/config and ~/.aws/credentials. A file that is not
// there is empty. Errors name file and line, and never the line's text.
Result<Profiles> read_profiles(const Environment&);

// AWS_PROFILE, else AWS_DEFAULT_PROFILE, else "default"; `options.profile` before all of them.
std::string profile_name(const AwsOptions&, const Environment&);

}  // namespace kedge
