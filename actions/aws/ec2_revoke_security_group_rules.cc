// aws.ec2.revoke_security_group_rules: the security group has none of these rules that is open to the world.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
//
// Rules are named by their ids, as the event that made them names them. One of them that is not open to the world (any
// more) stays. A rule that undo makes again gets another id: it carries the old one in the tag kedge:restores, by which
// it is recognised here.

#include <fmt/format.h>

#include <algorithm>

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "aws/ec2.h"

namespace kedge {
namespace {

using nlohmann::json;

constexpr const char* kRestores = "kedge:restores";

json to_json(const SecurityGroupRule& rule) {
  json tags = json::object();
  for (const auto& [key, value] : rule.tags) {
    if (key != kRestores) tags[key] = value;
  }
  return {{"protocol", rule.protocol},   {"from_port", rule.from_port}, {"to_port", rule.to_port},
          {"cidr_ipv4", rule.cidr_ipv4}, {"cidr_ipv6", rule.cidr_ipv6}, {"description", rule.description},
          {"tags", std::move(tags)}};
}

SecurityGroupRule rule_from(const json& saved, const std::string& group, const std::string& id) {
  SecurityGroupRule rule;
  rule.group_id = group;
  rule.protocol = saved.value("protocol", "");
  rule.from_port = saved.value("from_port", -1);
  rule.to_port = saved.value("to_port", -1);
  rule.cidr_ipv4 = saved.value("cidr_ipv4", "");
  rule.cidr_ipv6 = saved.value("cidr_ipv6", "");
  rule.description = saved.value("description", "");
  const json tags = saved.value("tags", json::object());
  for (const auto& [key, value] : tags.items()) rule.tags[key] = value.get<std::string>();
  rule.tags[kRestores] = id;
  return rule;
}

// The id by which the plan knows a rule: its own, or the one that it restores.
std::string planned_id(const SecurityGroupRule& rule) {
  const auto tag = rule.tags.find(kRestores);
  return tag == rule.tags.end() ? rule.id : tag->second;
}

json state_of(const std::vector<SecurityGroupRule>& found) {
  json rules = json::object();  // by the id of the plan
  for (const SecurityGroupRule& rule : found) rules[planned_id(rule)] = to_json(rule);
  return {{"rules", std::move(rules)}};
}

// "sgr-1 lets 0.0.0.0/0 in (tcp 22)"
std::string summary_of(const std::vector<SecurityGroupRule>& found) {
  std::vector<std::string> parts;
  for (const SecurityGroupRule& rule : found) {
    const std::string ports = rule.from_port == rule.to_port ? fmt::format("{}", rule.from_port)
                                                             : fmt::format("{}-{}", rule.from_port, rule.to_port);
    parts.push_back(fmt::format("{} lets {} in ({})", rule.id, rule.cidr_ipv4.empty() ? rule.cidr_ipv6 : rule.cidr_ipv4,
                                rule.protocol == "-1" ? "all traffic" : rule.protocol + " " + ports));
  }
  return parts.empty() ? "none of the rules is open to the world" : fmt::format("{}", fmt::join(parts, "; "));
}

Result<void> check_ids(const json& args) {
  const std::string group = args.value("group", "");
  if (!group.starts_with("sg-")) {
    return Error{ErrorCode::invalid,
                 "the argument 'group' must be the id of a security group (sg-...): '" + group + "'"};
  }
  const json rules = args.value("rules", json::array());
  if (rules.empty()) return Error{ErrorCode::invalid, "the argument 'rules' must name at least one rule (sgr-...)"};
  for (const json& rule : rules) {
    if (!rule.is_string() || !rule.get_ref<const std::string&>().starts_with("sgr-")) {
      return Error{ErrorCode::invalid, "the argument 'rules' must hold ids of rules (sgr-...): " + rule.dump()};
    }
  }
  return {};
}

ActionError refusal(const AwsError& error, const std::string& id) {
  ActionError refused = action_error(error);
  if (error.is("InvalidPermission.Duplicate")) {
    refused.message += "; somebody has made a rule like " + id + " since, which stands in its place";
  }
  return refused;
}

class RevokeSecurityGroupRules final : public Action {
 public:
  explicit RevokeSecurityGroupRules(AwsClient& aws) : aws_(aws) {
    spec_.name = "aws.ec2.revoke_security_group_rules";
    spec_.summary = "the security group has none of these rules open to the world";
    spec_.arguments =
        with_account_and_region({{"group", ArgumentType::string, true, false, "the security group's id (sg-...)"},
                                 {"rules", ArgumentType::string_list, true, false,
                                  "the ids of ingress rules (sgr-...), as the event names them"}});
    spec_.repetition = Repetition::exact;
    spec_.mark = kMarkOfCalls;
    spec_.touches = [](const json& args) {
      return std::vector<std::string>{fmt::format("arn:aws:ec2:{}:{}:security-group/{}", args.value("region", ""),
                                                  args.value("account", ""), args.value("group", ""))};
    };
    spec_.endpoint = [](const json& args) { return aws_endpoint("ec2", args); };
    spec_.check = check_ids;
  }

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto found = find(context, args);
    if (!found) return found.error();
    Observation seen;
    seen.holds = found->empty();
    seen.state = state_of(*found);
    seen.summary = summary_of(*found);
    return seen;
  }

