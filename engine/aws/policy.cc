#include "aws/policy.h"

#include <algorithm>
#include <array>
#include <optional>

#include "aws/cidr.h"
#include "aws/foreign_text.h"
#include "base/json.h"

namespace kedge {
namespace {

constexpr size_t kQuotedBytesMax = 120;

// How the values of a condition key must look to count as fixed.
enum class ValueKind {
  text,          // no wildcard, no variable
  account,       // the same; names an account
  organization,  // the same; names an organisation
  arn,           // the same; names an account by its fifth field
  cidr,          // a range that is not broad
  access_point,  // an ARN whose account is fixed; in a bucket's policy the access point's name may be a pattern
};

struct ConditionKey {
  std::string_view name;  // lower case: keys are compared without regard to case
  ValueKind kind;
};

// The definition's list. New keys of AWS are added here, once the definition names them.
constexpr std::array kConditionKeys = {
    ConditionKey{"aws:principalarn", ValueKind::arn},
    ConditionKey{"aws:principalaccount", ValueKind::account},
    ConditionKey{"aws:principalorgid", ValueKind::organization},
    ConditionKey{"aws:sourceip", ValueKind::cidr},
    ConditionKey{"aws:sourcearn", ValueKind::arn},
    ConditionKey{"aws:sourcevpc", ValueKind::text},
    ConditionKey{"aws:sourcevpce", ValueKind::text},
    ConditionKey{"aws:sourceowner", ValueKind::account},
    ConditionKey{"aws:sourceaccount", ValueKind::account},
    ConditionKey{"aws:userid", ValueKind::text},
    ConditionKey{"s3:x-amz-server-side-encryption-aws-kms-key-id", ValueKind::text},
    ConditionKey{"s3:dataaccesspointarn", ValueKind::access_point},
    ConditionKey{"s3:dataaccesspointaccount", ValueKind::account},
};

// Operators that let a request pass only when the key is there and equals (or is like) a value. Negated ones, those
// with IfExists and those for all values let a request without the key pass.
constexpr std::array<std::string_view, 5> kTextOperators = {"StringEquals", "StringEqualsIgnoreCase", "StringLike",
                                                            "ArnEquals", "ArnLike"};
constexpr std::string_view kAddressOperator = "IpAddress";
constexpr std::string_view kForAnyValue = "ForAnyValue:";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return result;
}

// For messages: names and values come from whoever wrote the policy.
std::string in_quotes(std::string_view text) { return "\"" + foreign_text(text, kQuotedBytesMax) + "\""; }

// The members of a value that may be one string or a list; none when something else stands there.
std::optional<std::vector<std::string>> texts_of(const Json& value) {
  std::vector<std::string> texts;
  const auto add = [&](const Json& item) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
    if (item.is_number_unsigned()) texts.push_back(item.dump());
    return item.is_string() || item.is_number_unsigned();
  };
  if (!value.is_array()) return add(value) ? std::optional(texts) : std::nullopt;
  for (const Json& item : value) {
    if (!add(item)) return std::nullopt;
  }
  return texts;
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The fields of "arn:partition:service:region:account:resource"; empty for what is no ARN.
std::vector<std::string_view> arn_fields(std::string_view arn) {
  std::vector<std::string_view> fields;
  while (fields.size() < 5) {
    const size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    fields.push_back(arn.substr(0, colon));
    arn.remove_prefix(colon + 1);
  }
  fields.push_back(arn);
  return fields.front() == "arn" ? fields : std::vector<std::string_view>();
}

bool is_fixed_access_point(std::string_view value, bool of_access_point) {
  if (is_fixed_text(value)) return true;
  const auto fields = arn_fields(value);
  if (of_access_point || fields.empty() || !is_account_id(fields[4])) return false;
  const bool rest_fixed = std::all_of(fields.begin(), fields.end() - 1, is_fixed_text);
  return rest_fixed && fields[5].starts_with("accesspoint/") && fields[5].find("${") == std::string_view::npos;
}

bool is_fixed(ValueKind kind, std::string_view value, bool of_access_point) {
  if (kind == ValueKind::access_point) return is_fixed_access_point(value, of_access_point);
  if (kind != ValueKind::cidr) return is_fixed_text(value);
  const auto range = parse_cidr(value);
  return range && !range->is_broad();
}

bool operator_fits(std::string_view name, ValueKind kind) {
  if (name.starts_with(kForAnyValue)) name.remove_prefix(kForAnyValue.size());
  if (name == kAddressOperator) return kind == ValueKind::cidr;
  return std::ranges::find(kTextOperators, name) != kTextOperators.end();
}

void add_account(ValueKind kind, const std::string& value, std::vector<std::string>& accounts) {
  if (kind == ValueKind::account || kind == ValueKind::organization) accounts.push_back(value);
  if (kind != ValueKind::arn && kind != ValueKind::access_point) return;
  if (std::string account = account_in(value); !account.empty()) accounts.push_back(std::move(account));
}

// Adds what one condition says to `restriction`.
void judge_condition(const std::string& operation, const std::string& key, const Json& value, bool of_access_point,
                     Restriction& restriction) {
  const auto explain = [&](const std::string& why) {
    if (restriction.open.empty())
      restriction.open = foreign_text(operation, kQuotedBytesMax) + " " + in_quotes(key) + " " + why;
  };
  const auto known = std::ranges::find(kConditionKeys, lower(key), &ConditionKey::name);
  if (known == kConditionKeys.end()) return explain("does not tell who may come in");
  if (!operator_fits(operation, known->kind)) return explain("lets others in too");
  const auto texts = texts_of(value);
  if (!texts || texts->empty()) return explain("has no readable value");
  for (const std::string& text : *texts) {
    if (!is_fixed(known->kind, text, of_access_point)) return explain("takes " + in_quotes(text));
  }
  restriction.fixed = true;
  for (const std::string& text : *texts) add_account(known->kind, text, restriction.accounts);
}

// One value of a principal, by its type.
void judge_principal(const std::string& type, const std::string& value, Grantees& grantees) {
  const auto open = [&](const std::string& why) {
    if (grantees.everybody.empty())
      grantees.everybody = foreign_text(type, kQuotedBytesMax) + " principal " + in_quotes(value) + why;
  };
  if (!is_fixed_text(value) || value.empty()) return open("");
  if (type == "Service") return;
  if (type == "AWS" || type == "CanonicalUser") {
    std::string account = account_in(value);
    grantees.accounts.push_back(account.empty() ? value : std::move(account));
    return;
  }
  const auto fields = arn_fields(value);
  const bool saml =
      type == "Federated" && !fields.empty() && is_account_id(fields[4]) && fields[5].starts_with("saml-provider/");
  if (!saml) return open(" (anybody can sign in there)");
  grantees.accounts.emplace_back(fields[4]);
}

}  // namespace

