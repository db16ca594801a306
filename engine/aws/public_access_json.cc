#include "aws/public_access_json.h"

#include <array>
#include <sstream>

#include "aws/foreign_text.h"
#include "aws/public_access.h"
#include "base/json.h"

namespace kedge {
namespace {

constexpr size_t kNameBytesMax = 200;

// What is found, part by part.
struct Findings {
  std::vector<std::string> reasons;
  std::vector<std::string> shared_with;

  void share_with(const std::vector<std::string>& ids) {
    shared_with.insert(shared_with.end(), ids.begin(), ids.end());
  }
};

Error invalid(const std::string& what) { return {ErrorCode::invalid, what}; }

// Bytes that are not UTF-8 are replaced: no wildcard is lost by that.
std::string text_of_document(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<void> judge_policy_part(const Json& policy, Findings& findings) {
  if (!policy.is_object() && !policy.is_string()) return invalid("policy must be an object or a text");
  const auto verdict = judge_policy(policy.is_string() ? policy.get<std::string>() : text_of_document(policy));
  if (!verdict) return verdict.error();
  for (const StatementVerdict& statement : verdict->statements) {
    if (statement.is_public) findings.reasons.push_back("policy, " + statement.name + ": " + statement.reason);
    findings.share_with(statement.shared_with);
  }
  return {};
}

std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& member(const Json& object, const char* name) {
  static const Json kNone;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? kNone : *found;
}

// One grant is an object, more are a list: so does CloudTrail turn XML into JSON.
Result<void> judge_acl_part(const Json& document, Findings& findings) {
  const Json& grants = member(member(document, "AccessControlList"), "Grant");
  if (!grants.is_object() && !grants.is_array()) return invalid("acl must hold AccessControlList.Grant");
  Acl acl;
  acl.owner_id = text_at(member(document, "Owner"), "ID");
  for (const Json& grant : grants.is_array() ? grants : Json::array({grants})) {
    const Json& grantee = member(grant, "Grantee");
    if (!grantee.is_object()) return invalid("acl holds a grant without a Grantee");
    acl.grants.push_back({"", text_at(grantee, "ID"), text_at(grantee, "URI"), text_at(grantee, "EmailAddress"),
                          text_at(grant, "Permission")});
  }
  const AclVerdict verdict = judge_acl(acl);
  for (const std::string& grant : verdict.public_grants) findings.reasons.push_back("acl: " + grant);
  findings.share_with(verdict.shared_with);
  return {};
}

Result<void> judge_canned_part(const Json& canned, Findings& findings) {
  constexpr std::array<std::string_view, 3> kPublic = {"public-read", "public-read-write", "authenticated-read"};
  for (const Json& name : canned.is_array() ? canned : Json::array({canned})) {
    if (!name.is_string()) return invalid("canned_acl must be a text or a list of texts");
    for (const std::string_view open : kPublic) {
      if (name == open) findings.reasons.push_back("acl: canned " + std::string(open));
    }
  }
  return {};
}

// One `name="value"` of a grant header: only who is named counts here, not what is granted.
void judge_grantee(std::string text, const std::string& header, Findings& findings) {
  std::erase_if(text, [](char c) { return c == '"' || c == ' '; });
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return;
  const std::string kind = text.substr(0, equals);
  std::string who = text.substr(equals + 1);
  if (kind == "uri" && is_public_group(who)) {
    findings.reasons.push_back("acl: " + foreign_text(header, kNameBytesMax) + " for " +
                               foreign_text(who, kNameBytesMax));
  } else if (kind != "uri") {
    findings.shared_with.push_back(std::move(who));
  }
}

Result<void> judge_grants_part(const Json& grants, Findings& findings) {
  if (!grants.is_object()) return invalid("grants must be an object");
  for (const auto& [header, value] : grants.items()) {
    for (const Json& text : value.is_array() ? value : Json::array({value})) {
      if (!text.is_string()) return invalid("grants must hold texts");
      std::istringstream list(text.get<std::string>());
      for (std::string grantee; std::getline(list, grantee, ',');) judge_grantee(grantee, header, findings);
    }
  }
  return {};
}

// An empty list may have become an empty object on its way here.
Result<std::set<std::string>> read_known(const Json& list) {
  std::set<std::string> known;
  if (list.is_null()) return known;
  if (!list.is_array() && !(list.is_object() && list.empty())) return invalid("known_accounts must be a list of texts");
  for (const Json& id : list) {
    if (!id.is_string()) return invalid("known_accounts must be a list of texts");
    known.insert(id.get<std::string>());
  }
  return known;
}

}  // namespace

Result<Json> judge_public_access(const Json& question) {
  struct Part {
    const char* name;
    Result<void> (*judge)(const Json&, Findings&);
  };
  constexpr std::array kParts = {Part{"policy", judge_policy_part}, Part{"acl", judge_acl_part},
                                 Part{"canned_acl", judge_canned_part}, Part{"grants", judge_grants_part}};
  if (!question.is_object()) return invalid("the question must be an object");
  Findings findings;
  for (const Part& part : kParts) {
    const Json& value = member(question, part.name);
    if (value.is_null()) continue;
    if (auto judged = part.judge(value, findings); !judged) return judged.error();
  }
  const auto known = read_known(member(question, "known_accounts"));
  if (!known) return known.error();
  return Json{{"public", !findings.reasons.empty()},
              {"reasons", findings.reasons},
              {"shared_with", strangers(findings.shared_with, {})},
              {"strangers", strangers(findings.shared_with, *known)}};
}

}  // namespace kedge
