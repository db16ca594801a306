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
  return {{"protocol", rule.protocol},
          {"from_port", rule.from_port},
          {"to_port", rule.to_port},
          {"cidr_ipv4", rule.cidr_ipv4},
          {"cidr_ipv6", rule.cidr_ipv6},
          {"description", rule.description},
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
  for (const auto& [key, value] : saved.value("tags", json::object()).items()) rule.tags[key] = value.get<std::string>();
  rule.tags[kRestores] = id;
  return rule;
}

// The id by which the plan knows a rule: its own, or the one that it restores.
std::string planned_id(const SecurityGroupRule& rule) {
  const auto tag = rule.tags.find(kRestores);
  return tag == rule.tags.end() ? rule.id : tag->second;
}

class RevokeSecurityGroupRules final : public Action {
 public:
  explicit RevokeSecurityGroupRules(AwsClient& aws) : aws_(aws) {
    spec_.name = "aws.ec2.revoke_security_group_rules";
    spec_.summary = "the security group has none of these rules open to the world";
    spec_.arguments = with_account_and_region(
        {{"group", ArgumentType::string, true, false, "the security group's id (sg-...)"},
         {"rules", ArgumentType::string_list, true, false, "the ids of ingress rules (sgr-...), as the event names them"}});
    spec_.repetition = Repetition::exact;
    spec_.mark = kMarkOfCalls;
    spec_.touches = [](const json& args) {
      return std::vector<std::string>{fmt::format("arn:aws:ec2:{}:{}:security-group/{}", args.value("region", ""),
                                                  args.value("account", ""), args.value("group", ""))};
    };
    spec_.endpoint = [](const json& args) { return aws_endpoint("ec2", args); };
  }

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto found = find(context, args);
    if (!found) return found.error();
    Observation seen;
    seen.holds = found->empty();
    json rules = json::object();  // by the id of the plan
    for (const SecurityGroupRule& rule : *found) rules[planned_id(rule)] = to_json(rule);
    seen.state = {{"rules", std::move(rules)}};
    seen.summary = seen.holds ? "none of the rules is open to the world"
                              : fmt::format("{} of the rules are open to the world", found->size());
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation&) const override {
    const auto found = find(context, args);  // the ids of this moment
    if (!found) return found.error();
    std::vector<std::string> ids;
    for (const SecurityGroupRule& rule : *found) ids.push_back(rule.id);
    if (ids.empty()) return Applied{{"the rules are gone already"}};
    if (const auto written = group(context, args).revoke_ingress(ids); !written) return action_error(written.error());
    const auto left = find(context, args);
    if (!left) return left.error();
    if (!left->empty()) return read_back_differs("the group's rules");
    return Applied{{fmt::format("revoked {}", fmt::join(ids, ", "))}};
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json& after) const override {
    Applied applied;
    const json gone = after.value("rules", json::object());
    for (const auto& [id, saved] : before.value("rules", json::object()).items()) {
      if (gone.contains(id)) continue;
      const auto made = group(context, args).authorize_ingress(rule_from(saved, args.at("group"), id));
      if (!made && !made.error().is("InvalidPermission.Duplicate")) return action_error(made.error());
      applied.notes.push_back(fmt::format("{} made again{}", id, made ? " as " + *made : ": there is such a rule already"));
    }
    return applied;
  }

 private:
  SecurityGroup group(Context& context, const json& args) const {
    return {aws_session(aws_, context, args), args.at("group").get<std::string>()};
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
