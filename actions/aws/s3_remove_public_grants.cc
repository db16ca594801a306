// aws.s3.remove_public_grants: neither the bucket's policy nor its access control list lets everybody in.
//
// Surgical: only public statements and grants to public groups go; all others stay as they are. Whether a policy is
// public is judged by two witnesses, our own evaluator (aws/public_access.h) and the server's policy status: where they
// disagree, a person decides. A status that the server cannot give is no witness.

#include <fmt/format.h>

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "aws/public_access.h"
#include "aws/s3.h"
#include "base/json.h"

namespace kedge {
namespace {

using nlohmann::json;

constexpr const char* kListsDisabled = "BucketOwnerEnforced";

// What is read of the bucket.
struct Grants {
  std::optional<std::string> policy;
  PolicyStatus status = PolicyStatus::unanswered;
  Acl acl;
  std::string ownership;  // empty: no controls

  bool lists_count() const { return ownership != kListsDisabled; }
};

json state_of(const Grants& grants) {
  return {{"policy", grants.policy ? json(*grants.policy) : json()},
          {"acl", grants.acl.xml},
          {"object_ownership", grants.ownership}};
}

std::string reasons_of(const PolicyVerdict& verdict) {
  std::string text;
  for (const StatementVerdict& statement : verdict.statements) {
    if (statement.is_public) text += fmt::format("{}{} ({})", text.empty() ? "" : "; ", statement.name, statement.reason);
  }
  return text;
}

// Two documents say the same, however they are written.
bool same_document(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a || *a == *b) return true;
  const auto left = parse_json(*a);
  const auto right = parse_json(*b);
  return left && right && *left == *right;
}

class RemovePublicGrants final : public Action {
 public:
  explicit RemovePublicGrants(AwsClient& aws) : aws_(aws) {
    spec_.name = "aws.s3.remove_public_grants";
    spec_.summary = "neither the bucket's policy nor its ACL lets everybody in; other statements and grants stay";
    spec_.arguments = with_account_and_region({bucket_argument()});
    spec_.repetition = Repetition::absolute;
    spec_.mark = kMarkOfCalls;
    spec_.touches = bucket_keys;
    spec_.endpoint = [](const json& args) { return aws_endpoint("s3", args); };
    spec_.check = check_bucket_name;
  }

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto grants = read(bucket(context, args));
    if (!grants) return grants.error();
    Observation seen;
    seen.state = state_of(*grants);
    const AclVerdict acl = judge_acl(grants->acl);
    const bool by_acl = acl.is_public() && grants->lists_count();
    bool by_policy = false;
    if (by_acl) seen.summary = fmt::format("public by its ACL: {}", fmt::join(acl.public_grants, ", "));
    if (grants->policy) {
      const auto verdict = judge_policy(*grants->policy);
      if (!verdict) {
        seen.hold = "the bucket's policy cannot be judged (" + verdict.error().message + "); a person must look at it";
        return seen;
      }
      by_policy = verdict->is_public();
      if (by_policy) {
        seen.summary += fmt::format("{}public by its policy: {}", by_acl ? "; " : "", reasons_of(*verdict));
      }
      seen.hold = disagreement(by_policy, grants->status);
    }
    seen.holds = !by_acl && !by_policy;
    if (seen.holds && !seen.hold) seen.summary = "no public grant";
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation& now) const override {
    const S3Bucket target = bucket(context, args);
    Applied applied;
    if (now.state.at("policy").is_string()) {
      const std::string policy = now.state.at("policy").get<std::string>();
      const auto verdict = judge_policy(policy);
      if (!verdict) return cannot_be_built("the policy", verdict.error());
      if (verdict->is_public()) {
        const auto rest = policy_without(policy, verdict->public_statements());
        if (!rest) return cannot_be_built("the policy", rest.error());
        if (const auto done = put_policy(target, *rest); !done) return done.error();
        applied.notes.push_back("removed from the policy: " + reasons_of(*verdict));
      }
    }
    const auto acl = parse_acl(now.state.at("acl").get<std::string>());
    if (!acl) return cannot_be_built("the ACL", acl.error());
    if (judge_acl(*acl).is_public() && now.state.value("object_ownership", "") != kListsDisabled) {
      const auto rest = acl_without_public_grants(acl->xml);
      if (!rest) return cannot_be_built("the ACL", rest.error());
      if (const auto done = put_acl(target, *rest); !done) return done.error();
      applied.notes.push_back(fmt::format("removed from the ACL: {}", fmt::join(judge_acl(*acl).public_grants, ", ")));
    }
    return applied;
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json& after) const override {
    const S3Bucket target = bucket(context, args);
    if (before.at("policy") != after.at("policy")) {
      const json& policy = before.at("policy");
      const auto wanted = policy.is_string() ? std::optional(policy.get<std::string>()) : std::nullopt;
      if (const auto done = put_policy(target, wanted); !done) return done.error();
    }
    if (before.at("acl") != after.at("acl") && before.value("object_ownership", "") != kListsDisabled) {
      if (const auto done = put_acl(target, before.at("acl").get<std::string>()); !done) return done.error();
    }
    return Applied{{"policy and ACL put back as they were"}};
  }

