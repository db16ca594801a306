// aws.s3.remove_public_grants: neither the bucket's policy nor its access control list lets everybody in.
//
// Surgical: only public statements and grants to public groups go; all others stay as they are. Whether a policy is
// public is told by two witnesses, our own evaluator (aws/public_access.h) and the server's policy status: where they
// disagree, a person decides. A status that the server cannot give is no witness.
//
// Two things hide what the list really grants. With IgnorePublicAcls on, S3 shows the list without its public grants:
// the list as it is shown is then written, so that nothing waits underneath for the switch to be turned off. With
// BucketOwnerEnforced lists count for nothing, and cannot be written.

#include <fmt/format.h>

#include <algorithm>

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "actions/aws/bucket.h"
#include "aws/public_access.h"
#include "base/json.h"

namespace kedge {
namespace {

using nlohmann::json;
using Policy = std::optional<std::string>;

constexpr const char* kListsDisabled = "BucketOwnerEnforced";

struct Grants {
  Policy policy;
  Acl acl;
};

Policy policy_in(const json& state) {
  return state.at("policy").is_string() ? Policy(state.at("policy").get<std::string>()) : std::nullopt;
}

// Two documents say the same, however they are written.
bool same_policy(const Policy& a, const Policy& b) {
  if (a == b) return true;
  if (!a || !b) return false;
  const auto left = parse_json(*a);
  const auto right = parse_json(*b);
  return left && right && *left == *right;
}

bool same_grants(const Acl& a, const Acl& b) {
  return a.grants.size() == b.grants.size() && std::is_permutation(a.grants.begin(), a.grants.end(), b.grants.begin());
}

std::string reasons_of(const PolicyVerdict& verdict) {
  std::vector<std::string> reasons;
  for (const StatementVerdict& one : verdict.statements) {
    if (one.is_public) reasons.push_back(fmt::format("{} ({})", one.name, one.reason));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

std::optional<std::string> disagreement(bool ours, PolicyStatus status) {
  const bool answered = status == PolicyStatus::is_public || status == PolicyStatus::not_public;
  if (!answered || ours == (status == PolicyStatus::is_public)) return std::nullopt;
  return fmt::format(
      "the witnesses disagree: by our evaluator the policy is {}, by the server's policy status it is {}; a person "
      "must "
      "look at it",
      ours ? "public" : "not public", ours ? "not public" : "public");
}

ActionError unreadable(const std::string& what, const Error& error) {
  return {ActionError::Kind::refused, "unreadable", what + " cannot be read: " + error.message, {}};
}

ActionError blocked(const std::string& what) {
  return {ActionError::Kind::retry,
          "blocked",
          what + " cannot be put back while a public access block forbids it; that is put back first",
          {}};
}

// Servers that do not know a sub-resource refuse it, or answer with something else.
bool is_not_there(const AwsError& error) {
  return error.outcome == AwsOutcome::refused || error.code == kUnexpectedDocument;
}

// Lists count unless the bucket says otherwise: a server that has no ownership controls, or that we may not ask, has
// lists that count.
ActionResult<bool> lists_count(const S3Bucket& bucket) {
  const auto ownership = bucket.ownership();
  if (ownership) return *ownership != kListsDisabled;
  if (is_not_there(ownership.error())) return true;
  return action_error(ownership.error());
}

ActionResult<PublicAccessBlock> block_of(const S3Bucket& bucket) {
  const auto block = bucket.public_access_block();
  if (block) return block->value_or(PublicAccessBlock());
  if (is_not_there(block.error())) return PublicAccessBlock();
  return action_error(block.error());
}

ActionResult<Grants> read_grants(const S3Bucket& bucket) {
  auto policy = bucket.policy();
  if (!policy) return action_error(policy.error());
  auto acl = bucket.acl();
  if (!acl) return action_error(acl.error());
  return Grants{*std::move(policy), *std::move(acl)};
}

// The grants, if they still are as `state` says.
ActionResult<Grants> read_unchanged(const S3Bucket& bucket, const json& state) {
  auto grants = read_grants(bucket);
  if (!grants) return grants;
  const auto acl = parse_acl(state.at("acl").get<std::string>());
  if (!acl) return unreadable("the ACL", acl.error());
  if (!same_policy(grants->policy, policy_in(state))) return changed_meanwhile("the bucket's policy");
  if (!same_grants(grants->acl, *acl)) return changed_meanwhile("the bucket's ACL");
  return grants;
}

ActionResult<Applied> put_policy(const S3Bucket& bucket, const Policy& wanted, const Policy& now,
                                 const std::string& note) {
  const auto written = wanted ? bucket.put_policy(*wanted) : bucket.delete_policy();
  if (!written) return action_error(written.error());
  return proven(bucket.policy(), wanted, now, "the bucket's policy", note, same_policy);
}

ActionResult<Applied> put_acl(const S3Bucket& bucket, const Acl& wanted, const Acl& now, const std::string& note) {
  const auto written = bucket.put_acl(wanted.xml);
  if (!written) return action_error(written.error());
  return proven(bucket.acl(), wanted, now, "the bucket's ACL", note, same_grants);
}

class RemovePublicGrants final : public Action {
 public:
  explicit RemovePublicGrants(AwsClient& aws)
      : aws_(aws),
        spec_(bucket_action("aws.s3.remove_public_grants",
                            "neither the bucket's policy nor its ACL lets everybody in; all else that they grant "
                            "stays")) {}

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const S3Bucket bucket = bucket_of(aws_, context, args);
    const auto grants = read_grants(bucket);
    if (!grants) return grants.error();
    Observation seen;
    seen.state = {{"policy", grants->policy ? json(*grants->policy) : json()}, {"acl", grants->acl.xml}};
    const auto by_acl = public_by_acl(bucket, grants->acl);
    if (!by_acl) return by_acl.error();
    const auto by_policy = public_by_policy(bucket, grants->policy, seen);
    if (!by_policy) return by_policy.error();
    seen.holds = by_acl->empty() && by_policy->empty();
    if (!by_acl->empty()) seen.summary = "public by its ACL: " + *by_acl;
    if (!by_policy->empty()) {
      seen.summary += (seen.summary.empty() ? "public by its policy: " : "; by its policy: ") + *by_policy;
    }
    if (seen.holds) seen.summary = "no public grant";
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation& now) const override {
    const S3Bucket bucket = bucket_of(aws_, context, args);
    const auto grants = read_unchanged(bucket, now.state);
    if (!grants) return grants.error();
    auto policy = clean_policy(bucket, grants->policy);
    if (!policy) return policy;
    auto acl = clean_acl(bucket, grants->acl);
    if (!acl) return acl;
    policy->notes.insert(policy->notes.end(), acl->notes.begin(), acl->notes.end());
    return policy;
  }

  // Policy first, then the list. What a public access block would refuse is not tried: when the block came with the
  // same plan, it is put back first.
  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json& after) const override {
    const S3Bucket bucket = bucket_of(aws_, context, args);
    const auto acl = parse_acl(before.at("acl").get<std::string>());
    if (!acl) return unreadable("the ACL", acl.error());
    const auto grants = read_unchanged(bucket, after);
    if (!grants) return grants.error();
    const Policy policy = policy_in(before);
    const bool policy_differs = !same_policy(policy, grants->policy);
    const bool acl_differs = !same_grants(*acl, grants->acl);
    const auto block = block_of(bucket);
    if (!block) return block.error();
    if (policy_differs && policy && block->block_public_policy) {
      const auto verdict = judge_policy(*policy);
      if (!verdict || verdict->is_public()) return blocked("the policy");
    }
    if (acl_differs && judge_acl(*acl).is_public() && block->block_public_acls) return blocked("the ACL");
    Applied applied;
    if (policy_differs) {
      auto done = put_policy(bucket, policy, grants->policy, "the policy is put back as it was");
      if (!done) return done;
      applied = *done;
    }
    if (acl_differs) {
      auto done = put_acl(bucket, *acl, grants->acl, "the ACL is put back as it was");
      if (!done) return done;
      applied.notes.insert(applied.notes.end(), done->notes.begin(), done->notes.end());
    }
    return applied;
  }

 private:
  // Whom the list lets in, in words; empty: nobody.
  static ActionResult<std::string> public_by_acl(const S3Bucket& bucket, const Acl& acl) {
    const AclVerdict verdict = judge_acl(acl);
    if (!verdict.is_public()) return std::string();
    const auto count = lists_count(bucket);
    if (!count) return count.error();
    return *count ? fmt::format("{}", fmt::join(verdict.public_grants, ", ")) : std::string();
  }

  // Whom the policy lets in; what the witnesses cannot agree on goes to `seen`.
  static ActionResult<std::string> public_by_policy(const S3Bucket& bucket, const Policy& policy, Observation& seen) {
    if (!policy) return std::string();
    const auto verdict = judge_policy(*policy);
    if (!verdict) {
      seen.hold = "the bucket's policy cannot be judged (" + verdict.error().message + "); a person must look at it";
      return std::string();
    }
    const auto status = bucket.policy_status();
    if (!status) return action_error(status.error());
    seen.hold = disagreement(verdict->is_public(), *status);
    return verdict->is_public() ? reasons_of(*verdict) : std::string();
  }

  static ActionResult<Applied> clean_policy(const S3Bucket& bucket, const Policy& policy) {
    if (!policy) return Applied{};
    const auto verdict = judge_policy(*policy);
    if (!verdict) return unreadable("the policy", verdict.error());
    if (!verdict->is_public()) return Applied{};
    const auto rest = policy_without(*policy, verdict->public_statements());
    if (!rest) return unreadable("the policy", rest.error());
    return put_policy(bucket, *rest, policy, "removed from the policy: " + reasons_of(*verdict));
  }

  static ActionResult<Applied> clean_acl(const S3Bucket& bucket, const Acl& acl) {
    const AclVerdict verdict = judge_acl(acl);
    const auto block = block_of(bucket);
    if (!block) return block.error();
    if (!verdict.is_public() && !block->ignore_public_acls) return Applied{};
    const auto count = lists_count(bucket);
    if (!count) return count.error();
    if (!*count) return Applied{};
    const auto xml = acl_without_public_grants(acl.xml);
    if (!xml) return unreadable("the ACL", xml.error());
    const auto rest = parse_acl(*xml);
    if (!rest) return unreadable("the ACL", rest.error());
    const std::string note = verdict.is_public()
                                 ? fmt::format("removed from the ACL: {}", fmt::join(verdict.public_grants, ", "))
                                 : "the ACL is written as it is shown, without what IgnorePublicAcls hides";
    return put_acl(bucket, *rest, acl, note);
  }

  AwsClient& aws_;
  const ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_s3_remove_public_grants(AwsClient& aws) {
  return std::make_unique<RemovePublicGrants>(aws);
}

}  // namespace kedge
