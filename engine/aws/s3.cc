#include "aws/s3.h"

#include <openssl/evp.h>

#include <array>

#include "aws/xml.h"
#include "base/bytes.h"

namespace kedge {
namespace {

constexpr const char* kXml = "application/xml";
constexpr const char* kJson = "application/json";
constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

// S3 demands a checksum of these bodies. (OpenSSL without MD5: none is sent, and S3 says so.)
std::string content_md5(std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  size_t length = 0;
  if (EVP_Q_digest(nullptr, "MD5", nullptr, body.data(), body.size(), digest.data(), &length) != 1) return "";
  return to_base64({reinterpret_cast<const char*>(digest.data()), length});
}

AwsError unexpected(std::string_view operation, const HttpResponse& response, std::string_view why) {
  return unexpected_document("s3 " + std::string(operation), response, why, false);
}

std::string element(std::string_view name, bool value) {
  const std::string tag(name);
  return "<" + tag + ">" + (value ? "true" : "false") + "</" + tag + ">";
}

std::string to_xml(const PublicAccessBlock& block) {
  return "<PublicAccessBlockConfiguration xmlns=\"" + std::string(kNamespace) + "\">" +
         element("BlockPublicAcls", block.block_public_acls) + element("IgnorePublicAcls", block.ignore_public_acls) +
         element("BlockPublicPolicy", block.block_public_policy) +
         element("RestrictPublicBuckets", block.restrict_public_buckets) + "</PublicAccessBlockConfiguration>";
}

// The second root is Ceph's.
AwsResult<std::optional<PublicAccessBlock>> read_block(std::string_view operation,
                                                       const AwsResult<HttpResponse>& response) {
  if (!response && response.error().is("NoSuchPublicAccessBlockConfiguration")) {
    return std::optional<PublicAccessBlock>();
  }
  if (!response) return response.error();
  const auto xml =
      expect_root(response->body, {"PublicAccessBlockConfiguration", "BlockPublicAccessBlockConfiguration"});
  if (!xml) return unexpected(operation, *response, xml.error().message);
  const auto flag = [&](std::string_view name) { return equals_ignoring_case(text_of(xml->root(), name), "true"); };
  return std::optional(PublicAccessBlock{flag("BlockPublicAcls"), flag("IgnorePublicAcls"), flag("BlockPublicPolicy"),
                                         flag("RestrictPublicBuckets")});
}

}  // namespace

AwsResult<std::optional<PublicAccessBlock>> S3Bucket::public_access_block() const {
  return read_block("GetPublicAccessBlock", get("GetPublicAccessBlock", "publicAccessBlock"));
}

AwsResult<AwsWritten> S3Bucket::put_public_access_block(const PublicAccessBlock& block) const {
  return put("PutPublicAccessBlock", "publicAccessBlock", to_xml(block), kXml);
}

AwsResult<AwsWritten> S3Bucket::delete_public_access_block() const {
  return remove("DeletePublicAccessBlock", "publicAccessBlock");
}

AwsResult<Acl> S3Bucket::acl() const {
  auto response = get("GetBucketAcl", "acl");
  if (!response) return response.error();
  auto acl = parse_acl(response->body);
  if (!acl) return unexpected("GetBucketAcl", *response, acl.error().message);
  return std::move(*acl);
}

AwsResult<AwsWritten> S3Bucket::put_acl(const std::string& xml) const { return put("PutBucketAcl", "acl", xml, kXml); }

AwsResult<std::optional<std::string>> S3Bucket::policy() const {
  auto response = get("GetBucketPolicy", "policy");
  if (!response && response.error().is("NoSuchBucketPolicy")) return std::optional<std::string>();
  if (!response) return response.error();
  const size_t first = response->body.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || response->body[first] != '{') {
    return unexpected("GetBucketPolicy", *response, "the answer is not a JSON object");
  }
  return std::optional(std::move(response->body));
}

AwsResult<AwsWritten> S3Bucket::put_policy(const std::string& json) const {
  return put("PutBucketPolicy", "policy", json, kJson);
}

AwsResult<AwsWritten> S3Bucket::delete_policy() const { return remove("DeleteBucketPolicy", "policy"); }