  // Whether the rules are gone is for the executor's next look: the list may lag behind.
  ActionResult<Applied> apply(Context& context, const json& args, const Observation& now) const override {
    const auto found = find(context, args);  // the ids of this moment
    if (!found) return found.error();
    if (state_of(*found) != now.state) return changed_meanwhile("the group's rules");
    std::vector<std::string> ids;
    for (const SecurityGroupRule& rule : *found) ids.push_back(rule.id);
    const auto written = group(context, args).revoke_ingress(ids);
    if (written) return Applied{{fmt::format("revoked {}", fmt::join(ids, ", "))}};
    if (written.error().is("InvalidPermission.NotFound") || written.error().is("InvalidSecurityGroupRuleId.NotFound")) {
      return changed_meanwhile("the group's rules");  // one is gone, and so none was revoked
    }
    return action_error(written.error());
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json& after) const override {
    const auto found = find(context, args);
    if (!found) return found.error();
    if (state_of(*found) != after) return changed_meanwhile("the group's rules");
    Applied applied;
    for (const auto& [id, saved] : before.at("rules").items()) {
      if (after.at("rules").contains(id)) continue;
      const auto made = group(context, args).authorize_ingress(rule_from(saved, args.at("group"), id));
      if (!made && !(made.error().is("InvalidPermission.Duplicate") && stands(context, args, id))) {
        return refusal(made.error(), id);
      }
      applied.notes.push_back(fmt::format("{} made again{}", id, made ? " as " + *made : ""));
    }
    return applied;
  }

 private:
  SecurityGroup group(Context& context, const json& args) const {
    return {aws_session(aws_, context, args), args.at("group").get<std::string>()};
  }

  // A request that is delivered twice is answered as if somebody else had been quicker.
  bool stands(Context& context, const json& args, const std::string& id) const {
    const auto found = find(context, args);
    return found && state_of(*found).at("rules").contains(id);
  }

  // The ingress rules of the plan that are there and open to the world.
  ActionResult<std::vector<SecurityGroupRule>> find(Context& context, const json& args) const {
    auto rules = group(context, args).rules();
    if (!rules) return action_error(rules.error());
    const auto wanted = args.at("rules").get<std::vector<std::string>>();
    std::erase_if(*rules, [&](const SecurityGroupRule& rule) {
      return rule.is_egress || !rule.opens_to_the_world() ||
             std::find(wanted.begin(), wanted.end(), planned_id(rule)) == wanted.end();
    });
    return std::move(*rules);
  }

  AwsClient& aws_;
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_ec2_revoke_security_group_rules(AwsClient& aws) {
  return std::make_unique<RevokeSecurityGroupRules>(aws);
}

}  // namespace kedge
