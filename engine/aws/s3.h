// The calls of S3 about who may reach a bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/
//
// Each call is made once. What a bucket does not have is a value ("none"), not an error; a bucket that is not there is
// an error with outcome `gone`. An answer with another document than the one asked for is an error with the code
// kUnexpectedDocument: servers that do not know a sub-resource answer it with a listing of the bucket, and may take a
// PUT of it for the creation of a bucket. So: read a setting before writing it.
#pragma once

#include <optional>
#include <string>

#include "aws/acl.h"
#include "aws/client.h"
#include "aws/public_access.h"

namespace kedge {

// Whether the server calls the bucket's policy public. `unanswered`: it does not know the question.
enum class PolicyStatus { no_policy, not_public, is_public, unanswered };

// One bucket, as one session reaches it. Cheap; borrows what the session borrows.
class S3Bucket {
 public:
  // `owner`: the id of the account that must own the bucket, sent along, so that a bucket of the same name that
  // somebody else has made since is refused; empty: not checked. Servers that do not know the header ignore it.
  S3Bucket(AwsSession session, std::string name, std::string owner = "")
      : session_(std::move(session)), name_(std::move(name)), owner_(std::move(owner)) {}

  // None: the bucket has none, which is the same as all four off.
  AwsResult<std::optional<PublicAccessBlock>> public_access_block() const;
  AwsResult<AwsWritten> put_public_access_block(const PublicAccessBlock&) const;
  AwsResult<AwsWritten> delete_public_access_block() const;

  // With ignore_public_acls on, S3 hides the public grants of the list.
  AwsResult<Acl> acl() const;
  AwsResult<AwsWritten> put_acl(const std::string& xml) const;  // "AccessControlListNotSupported": lists are disabled

  // The policy's bytes as the server keeps them.
  AwsResult<std::optional<std::string>> policy() const;
  AwsResult<AwsWritten> put_policy(const std::string& json) const;
  AwsResult<AwsWritten> delete_policy() const;
  AwsResult<PolicyStatus> policy_status() const;

  // "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter".
  AwsResult<std::optional<std::string>> ownership() const;
  AwsResult<AwsWritten> put_ownership(const std::string& ownership) const;
  AwsResult<AwsWritten> delete_ownership() const;

  // The region in which the bucket lies.
  AwsResult<std::string> location() const;

 private:
  AwsRequest request(const char* operation, const char* method, const char* sub_resource) const;
  AwsResult<HttpResponse> get(const char* operation, const char* sub_resource) const;
  AwsResult<AwsWritten> put(const char* operation, const char* sub_resource, std::string body, const char* type) const;
  AwsResult<AwsWritten> remove(const char* operation, const char* sub_resource) const;

  AwsSession session_;
  std::string name_;
  std::string owner_;
};

// The account's own switches, which count for all its buckets. The session names the account.
AwsResult<std::optional<PublicAccessBlock>> account_public_access_block(const AwsSession&);

}  // namespace kedge
