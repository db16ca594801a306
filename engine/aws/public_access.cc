#include "aws/public_access.h"

#include <algorithm>

#include "aws/foreign_text.h"
#include "aws/policy.h"
#include "base/json.h"

namespace kedge {
namespace {

constexpr size_t kPolicyBytesMax = 1U << 20U;  // AWS takes 20 KiB
constexpr int kPolicyDepthMax = 64;
constexpr size_t kNameBytesMax = 100;

Error unreadable(const std::string& why) { return {ErrorCode::invalid, "not a policy that can be judged: " + why}; }

Result<Json> parse_policy(std::string_view text) {
  if (text.size() > kPolicyBytesMax)
    return unreadable("it is larger than " + std::to_string(kPolicyBytesMax) + " bytes");
  auto policy = parse_json(text, kPolicyDepthMax);
  if (!policy) return unreadable(policy.error().message);
  if (!policy->is_object()) return unreadable("it is not a JSON object");
  const auto statement = policy->find("Statement");
  if (statement == policy->end()) return unreadable("it has no Statement");
  if (statement->is_object()) {
    Json one = std::move(*statement);
    *statement = Json::array({std::move(one)});
  }
  const bool good =
      statement->is_array() && std::ranges::all_of(*statement, [](const Json& s) { return s.is_object(); });
  if (!good) return unreadable("Statement is neither an object nor a list of objects");
  return policy;
}

std::string name_of(const Json& statement, size_t index) {
  const auto sid = statement.find("Sid");
  const bool named = sid != statement.end() && sid->is_string() && !sid->get_ref<const std::string&>().empty();
  if (!named) return "statement " + std::to_string(index + 1);
  return foreign_text(sid->get_ref<const std::string&>(), kNameBytesMax);
}

// Anything but "Deny" counts as "Allow".
bool allows(const Json& statement) {
  const auto effect = statement.find("Effect");
  return effect == statement.end() || *effect != "Deny";
}

void sort_unique(std::vector<std::string>& texts) {
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

StatementVerdict judge_statement(const Json& statement, size_t index, PolicyOwner owner) {
  StatementVerdict verdict;
  verdict.index = index;
  verdict.name = name_of(statement, index);
  Grantees grantees = grantees_of(statement);
  if (grantees.everybody.empty()) {
    verdict.shared_with = std::move(grantees.accounts);
  } else {
    Restriction restriction = restriction_of(statement, owner == PolicyOwner::access_point);
    verdict.is_public = !restriction.fixed;
    verdict.shared_with = std::move(restriction.accounts);
    if (verdict.is_public) {
      verdict.reason = grantees.everybody + (restriction.open.empty() ? ", no condition" : ", and " + restriction.open);
      verdict.shared_with.clear();
    }
  }
  sort_unique(verdict.shared_with);
  return verdict;
}

std::string group_name(std::string_view uri) {
  const size_t slash = uri.rfind('/');
  return foreign_text(slash == std::string_view::npos ? uri : uri.substr(slash + 1), kNameBytesMax);
}

}  // namespace

PublicAccessBlock PublicAccessBlock::combined_with(const PublicAccessBlock& other) const {
  return {block_public_acls || other.block_public_acls, ignore_public_acls || other.ignore_public_acls,
          block_public_policy || other.block_public_policy, restrict_public_buckets || other.restrict_public_buckets};
}

bool PolicyVerdict::is_public() const { return std::ranges::any_of(statements, &StatementVerdict::is_public); }

std::vector<size_t> PolicyVerdict::public_statements() const {
  std::vector<size_t> indexes;
  for (const StatementVerdict& statement : statements) {
    if (statement.is_public) indexes.push_back(statement.index);
  }
  return indexes;
}

Result<PolicyVerdict> judge_policy(std::string_view text, PolicyOwner owner) {
  const auto policy = parse_policy(text);
  if (!policy) return policy.error();
  const Json& statements = policy->at("Statement");
  PolicyVerdict verdict;
  for (size_t index = 0; index < statements.size(); ++index) {
    if (allows(statements[index])) verdict.statements.push_back(judge_statement(statements[index], index, owner));
  }
  return verdict;
}

Result<std::optional<std::string>> policy_without(std::string_view text, const std::vector<size_t>& statements) {
  if (auto good = parse_policy(text); !good) return good.error();
  auto policy = nlohmann::ordered_json::parse(text);  // keeps the order of members, which people have chosen
  auto& list = policy["Statement"];
  if (list.is_object()) list = nlohmann::ordered_json::array({list});
  auto kept = nlohmann::ordered_json::array();
  for (size_t index = 0; index < list.size(); ++index) {
    if (std::ranges::find(statements, index) == statements.end()) kept.push_back(std::move(list[index]));
  }
  if (kept.empty()) return std::optional<std::string>();
  list = std::move(kept);
  return std::optional(policy.dump());
}

AclVerdict judge_acl(const Acl& acl) {
  AclVerdict verdict;
  for (const AclGrant& grant : acl.grants) {
    if (is_public_group(grant.uri))
      verdict.public_grants.push_back(foreign_text(grant.permission, kNameBytesMax) + " for " + group_name(grant.uri));
    if (!grant.id.empty() && grant.id != acl.owner_id) verdict.shared_with.push_back(grant.id);
    if (!grant.email.empty()) verdict.shared_with.push_back(grant.email);
  }
  sort_unique(verdict.shared_with);
  return verdict;
}

std::vector<std::string> strangers(const std::vector<std::string>& shared_with, const std::set<std::string>& known) {
  std::vector<std::string> result;
  std::ranges::copy_if(shared_with, std::back_inserter(result), [&](const auto& id) { return !known.contains(id); });
  sort_unique(result);
  return result;
}

bool is_exposed(bool acl_is_public, bool policy_is_public, const PublicAccessBlock& block, std::string_view ownership) {
  const bool by_acl = acl_is_public && !block.ignore_public_acls && ownership != "BucketOwnerEnforced";
  const bool by_policy = policy_is_public && !block.restrict_public_buckets;
  return by_acl || by_policy;
}

}  // namespace kedge