 private:
  S3Bucket bucket(Context& context, const json& args) const {
    return {aws_session(aws_, context, args), args.at("bucket").get<std::string>(), args.value("account", "")};
  }

  static ActionResult<Grants> read(const S3Bucket& target) {
    Grants grants;
    auto policy = target.policy();
    if (!policy) return action_error(policy.error());
    grants.policy = *std::move(policy);
    if (grants.policy) {
      const auto status = target.policy_status();
      if (!status) return action_error(status.error());
      grants.status = *status;
    }
    auto acl = target.acl();
    if (!acl) return action_error(acl.error());
    grants.acl = *std::move(acl);
    // A server without ownership controls has lists that count.
    if (const auto ownership = target.ownership()) grants.ownership = ownership->value_or("");
    return grants;
  }

  static std::optional<std::string> disagreement(bool ours, PolicyStatus status) {
    const bool answered = status == PolicyStatus::is_public || status == PolicyStatus::not_public;
    if (!answered || ours == (status == PolicyStatus::is_public)) return std::nullopt;
    return fmt::format("the witnesses disagree: by our evaluator the policy is {}, by the server's policy status it is {}; "
                       "a person must look at it",
                       ours ? "public" : "not public", ours ? "not public" : "public");
  }

  static ActionError cannot_be_built(const std::string& what, const Error& error) {
    return {ActionError::Kind::refused, "unreadable", what + " cannot be read: " + error.message, {}};
  }

  static ActionResult<Applied> put_policy(const S3Bucket& target, const std::optional<std::string>& wanted) {
    const auto written = wanted ? target.put_policy(*wanted) : target.delete_policy();
    if (!written) return action_error(written.error());
    const auto now = target.policy();
    if (!now) return action_error(now.error());
    if (!same_document(*now, wanted)) return read_back_differs("the policy");
    return Applied{};
  }

  static ActionResult<Applied> put_acl(const S3Bucket& target, const std::string& wanted) {
    const auto sent = parse_acl(wanted);
    if (!sent) return cannot_be_built("the ACL", sent.error());
    const auto written = target.put_acl(wanted);
    if (!written) {
      if (written.error().is("AccessControlListNotSupported")) return Applied{};  // lists do not count: nothing to do
      return action_error(written.error());
    }
    const auto now = target.acl();
    if (!now) return action_error(now.error());
    if (now->grants != sent->grants) return read_back_differs("the ACL");
    return Applied{};
  }

  AwsClient& aws_;
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_s3_remove_public_grants(AwsClient& aws) { return std::make_unique<RemovePublicGrants>(aws); }

}  // namespace kedge
