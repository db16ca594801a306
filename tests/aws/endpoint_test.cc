#include "aws/endpoint.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

Endpoints endpoints(const AwsOptions& options = {}, const Environment& environment = {},
                    const Profiles& profiles = {}) {
  auto result = Endpoints::from(options, environment, profiles);
  EXPECT_TRUE(result) << result.error().message;
  return *result;
}

std::string url(const Endpoints& from, AwsService service, const std::string& region) {
  const auto endpoint = from.resolve(service, region, "111122223333");
  return endpoint ? endpoint->url : endpoint.error().message;
}

std::string bucket_url(const Endpoints& from, const std::string& bucket) {
  const auto endpoint = from.resolve_bucket(bucket, "eu-west-1");
  return endpoint ? endpoint->url : endpoint.error().message;
}

TEST(Endpoints, AreThoseOfAws) {
  const Endpoints aws = endpoints();
  EXPECT_EQ(url(aws, AwsService::ec2, "eu-west-1"), "https://ec2.eu-west-1.amazonaws.com");
  EXPECT_EQ(url(aws, AwsService::sts, "us-gov-west-1"), "https://sts.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(url(aws, AwsService::cloudtrail, "cn-north-1"), "https://cloudtrail.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(url(aws, AwsService::s3_control, "eu-west-1"), "https://111122223333.s3-control.eu-west-1.amazonaws.com");
}

TEST(Endpoints, SayForWhichScopeToSign) {
  EXPECT_EQ(endpoints().resolve(AwsService::s3_control, "eu-west-1", "111122223333")->scope.service, "s3");
  EXPECT_EQ(endpoints().resolve(AwsService::ec2, "eu-west-1")->scope.region, "eu-west-1");
}

TEST(Endpoints, PutABucketIntoTheHostNameWhereACertificateCoversIt) {
  EXPECT_EQ(bucket_url(endpoints(), "my-bucket"), "https://my-bucket.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(bucket_url(endpoints(), "www.example.org"), "https://s3.eu-west-1.amazonaws.com/www.example.org");
  EXPECT_EQ(bucket_url(endpoints(), "Old_Bucket"), "https://s3.eu-west-1.amazonaws.com/Old_Bucket");
}

TEST(Endpoints, PutABucketIntoThePathOfOtherServers) {
  AwsOptions options;
  options.endpoint_urls = {{"s3", "http://127.0.0.1:5055/"}};
  EXPECT_EQ(bucket_url(endpoints(options), "my-bucket"), "http://127.0.0.1:5055/my-bucket");
  options.path_style = false;
  EXPECT_EQ(bucket_url(endpoints(options), "my-bucket"), "http://my-bucket.127.0.0.1:5055");
}

TEST(Endpoints, PutTheBucketIntoThePathWhereToldSo) {
  AwsOptions options;
  options.path_style = true;
  EXPECT_EQ(bucket_url(endpoints(options), "my-bucket"), "https://s3.eu-west-1.amazonaws.com/my-bucket");
}

TEST(Endpoints, DoNotPutTheAccountBeforeTheHostOfAnotherServer) {
  EXPECT_EQ(url(endpoints({}, {{"AWS_ENDPOINT_URL", "http://127.0.0.1:5055"}}), AwsService::s3_control, "us-east-1"),
            "http://127.0.0.1:5055");
}

TEST(Endpoints, TakeTheStrongestOverride) {
  Profiles profiles;
  profiles.config["default"] = {{"endpoint_url", "http://profile"}, {"services", "mine"}};
  profiles.services["mine"] = {{"ec2.endpoint_url", "http://profile-ec2"}};
  Environment environment;
  AwsOptions options;
  const auto ec2 = [&] { return url(endpoints(options, environment, profiles), AwsService::ec2, "us-east-1"); };
  const auto sts = [&] { return url(endpoints(options, environment, profiles), AwsService::sts, "us-east-1"); };
  EXPECT_EQ(ec2(), "http://profile-ec2");
  EXPECT_EQ(sts(), "http://profile");
  environment["AWS_ENDPOINT_URL"] = "http://all";
  EXPECT_EQ(ec2(), "http://all");
  environment["AWS_ENDPOINT_URL_EC2"] = "http://ec2";
  EXPECT_EQ(ec2(), "http://ec2");
  EXPECT_EQ(sts(), "http://all");
  options.endpoint_url = "http://configured";
  EXPECT_EQ(ec2(), "http://configured");
  options.endpoint_urls["ec2"] = "http://configured-ec2";
  EXPECT_EQ(ec2(), "http://configured-ec2");
  environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  options = {};
  EXPECT_EQ(ec2(), "https://ec2.us-east-1.amazonaws.com");
}

TEST(Endpoints, TakeTheRegionFromWhereItIsSaidFirst) {
  Profiles profiles;
  profiles.config["p"] = {{"region", "eu-central-1"}};
  Environment environment = {{"AWS_PROFILE", "p"}};
  EXPECT_EQ(endpoints({}, environment, profiles).default_region(), "eu-central-1");
  environment["AWS_DEFAULT_REGION"] = "eu-west-2";
  EXPECT_EQ(endpoints({}, environment, profiles).default_region(), "eu-west-2");
  environment["AWS_REGION"] = "eu-west-3";
  EXPECT_EQ(endpoints({}, environment, profiles).default_region(), "eu-west-3");
  AwsOptions options;
  options.region = "eu-north-1";
  EXPECT_EQ(endpoints(options, environment, profiles).default_region(), "eu-north-1");
}

TEST(Endpoints, SayWhatToSetWhenThereIsNoRegion) {
  EXPECT_EQ(url(endpoints(), AwsService::ec2, ""), "no AWS region: set aws.region or AWS_REGION");
}

// Regions, accounts and buckets come from events: none of them may lead a signed request to another host.
TEST(Endpoints, RefuseNamesThatWouldChangeTheHost) {
  for (const char* region : {"x.evil.org/", "us-east-1.evil", "a b", "U", "us-east-1@evil"}) {
    EXPECT_FALSE(endpoints().resolve(AwsService::ec2, region)) << region;
  }
  for (const char* account : {"", "1", "evil.org/1234", "1111222233334"}) {
    EXPECT_FALSE(endpoints().resolve(AwsService::s3_control, "us-east-1", account)) << account;
  }
  for (const char* bucket : {"", "ab", "..", "...", "a/b", "a?b", "a#b", "evil.org/", "a@b", "a b", "a%2fb", "a:80"}) {
    EXPECT_FALSE(endpoints().resolve_bucket(bucket, "us-east-1")) << bucket;
  }
}

TEST(Endpoints, SayWhereABadOverrideStands) {
  EXPECT_TRUE(Endpoints::from({}, {{"AWS_ENDPOINT_URL_S3", "localhost:1"}}, {})
                  .error()
                  .message.starts_with("AWS_ENDPOINT_URL_S3: "));
  AwsOptions options;
  options.endpoint_urls = {{"s4", "http://h"}};
  EXPECT_EQ(Endpoints::from(options, {}, {}).error().message,
            "aws.endpoints: no service \"s4\"; there are s3, s3-control, ec2, cloudtrail, sts");
}

}  // namespace
}  // namespace kedge