AwsResult<PolicyStatus> S3Bucket::policy_status() const {
  const auto response = get("GetBucketPolicyStatus", "policyStatus");
  if (!response) {
    const AwsError& error = response.error();
    if (error.is("NoSuchBucketPolicy")) return PolicyStatus::no_policy;
    if (error.status == 405 || error.status == 501) return PolicyStatus::unanswered;
    return error;
  }
  const auto xml = expect_root(response->body, {"PolicyStatus"});
  if (!xml) return PolicyStatus::unanswered;
  const std::string answer = text_of(xml->root(), "IsPublic");
  if (equals_ignoring_case(answer, "true")) return PolicyStatus::is_public;
  if (equals_ignoring_case(answer, "false")) return PolicyStatus::not_public;
  return PolicyStatus::unanswered;
}

AwsResult<std::optional<std::string>> S3Bucket::ownership() const {
  const auto response = get("GetBucketOwnershipControls", "ownershipControls");
  if (!response && response.error().is("OwnershipControlsNotFoundError")) return std::optional<std::string>();
  if (!response) return response.error();
  const auto xml = expect_root(response->body, {"OwnershipControls"});
  if (!xml) return unexpected("GetBucketOwnershipControls", *response, xml.error().message);
  return std::optional(text_of(child_named(xml->root(), "Rule"), "ObjectOwnership"));
}

AwsResult<AwsWritten> S3Bucket::put_ownership(const std::string& ownership) const {
  return put("PutBucketOwnershipControls", "ownershipControls",
             "<OwnershipControls xmlns=\"" + std::string(kNamespace) + "\"><Rule><ObjectOwnership>" +
                 xml_escaped(ownership) + "</ObjectOwnership></Rule></OwnershipControls>",
             kXml);
}

AwsResult<AwsWritten> S3Bucket::delete_ownership() const {
  return remove("DeleteBucketOwnershipControls", "ownershipControls");
}

AwsResult<std::string> S3Bucket::location() const {
  const auto response = get("GetBucketLocation", "location");
  if (!response) return response.error();
  const auto xml = expect_root(response->body, {"LocationConstraint"});
  if (!xml) return unexpected("GetBucketLocation", *response, xml.error().message);
  const std::string location = xml->root().text().get();
  if (location.empty()) return std::string("us-east-1");
  return location == "EU" ? std::string("eu-west-1") : location;
}

AwsRequest S3Bucket::request(const char* operation, const char* method, const char* sub_resource) const {
  AwsRequest request;
  request.service = AwsService::s3;
  request.operation = operation;
  request.method = method;
  request.bucket = name_;
  request.query = {{sub_resource, ""}};
  if (!owner_.empty()) request.headers.push_back({"x-amz-expected-bucket-owner", owner_});
  return request;
}

AwsResult<HttpResponse> S3Bucket::get(const char* operation, const char* sub_resource) const {
  AwsRequest call = request(operation, "GET", sub_resource);
  call.writes = false;
  return session_.client.send(session_, call);
}

AwsResult<AwsWritten> S3Bucket::put(const char* operation, const char* sub_resource, std::string body,
                                    const char* type) const {
  AwsRequest call = request(operation, "PUT", sub_resource);
  call.headers.push_back({"Content-Type", type});
  if (std::string md5 = content_md5(body); !md5.empty()) call.headers.push_back({"Content-MD5", std::move(md5)});
  call.body = std::move(body);
  const auto response = session_.client.send(session_, call);
  if (!response) return response.error();
  return AwsWritten{request_id_of(*response)};
}

AwsResult<AwsWritten> S3Bucket::remove(const char* operation, const char* sub_resource) const {
  const auto response = session_.client.send(session_, request(operation, "DELETE", sub_resource));
  if (!response) return response.error();
  return AwsWritten{request_id_of(*response)};
}

AwsResult<std::optional<PublicAccessBlock>> account_public_access_block(const AwsSession& session) {
  AwsRequest call;
  call.service = AwsService::s3_control;
  call.operation = "GetPublicAccessBlock";
  call.path = "/v20180820/configuration/publicAccessBlock";
  call.headers = {{"x-amz-account-id", session.account}};
  call.writes = false;
  return read_block("GetPublicAccessBlock", session.client.send(session, call));
}

}  // namespace kedge
