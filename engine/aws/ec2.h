// The calls of EC2 about the rules of security groups: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
//
// Each call is made once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "aws/client.h"

namespace kedge {

struct SecurityGroupRule {
  std::string id;  // "sgr-..."; a rule that is made again gets another
  std::string group_id;
  bool is_egress = false;
  std::string protocol;  // "tcp", "udp", "icmp", "-1" for all
  int from_port = -1;    // -1: all
  int to_port = -1;
  // One of these says for whom.
  std::string cidr_ipv4;
  std::string cidr_ipv6;
  std::string prefix_list_id;
  std::string referenced_group_id;
  std::string referenced_user_id;  // with referenced_group_id: the account that owns it
  std::string description;
  std::map<std::string, std::string> tags;

  // True when its range of addresses is broad (cidr.h), or cannot be read.
  bool opens_to_the_world() const;

  bool operator==(const SecurityGroupRule&) const = default;
};

// Cheap; borrows what the session borrows.
class SecurityGroup {
 public:
  SecurityGroup(AwsSession session, std::string id) : session_(std::move(session)), id_(std::move(id)) {}

  // All rules, of both directions. A group that is not there has none.
  AwsResult<std::vector<SecurityGroupRule>> rules() const;

  // Removes exactly these rules, at least one. "InvalidPermission.NotFound" and "InvalidSecurityGroupRuleId.NotFound":
  // one of them is gone already, and none was removed.
  AwsResult<AwsWritten> revoke_ingress(const std::vector<std::string>& rule_ids) const;

  // Makes a rule with everything but the id of `rule`, and returns the new id. "InvalidPermission.Duplicate": there is
  // one already.
  AwsResult<std::string> authorize_ingress(const SecurityGroupRule& rule) const;

 private:
  AwsResult<HttpResponse> call(const char* action, const QueryParameters&, bool writes) const;

  AwsSession session_;
  std::string id_;
};

}  // namespace kedge