bool is_fixed_text(std::string_view text) {
  return text.find_first_of("*?") == std::string_view::npos && text.find("${") == std::string_view::npos;
}

std::string account_in(std::string_view principal_or_arn) {
  if (is_account_id(principal_or_arn)) return std::string(principal_or_arn);
  const auto fields = arn_fields(principal_or_arn);
  return !fields.empty() && is_account_id(fields[4]) ? std::string(fields[4]) : "";
}

Grantees grantees_of(const Json& statement) {
  if (statement.contains("NotPrincipal")) return {"NotPrincipal allows all but a few", {}};
  const auto principal = statement.find("Principal");
  if (principal == statement.end()) return {"it names no principal", {}};
  if (!principal->is_object()) {
    return {
        principal->is_string() ? "Principal " + in_quotes(principal->get<std::string>()) : "Principal is unreadable",
        {}};
  }
  Grantees grantees;
  bool named = false;
  for (const auto& [type, value] : principal->items()) {
    const auto texts = texts_of(value);
    if (!texts) return {"Principal " + in_quotes(type) + " is unreadable", {}};
    for (const std::string& text : *texts) judge_principal(type, text, grantees);
    named = named || !texts->empty();
  }
  if (!named) return {"it names no principal", {}};
  return grantees;
}

Restriction restriction_of(const Json& statement, bool of_access_point) {
  Restriction restriction;
  const auto conditions = statement.find("Condition");
  if (conditions == statement.end() || !conditions->is_object()) return restriction;
  for (const auto& [operation, keys] : conditions->items()) {
    if (!keys.is_object()) continue;
    for (const auto& [key, value] : keys.items()) {
      judge_condition(operation, key, value, of_access_point, restriction);
    }
  }
  return restriction;
}

}  // namespace kedge
