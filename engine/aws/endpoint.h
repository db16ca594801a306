// Where each service is: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "aws/options.h"
#include "aws/profile.h"
#include "aws/sigv4.h"
#include "base/result.h"

namespace kedge {

enum class AwsService { s3, s3_control, ec2, cloudtrail, sts };

// The name in configuration and messages: "s3", "s3-control", "ec2".
std::string_view to_string(AwsService);

struct ServiceEndpoint {
  std::string url;     // scheme, host, perhaps port and path; no "/" at its end
  SigningScope scope;  // what to sign for
};

// A value, constant after construction. What is resolved never leaves the host that configuration or AWS's naming
// gives: regions, accounts and bucket names come from events, and are checked before they become part of a host name.
class Endpoints {
 public:
  // An override for a service comes before one for all, configuration before the environment, and that before the
  // profile. An override that is no http or https URL is an error that names where it stands.
  static Result<Endpoints> from(const AwsOptions&, const Environment&, const Profiles&);

  // Where calls go that name no region; empty where nothing says it.
  const std::string& default_region() const { return default_region_; }

  // `region` empty: the default one. `account`: needed for s3_control alone.
  Result<ServiceEndpoint> resolve(AwsService, const std::string& region, const std::string& account = "") const;

  // The same for one bucket: "https://bucket.s3.eu-west-1.amazonaws.com" or, for other endpoints and for names that
  // no certificate covers, "https://s3.eu-west-1.amazonaws.com/bucket".
  Result<ServiceEndpoint> resolve_bucket(const std::string& bucket, const std::string& region) const;

 private:
  std::string default_region_;
  std::map<AwsService, std::string> overrides_;
  std::optional<bool> path_style_;
};

}  // namespace kedge
