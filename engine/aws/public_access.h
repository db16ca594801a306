// What "public" means for a bucket, by AWS's definition:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
//
// A policy is public unless each statement that allows something grants it to fixed principals, or under a condition
// that holds for fixed values alone: no "*", no "?", no policy variable. Where the definition says nothing, the
// stricter reading is taken: what is not known to restrict does not. The condition keys that count are a table in
// public_access.cc.
//
// Everything here is a pure function of its arguments.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/acl.h"
#include "base/result.h"

namespace kedge {

// The switches that override policies and lists. Those of account and bucket work together: each is on when either is.
struct PublicAccessBlock {
  bool block_public_acls = false;
  bool ignore_public_acls = false;
  bool block_public_policy = false;
  bool restrict_public_buckets = false;

  static PublicAccessBlock all_on() { return {true, true, true, true}; }
  PublicAccessBlock combined_with(const PublicAccessBlock&) const;
  bool operator==(const PublicAccessBlock&) const = default;
};

enum class PolicyOwner { bucket, access_point };

// A statement that allows something.
struct StatementVerdict {
  size_t index = 0;  // its place in the policy
  std::string name;  // its Sid, or "statement 2" by its place, counted from 1
  bool is_public = false;
  std::string reason;                    // of a public one: who gets in, and why no condition keeps them out
  std::vector<std::string> shared_with;  // of another: the accounts (also organisations, canonical ids) that it names

  bool operator==(const StatementVerdict&) const = default;
};

struct PolicyVerdict {
  std::vector<StatementVerdict> statements;

  bool is_public() const;
  std::vector<size_t> public_statements() const;
  bool operator==(const PolicyVerdict&) const = default;
};

// `text` is the policy's JSON. An error means that nothing can be said of it: not that it is harmless.
Result<PolicyVerdict> judge_policy(std::string_view text, PolicyOwner = PolicyOwner::bucket);

// The policy without these statements, the others as they are; none when no statement is left.
Result<std::optional<std::string>> policy_without(std::string_view text, const std::vector<size_t>& statements);

struct AclVerdict {
  std::vector<std::string> public_grants;  // in words: "READ for AllUsers"
  std::vector<std::string> shared_with;    // canonical ids and addresses other than the owner's

  bool is_public() const { return !public_grants.empty(); }
  bool operator==(const AclVerdict&) const = default;
};
AclVerdict judge_acl(const Acl&);

// Of all that are shared with, those that are not in `known`: account ids, organisation ids or canonical ids. Sorted.
std::vector<std::string> strangers(const std::vector<std::string>& shared_with, const std::set<std::string>& known);

// Whether anybody gets in at all. `block`: account's and bucket's combined. `ownership`: the bucket's, empty when it
// has none.
bool is_exposed(bool acl_is_public, bool policy_is_public, const PublicAccessBlock& block, std::string_view ownership);

}  // namespace kedge
