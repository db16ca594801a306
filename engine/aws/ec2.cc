#include "aws/ec2.h"

#include <charconv>

#include "aws/cidr.h"
#include "aws/xml.h"

namespace kedge {
namespace {

constexpr std::string_view kVersion = "2016-11-15";
constexpr int kPagesMax = 100;  // of up to 1000 rules; a group has at most 1000

AwsError unexpected(const char* action, const HttpResponse& response, std::string_view why, bool writes) {
  return unexpected_document("ec2 " + std::string(action), response, why, writes);
}

AwsError refused(const char* action, const std::string& why) {
  AwsError error;
  error.outcome = AwsOutcome::refused;
  error.message = "ec2 " + std::string(action) + ": " + why;
  return error;
}

int number_of(pugi::xml_node parent, std::string_view name) {
  const std::string text = text_of(parent, name);
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

SecurityGroupRule read_rule(pugi::xml_node item) {
  SecurityGroupRule rule;
  rule.id = text_of(item, "securityGroupRuleId");
  rule.group_id = text_of(item, "groupId");
  rule.is_egress = text_of(item, "isEgress") == "true";
  rule.protocol = text_of(item, "ipProtocol");
  rule.from_port = number_of(item, "fromPort");
  rule.to_port = number_of(item, "toPort");
  rule.cidr_ipv4 = text_of(item, "cidrIpv4");
  rule.cidr_ipv6 = text_of(item, "cidrIpv6");
  rule.prefix_list_id = text_of(item, "prefixListId");
  const pugi::xml_node referenced = child_named(item, "referencedGroupInfo");
  rule.referenced_group_id = text_of(referenced, "groupId");
  rule.referenced_user_id = text_of(referenced, "userId");
  rule.description = text_of(item, "description");
  for (const pugi::xml_node tag : children_named(child_named(item, "tagSet"), "item")) {
    rule.tags[text_of(tag, "key")] = text_of(tag, "value");
  }
  return rule;
}

// The form in which a rule is asked for: one permission with one range.
QueryParameters permission_of(const SecurityGroupRule& rule) {
  const std::string permission = "IpPermissions.1.";
  QueryParameters form = {{permission + "IpProtocol", rule.protocol}};
  if (rule.protocol != "-1") {
    form.emplace_back(permission + "FromPort", std::to_string(rule.from_port));
    form.emplace_back(permission + "ToPort", std::to_string(rule.to_port));
  }
  std::string range;
  const auto add = [&](const std::string& list, const std::string& member, const std::string& value) {
    if (value.empty()) return;
    range = permission + list + ".1.";
    form.emplace_back(range + member, value);
  };
  add("IpRanges", "CidrIp", rule.cidr_ipv4);
  add("Ipv6Ranges", "CidrIpv6", rule.cidr_ipv6);
  add("PrefixListIds", "PrefixListId", rule.prefix_list_id);
  add("Groups", "GroupId", rule.referenced_group_id);
  add("Groups", "UserId", rule.referenced_user_id);
  if (!rule.description.empty()) form.emplace_back(range + "Description", rule.description);
  if (!rule.tags.empty()) form.emplace_back("TagSpecification.1.ResourceType", "security-group-rule");
  int number = 0;
  for (const auto& [key, value] : rule.tags) {
    const std::string tag = "TagSpecification.1.Tag." + std::to_string(++number);
    form.emplace_back(tag + ".Key", key);
    form.emplace_back(tag + ".Value", value);
  }
  return form;
}

}  // namespace

bool SecurityGroupRule::opens_to_the_world() const {
  for (const std::string& range : {cidr_ipv4, cidr_ipv6}) {
    if (range.empty()) continue;
    const auto cidr = parse_cidr(range);
    if (!cidr || cidr->is_broad()) return true;
  }
  return false;
}

AwsResult<std::vector<SecurityGroupRule>> SecurityGroup::rules() const {
  constexpr const char* kAction = "DescribeSecurityGroupRules";
  std::vector<SecurityGroupRule> rules;
  std::string next;
  for (int page = 0; page < kPagesMax; ++page) {
    QueryParameters form = {{"Filter.1.Name", "group-id"}, {"Filter.1.Value.1", id_}};
    if (!next.empty()) form.emplace_back("NextToken", next);
    const auto response = call(kAction, form, false);
    if (!response) return response.error();
    const auto xml = expect_root(response->body, {"DescribeSecurityGroupRulesResponse"});
    if (!xml) return unexpected(kAction, *response, xml.error().message, false);
    for (const pugi::xml_node item : children_named(child_named(xml->root(), "securityGroupRuleSet"), "item")) {
      rules.push_back(read_rule(item));
    }
    next = text_of(xml->root(), "nextToken");
    if (next.empty()) return rules;
  }
  return refused(kAction, "the list of rules of " + id_ + " does not end");
}

AwsResult<AwsWritten> SecurityGroup::revoke_ingress(const std::vector<std::string>& rule_ids) const {
  constexpr const char* kAction = "RevokeSecurityGroupIngress";
  if (rule_ids.empty()) return refused(kAction, "it must name the rules to remove");
  QueryParameters form = {{"GroupId", id_}};
  int number = 0;
  for (const std::string& id : rule_ids) form.emplace_back("SecurityGroupRuleId." + std::to_string(++number), id);
  const auto response = call(kAction, form, true);
  if (!response) return response.error();
  const auto xml = expect_root(response->body, {"RevokeSecurityGroupIngressResponse"});
  if (!xml) return unexpected(kAction, *response, xml.error().message, true);
  if (text_of(xml->root(), "return") != "true") return unexpected(kAction, *response, "it was not done", true);
  return AwsWritten{request_id_of(*response)};
}

AwsResult<std::string> SecurityGroup::authorize_ingress(const SecurityGroupRule& rule) const {
  constexpr const char* kAction = "AuthorizeSecurityGroupIngress";
  QueryParameters form = {{"GroupId", id_}};
  for (auto& parameter : permission_of(rule)) form.push_back(std::move(parameter));
  const auto response = call(kAction, form, true);
  if (!response) return response.error();
  const auto xml = expect_root(response->body, {"AuthorizeSecurityGroupIngressResponse"});
  if (!xml) return unexpected(kAction, *response, xml.error().message, true);
  const auto item = child_named(child_named(xml->root(), "securityGroupRuleSet"), "item");
  return text_of(item, "securityGroupRuleId");
}

AwsResult<HttpResponse> SecurityGroup::call(const char* action, const QueryParameters& form, bool writes) const {
  AwsRequest request;
  request.service = AwsService::ec2;
  request.operation = action;
  request.method = "POST";
  request.headers = {{"Content-Type", std::string(kFormType)}};
  request.body = query_form(action, kVersion, form);
  request.writes = writes;
  return session_.client.send(session_, request);
}

}  // namespace kedge
