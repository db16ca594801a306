// Access control lists of buckets, as S3 writes them:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

struct AclGrant {
  std::string type;  // CanonicalUser, Group, AmazonCustomerByEmail; empty where the list does not say
  std::string id;    // of a canonical user
  std::string uri;   // of a group
  std::string email;
  std::string permission;  // FULL_CONTROL, READ, WRITE, READ_ACP, WRITE_ACP

  bool operator==(const AclGrant&) const = default;
};

struct Acl {
  std::string xml;  // as it came
  std::string owner_id;
  std::vector<AclGrant> grants;

  bool operator==(const Acl&) const = default;
};

// Refused: a document that is not an AccessControlPolicy with a list of grants.
Result<Acl> parse_acl(std::string xml);

// True for a group that everybody, or everybody with an AWS account, belongs to; and for any group that we do not know.
bool is_public_group(std::string_view uri);

// The same list without the grants to public groups; everything else stays.
Result<std::string> acl_without_public_grants(const std::string& xml);

}  // namespace kedge
