#include "aws/endpoint.h"

#include <algorithm>
#include <array>
#include <vector>

#include "aws/foreign_text.h"

namespace kedge {
namespace {

struct ServiceFacts {
  AwsService service;
  std::string_view name;          // in our configuration
  std::string_view signing_name;  // in the signature's scope
  std::string_view host;          // the first label of its host name
  std::string_view variable_end;  // AWS_ENDPOINT_URL_...
  std::string_view profile_name;  // in a [services] section
};

constexpr std::array kServices = {
    ServiceFacts{AwsService::s3, "s3", "s3", "s3", "S3", "s3"},
    ServiceFacts{AwsService::s3_control, "s3-control", "s3", "s3-control", "S3_CONTROL", "s3_control"},
    ServiceFacts{AwsService::ec2, "ec2", "ec2", "ec2", "EC2", "ec2"},
    ServiceFacts{AwsService::cloudtrail, "cloudtrail", "cloudtrail", "cloudtrail", "CLOUDTRAIL", "cloudtrail"},
    ServiceFacts{AwsService::sts, "sts", "sts", "sts", "STS", "sts"},
};

const ServiceFacts& facts_of(AwsService service) {
  return *std::ranges::find(kServices, service, &ServiceFacts::service);
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view kBucket = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

bool consists_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string domain_of(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

Result<std::string> checked_url(std::string url, const std::string& where) {
  while (url.ends_with('/')) url.pop_back();
  const auto parsed = parse_url(url);
  if (!parsed) return parsed.error().with(where);
  if (parsed->query) return Error{ErrorCode::invalid, where + ": an endpoint has no query (\"?\")"};
  return url;
}

// Where an override may stand, the strongest first.
struct Place {
  std::string url;
  std::string name;
};

std::vector<Place> places_of(const ServiceFacts& facts, const AwsOptions& options, const Environment& environment,
                             const Profiles& profiles) {
  std::vector<Place> places;
  const std::string name(facts.name);
  if (const auto own = options.endpoint_urls.find(name); own != options.endpoint_urls.end()) {
    places.push_back({own->second, "aws.endpoints." + name});
  }
  places.push_back({options.endpoint_url, "aws.endpoint"});
  if (variable(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true") return places;
  const std::string own_variable = "AWS_ENDPOINT_URL_" + std::string(facts.variable_end);
  places.push_back({variable(environment, own_variable), own_variable});
  places.push_back({variable(environment, "AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL"});

  const std::string profile = profile_name(options, environment);
  const auto services = profiles.services.find(profiles.setting(profile, "services"));
  if (services != profiles.services.end()) {
    const auto own = services->second.find(std::string(facts.profile_name) + ".endpoint_url");
    if (own != services->second.end())
      places.push_back({own->second, "endpoint_url in [services " + services->first + "]"});
  }
  places.push_back({profiles.setting(profile, "endpoint_url"), "endpoint_url of profile " + profile});
  return places;
}

std::string region_from(const AwsOptions& options, const Environment& environment, const Profiles& profiles) {
  for (const std::string& region :
       {options.region, variable(environment, "AWS_REGION"), variable(environment, "AWS_DEFAULT_REGION"),
        profiles.setting(profile_name(options, environment), "region")}) {
    if (!region.empty()) return region;
  }
  return "";
}

Result<void> check_region(const std::string& region) {
  if (region.empty()) {
    return Error{ErrorCode::invalid, "no AWS region: set aws.region or AWS_REGION"};
  }
  if (region.size() > 32 || !consists_of(region, kLower)) {
    return Error{ErrorCode::invalid, "not the name of an AWS region: \"" + foreign_text(region, 40) + "\""};
  }
  return {};
}

// Names of the time before 2018 had up to 255 characters, capitals and underscores.
Result<void> check_bucket(const std::string& bucket) {
  const bool good = bucket.size() >= 3 && bucket.size() <= 255 && consists_of(bucket, kBucket) &&
                    bucket.find_first_not_of('.') != std::string::npos;
  if (!good) return Error{ErrorCode::invalid, "not the name of a bucket: \"" + foreign_text(bucket, 80) + "\""};
  return {};
}

// AWS's certificates cover one label below the service's host name.
bool is_one_label(std::string_view bucket) {
  return bucket.size() <= 63 && consists_of(bucket, kLower) && bucket.front() != '-' && bucket.back() != '-';
}

}  // namespace

std::string_view to_string(AwsService service) { return facts_of(service).name; }

Result<Endpoints> Endpoints::from(const AwsOptions& options, const Environment& environment, const Profiles& profiles) {
  for (const auto& [name, url] : options.endpoint_urls) {
    if (std::ranges::find(kServices, name, &ServiceFacts::name) != kServices.end()) continue;
    std::string known;
    for (const ServiceFacts& facts : kServices) known += (known.empty() ? "" : ", ") + std::string(facts.name);
    return Error{ErrorCode::invalid, "aws.endpoints: no service \"" + name + "\"; there are " + known};
  }
  Endpoints endpoints;
  endpoints.path_style_ = options.path_style;
  endpoints.default_region_ = region_from(options, environment, profiles);
  if (!endpoints.default_region_.empty()) {
    if (auto good = check_region(endpoints.default_region_); !good) return good.error();
  }
  for (const ServiceFacts& facts : kServices) {
    for (Place& place : places_of(facts, options, environment, profiles)) {
      if (place.url.empty()) continue;
      auto url = checked_url(std::move(place.url), place.name);
      if (!url) return url.error();
      endpoints.overrides_[facts.service] = std::move(*url);
      break;
    }
  }
  return endpoints;
}

Result<ServiceEndpoint> Endpoints::resolve(AwsService service, const std::string& wanted,
                                           const std::string& account) const {
  const std::string& region = wanted.empty() ? default_region_ : wanted;
  if (auto good = check_region(region); !good) return good.error();
  const ServiceFacts& facts = facts_of(service);
  ServiceEndpoint endpoint{"", {region, std::string(facts.signing_name)}};
  if (const auto own = overrides_.find(service); own != overrides_.end()) {
    endpoint.url = own->second;
    return endpoint;
  }
  std::string host = std::string(facts.host) + "." + region + "." + domain_of(region);
  if (service == AwsService::s3_control) {
    if (account.size() != 12 || !consists_of(account, kDigits)) {
      return Error{ErrorCode::invalid,
                   "not the id of an AWS account (12 digits): \"" + foreign_text(account, 40) + "\""};
    }
    host = account + "." + host;
  }
  endpoint.url = "https://" + host;
  return endpoint;
}

Result<ServiceEndpoint> Endpoints::resolve_bucket(const std::string& bucket, const std::string& region) const {
  if (auto good = check_bucket(bucket); !good) return good.error();
  auto endpoint = resolve(AwsService::s3, region);
  if (!endpoint) return endpoint;
  const bool in_path = path_style_.value_or(overrides_.contains(AwsService::s3)) || !is_one_label(bucket);
  if (in_path) {
    endpoint->url += "/" + bucket;
  } else {
    endpoint->url.insert(endpoint->url.find("://") + 3, bucket + ".");
  }
  return endpoint;
}

}  // namespace kedge
