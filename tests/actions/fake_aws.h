// AWS in memory, as far as the built-in actions need it: one bucket, one security group, one trail.
//
// It does what AWS does where that matters to a remediation: an ignored list hides its public grants, a block refuses
// what would be public, BucketOwnerEnforced disables lists, a bucket of somebody else's is refused. Its luck is the
// test's to decide.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "aws/ec2.h"
#include "aws/public_access.h"
#include "http/http.h"

namespace kedge {

// One thread.
class FakeAws final : public HttpClient {
 public:
  enum class Luck {
    fine,
    denied,          // 403 AccessDenied
    throttled,       // 503 SlowDown, Retry-After: 2
    conflict,        // 409 OperationAborted
    unsupported,     // 501 NotImplemented
    wrong_document,  // 200, and a listing of the bucket; nothing is done
    error_with_200,  // 200, and an error document; nothing is done
    reset_after,     // done, and the connection breaks
    reset_before,    // not done, and the connection breaks
    late,            // 200, and done only after some more requests
    slow,            // done, and the client's time is over before the answer
    twice,           // it is delivered twice, and the second answer is the one that comes
    arrives_late,    // the client's time is over, and it is done only after some more requests
  };
  // What the next calls of an operation ("PUT policy", "GET acl", "RevokeSecurityGroupIngress") meet.
  void next(const std::string& operation, std::deque<Luck> luck) { luck_[operation] = std::move(luck); }

  // How time passes while a client waits for an answer that does not come.
  std::function<void(Duration)> pass = [](Duration) {};

  // Called before each request with the operation's name: others change things there.
  std::function<void(const std::string& operation)> before;

  Result<HttpResponse> send(const HttpRequest&) override;

  struct Bucket {
    bool exists = true;
    std::string owner = "111122223333";
    std::optional<PublicAccessBlock> block;
    std::string acl;  // as it is stored
    std::optional<std::string> policy;
    std::optional<std::string> ownership;
    std::optional<bool> policy_status;  // what the server says, whatever the policy; none: as our evaluator says
  } bucket;

  std::vector<SecurityGroupRule> rules;
  int next_rule = 1;

  struct Trail {
    bool exists = true;
    bool logging = true;
    std::string delivery_error;
  } trail;

  // The operations in order, writes alone.
  std::vector<std::string> writes;
  std::vector<std::string> operations;
  std::set<std::string> agents;  // of the writes

 private:
  Result<HttpResponse> answer(const HttpRequest&, const std::string& operation, Luck);
  HttpResponse s3(const HttpRequest&, const std::string& operation);
  HttpResponse put_policy(const std::string& body);
  HttpResponse put_acl(const std::string& body);
  HttpResponse put_ownership(const std::string& body);
  std::string shown_acl() const;
  HttpResponse ec2(const std::map<std::string, std::string>& form);
  HttpResponse cloudtrail(const std::string& operation);

  std::map<std::string, std::deque<Luck>> luck_;
  struct Coming {
    int requests_left;
    HttpRequest request;
    std::string operation;
  };
  std::vector<Coming> coming_;
  int requests_ = 0;
};

// An AccessControlPolicy of one owner, and these grantees: "AllUsers", "AuthenticatedUsers", "LogDelivery", or a
// canonical id, each followed by ":" and the permission.
std::string acl_xml(const std::vector<std::string>& grants = {});

// A policy with these statements.
std::string policy_text(const std::vector<std::string>& statements);
inline constexpr const char* kPublicStatement =
    R"({"Sid":"Everybody","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*"})";
inline constexpr const char* kPartnerStatement =
    R"({"Sid":"Partner","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*"})";

}  // namespace kedge
