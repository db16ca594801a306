#include "tests/e2e/cloud.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ctime>

#include "base/random.h"
#include "tests/e2e/http.h"

namespace kedge {
namespace {

constexpr auto kAccount = "123456789012";

std::string random_uuid() {
  Random random;
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", random.below(1ULL << 32), random.below(1 << 16),
                     random.below(1 << 12), random.below(1 << 12), random.below(1ULL << 48));
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

// What stands between <name> and </name>, the first time.
std::string element(const std::string& xml, const std::string& name) {
  const size_t begin = xml.find("<" + name + ">");
  if (begin == std::string::npos) return "";
  const size_t from = begin + name.size() + 2;
  return xml.substr(from, xml.find("</" + name + ">", from) - from);
}

std::string form_encoded(const std::string& text) {
  std::string encoded;
  for (const unsigned char c : text)
    encoded += std::isalnum(c) ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  return encoded;
}

// Only the scope of a signature is looked at: it names the service.
std::string scope_of(const std::string& service) {
  return fmt::format(
      "AWS4-HMAC-SHA256 Credential=root/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0", service);
}

}  // namespace

Json event_of(const std::string& service, const std::string& call, const Json& parameters, const Json& response) {
  return {{"eventVersion", "1.09"},
          {"userIdentity",
           {{"type", "IAMUser"},
            {"principalId", "AIDAMALLORY"},
            {"arn", fmt::format("arn:aws:iam::{}:user/mallory", kAccount)},
            {"accountId", kAccount},
            {"userName", "mallory"}}},
          {"eventTime", now_text()},
          {"eventSource", service + ".amazonaws.com"},
          {"eventName", call},
          {"awsRegion", "us-east-1"},
          {"sourceIPAddress", "203.0.113.7"},
          {"userAgent", "[aws-cli/2.15.0]"},
          {"requestParameters", parameters},
          {"responseElements", response},
          {"requestID", random_uuid()},
          {"eventID", random_uuid()},
          {"readOnly", false},
          {"eventType", "AwsApiCall"},
          {"managementEvent", true},
          {"recipientAccountId", kAccount},
          {"eventCategory", "Management"}};
}

Json cloudtrail_event(const std::string& call, const std::string& bucket, const Json& parameters) {
  Json all = {{"bucketName", bucket}, {"Host", bucket + ".s3.amazonaws.com"}};
  all.update(parameters);
  Json event = event_of("s3", call, all, nullptr);
  event["resources"] = {{{"accountId", kAccount}, {"type", "AWS::S3::Bucket"}, {"ARN", "arn:aws:s3:::" + bucket}}};
  return event;
}

Json in_eventbridge(const Json& record) {
  const std::string host = record.at("eventSource");
  return {{"version", "0"},
          {"id", random_uuid()},
          {"detail-type", "AWS API Call via CloudTrail"},
          {"source", "aws." + host.substr(0, host.find('.'))},
          {"account", kAccount},
          {"time", record.at("eventTime")},
          {"region", "us-east-1"},
          {"resources", Json::array()},
          {"detail", record}};
}

Cloud::Cloud(std::unique_ptr<MotoServer> moto) : moto_(std::move(moto)) { leave_unanswered(nullptr); }

void Cloud::leave_unanswered(std::function<bool(const HttpReceiver::Request&)> which) {
  witness_.answer_by([url = moto_->url(), which = std::move(which)](const auto& request) {
    if (which && which(request)) return HttpReceiver::Answer{.delay = std::chrono::hours(1)};
    return send_to(url, request);
  });
}

void Cloud::answer_late(std::function<bool(const HttpReceiver::Request&)> which, std::chrono::milliseconds delay) {
  witness_.answer_by([url = moto_->url(), which = std::move(which), delay](const auto& request) {
    HttpReceiver::Answer answer = send_to(url, request);
    if (which(request)) answer.delay = delay;
    return answer;
  });
}

Result<std::unique_ptr<Cloud>> Cloud::start() {
  auto moto = MotoServer::start();
  if (!moto) return moto.error();
  return std::unique_ptr<Cloud>(new Cloud(*std::move(moto)));
}

std::string Cloud::call(const std::string& method, const std::string& target, const std::string& body,
                        const std::multimap<std::string, std::string>& headers) {
  const auto answer = send_to(moto_->url(), {method, target, headers, body});
  if (method == "GET" && answer.status == 404) return "";
  EXPECT_EQ(answer.status / 100, 2) << method << " " << target << ": " << answer.status << " " << answer.body;
  return answer.body;
}

void Cloud::make_bucket(const std::string& bucket) { call("PUT", "/" + bucket); }

Json Cloud::open_by_acl(const std::string& bucket) {
  call("PUT", "/" + bucket + "?acl", "", {{"x-amz-acl", "public-read"}});
  return cloudtrail_event("PutBucketAcl", bucket, {{"x-amz-acl", "public-read"}, {"acl", ""}});
}

Json Cloud::open_by_policy(const std::string& bucket) {
  const std::string resource = "arn:aws:s3:::" + bucket + "/*";
  const Json policy = {{"Version", "2012-10-17"},
                       {"Statement",
                        {{{"Sid", "Everybody"},
                          {"Effect", "Allow"},
                          {"Principal", "*"},
                          {"Action", "s3:GetObject"},
                          {"Resource", resource}}}}};
  put_policy(bucket, policy);
  return cloudtrail_event("PutBucketPolicy", bucket, {{"bucketPolicy", policy}, {"policy", ""}});
}

Json Cloud::open_by_removing_its_block(const std::string& bucket) {
  call(
      "PUT", "/" + bucket + "?publicAccessBlock",
      "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>"
      "<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>"
      "</PublicAccessBlockConfiguration>");
  open_by_acl(bucket);
  call("DELETE", "/" + bucket + "?publicAccessBlock");
  return cloudtrail_event("DeleteBucketPublicAccessBlock", bucket, {{"publicAccessBlock", ""}});
}

void Cloud::close_acl(const std::string& bucket) { call("PUT", "/" + bucket + "?acl", "", {{"x-amz-acl", "private"}}); }

void Cloud::put_policy(const std::string& bucket, const Json& policy) {
  call("PUT", "/" + bucket + "?policy", policy.dump());
}

bool Cloud::acl_is_public(const std::string& bucket) {
  return call("GET", "/" + bucket + "?acl").find("groups/global/AllUsers") != std::string::npos;
}

bool Cloud::is_blocked(const std::string& bucket) {
  const std::string block = call("GET", "/" + bucket + "?publicAccessBlock");
  for (const char* flag : {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}) {
    if (element(block, flag) != "true" && element(block, flag) != "True") return false;
  }
  return true;
}

Json Cloud::policy(const std::string& bucket) {
  const std::string text = call("GET", "/" + bucket + "?policy");
  return text.empty() ? Json() : Json::parse(text, nullptr, false);
}

std::vector<std::string> Cloud::writes(const std::string& bucket) const {
  std::vector<std::string> found;
  for (const auto& request : witness_.requests()) {
    if (request.method == "GET" || request.method == "HEAD" || request.target == "/") continue;
    const std::string name = request.target.substr(1, request.target.find_first_of("/?", 1) - 1);
    if (bucket.empty() || name == bucket) found.push_back(request.method + " " + request.target);
  }
  return found;
}

std::string Cloud::make_security_group(const std::string& name) {
  return element(ec2("Action=CreateSecurityGroup&GroupName=" + name + "&GroupDescription=test"), "groupId");
}

std::string Cloud::allow(const std::string& group, int port, const std::string& network) {
  const std::string answer =
      ec2(fmt::format("Action=AuthorizeSecurityGroupIngress&GroupId={}&IpPermissions.1.IpProtocol=tcp&"
                      "IpPermissions.1.FromPort={}&IpPermissions.1.ToPort={}&IpPermissions.1.IpRanges.1.CidrIp={}",
                      group, port, port, form_encoded(network)));
  return element(answer, "securityGroupRuleId");
}

Json Cloud::open_security_group(const std::string& group, int port) {
  const Json rule = {{"groupId", group},       {"securityGroupRuleId", allow(group, port, "0.0.0.0/0")},
                     {"isEgress", false},      {"ipProtocol", "tcp"},
                     {"fromPort", port},       {"toPort", port},
                     {"cidrIpv4", "0.0.0.0/0"}};
  return event_of("ec2", "AuthorizeSecurityGroupIngress", {{"groupId", group}},
                  {{"_return", true}, {"securityGroupRuleSet", {{"items", {rule}}}}});
}

bool Cloud::lets_the_world_in(const std::string& group) {
  const std::string rules = security_group_rules(group);
  for (size_t at = rules.find("<item>"); at != std::string::npos; at = rules.find("<item>", at + 1)) {
    const std::string rule = rules.substr(at, rules.find("</item>", at) - at);
    const bool outwards = rule.find("<isEgress>true") != std::string::npos;
    if (!outwards && rule.find("0.0.0.0/0") != std::string::npos) return true;
  }
  return false;
}

std::string Cloud::security_group_rules(const std::string& group) {
  return ec2("Action=DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1=" + group);
}

void Cloud::make_trail(const std::string& name) {
  make_bucket(name + "-logs");
  cloudtrail("CreateTrail", {{"Name", name}, {"S3BucketName", name + "-logs"}});
  cloudtrail("StartLogging", {{"Name", name}});
}

Json Cloud::stop_logging(const std::string& name) {
  cloudtrail("StopLogging", {{"Name", name}});
  return event_of("cloudtrail", "StopLogging", {{"name", name}}, nullptr);
}

bool Cloud::is_logging(const std::string& name) {
  return cloudtrail("GetTrailStatus", {{"Name", name}}).at("IsLogging");
}

Json Cloud::cloudtrail(const std::string& action, const Json& parameters) {
  const std::string answer =
      call("POST", "/", parameters.dump(),
           {{"authorization", scope_of("cloudtrail")},
            {"content-type", "application/x-amz-json-1.1"},
            {"x-amz-target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." + action}});
  return Json::parse(answer, nullptr, false);
}

std::string Cloud::query(const std::string& service, const std::string& form) {
  return call("POST", "/", form,
              {{"authorization", scope_of(service)}, {"content-type", "application/x-www-form-urlencoded"}});
}

Cloud::Key Cloud::make_user(const std::string& name, const std::vector<std::string>& allowed_actions) {
  const Json policy = {{"Version", "2012-10-17"},
                       {"Statement", {{{"Effect", "Allow"}, {"Action", allowed_actions}, {"Resource", "*"}}}}};
  iam("Action=CreateUser&UserName=" + name);
  iam("Action=PutUserPolicy&PolicyName=allowed&UserName=" + name + "&PolicyDocument=" + form_encoded(policy.dump()));
  const std::string made = iam("Action=CreateAccessKey&UserName=" + name);
  return {element(made, "AccessKeyId"), element(made, "SecretAccessKey")};
}

}  // namespace kedge
