#include "tests/actions/fake_aws.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "aws/acl.h"
#include "aws/xml.h"
#include "base/json.h"
#include "http/url.h"

namespace kedge {
namespace {

constexpr std::string_view kGroups = "http://acs.amazonaws.com/groups/";

HttpResponse with(int status, std::string body = "") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse s3_error(int status, std::string_view code) {
  return with(status, fmt::format("<Error><Code>{}</Code><Message/></Error>", code));
}

HttpResponse ec2_error(std::string_view code) {
  return with(
      400,
      fmt::format("<Response><Errors><Error><Code>{}</Code><Message>m</Message></Error></Errors></Response>", code));
}

HttpResponse json_error(std::string_view code) { return with(400, Json{{"__type", code}, {"message", "m"}}.dump()); }

std::string header_of(const HttpRequest& request, const std::string& name) {
  for (const HttpHeader& header : request.headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return "";
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

std::map<std::string, std::string> form_of(std::string_view body) {
  std::map<std::string, std::string> form;
  while (!body.empty()) {
    const size_t end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    const size_t equals = pair.find('=');
    form[decoded(pair.substr(0, equals))] = equals == std::string_view::npos ? "" : decoded(pair.substr(equals + 1));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return form;
}

std::string operation_of(const HttpRequest& request) {
  const std::string target = header_of(request, "X-Amz-Target");
  if (!target.empty()) return target.substr(target.rfind('.') + 1);
  const size_t query = request.url.find('?');
  if (query == std::string::npos) return form_of(request.body)["Action"];
  std::string setting = request.url.substr(query + 1);
  if (setting.ends_with('=')) setting.pop_back();
  return request.method + " " + setting;
}

std::string flag(const char* name, bool on) { return fmt::format("<{0}>{1}</{0}>", name, on ? "true" : "false"); }

bool policy_is_public(const std::string& policy) {
  const auto verdict = judge_policy(policy);
  return !verdict || verdict->is_public();
}

}  // namespace

std::string acl_xml(const std::vector<std::string>& grants) {
  std::string list =
      "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:type=\"CanonicalUser\"><ID>owner</ID>"
      "</Grantee><Permission>FULL_CONTROL</Permission></Grant>";
  for (const std::string& grant : grants) {
    const std::string who = grant.substr(0, grant.find(':'));
    const std::string what = grant.substr(grant.find(':') + 1);
    const bool global = who == "AllUsers" || who == "AuthenticatedUsers";
    const std::string grantee = global || who == "LogDelivery"
                                    ? fmt::format("<URI>{}{}/{}</URI>", kGroups, global ? "global" : "s3", who)
                                    : fmt::format("<ID>{}</ID>", who);
    list += fmt::format(
        "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"{}\">{}</Grantee>"
        "<Permission>{}</Permission></Grant>",
        global || who == "LogDelivery" ? "Group" : "CanonicalUser", grantee, what);
  }
  return "<AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>owner</ID></Owner>"
         "<AccessControlList>" +
         list + "</AccessControlList></AccessControlPolicy>";
}

std::string policy_text(const std::vector<std::string>& statements) {
  return fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", fmt::join(statements, ","));
}

// ---- requests ----------------------------------------------------------------------------------------------------

Result<HttpResponse> FakeAws::send(const HttpRequest& request) {
  const std::string operation = operation_of(request);
  if (before) before(operation);
  operations.push_back(operation);
  if (request.writes) {
    writes.push_back(operation);
    agents.insert(header_of(request, "User-Agent"));
  }
  for (Coming& change : coming_) {
    if (--change.requests_left == 0) (void)answer(change.request, change.operation, Luck::fine);
  }
  auto& luck = luck_[operation];
  Luck drawn = Luck::fine;
  if (!luck.empty()) {
    drawn = luck.front();
    luck.pop_front();
  }
  auto response = answer(request, operation, drawn);
  if (response) response->headers.push_back({"x-amz-request-id", fmt::format("R{}", ++requests_)});
  return response;
}

Result<HttpResponse> FakeAws::answer(const HttpRequest& request, const std::string& operation, Luck luck) {
  const auto carry_out = [&] {
    if (request.url.find("ec2") != std::string::npos) return ec2(form_of(request.body));
    if (request.url.find("cloudtrail") != std::string::npos) return cloudtrail(operation);
    return s3(request, operation);
  };
  const bool is_s3 = operation.find(' ') != std::string::npos;
  switch (luck) {
    case Luck::fine:
      return carry_out();
    case Luck::denied:
      return is_s3 ? s3_error(403, "AccessDenied") : ec2_error("UnauthorizedOperation");
    case Luck::throttled: {
      HttpResponse busy = s3_error(503, "SlowDown");
      busy.headers.push_back({"Retry-After", "2"});
      return busy;
    }
    case Luck::conflict:
      return s3_error(409, "OperationAborted");
    case Luck::unsupported:
      return s3_error(501, "NotImplemented");
    case Luck::wrong_document:
      return with(200, "<ListBucketResult><Name>photos</Name></ListBucketResult>");
    case Luck::error_with_200:
      return with(200, "<Error><Code>InternalError</Code></Error>");
    case Luck::reset_after:
      (void)carry_out();
      return Error{ErrorCode::timeout, "connection reset"};
    case Luck::reset_before:
      return Error{ErrorCode::timeout, "connection reset"};
    case Luck::late:
      coming_.push_back({6, request, operation});
      return with(200);
    case Luck::twice:
      (void)carry_out();
      return carry_out();
    case Luck::slow:
      (void)carry_out();
      pass(request.timeout);
      return Error{ErrorCode::timeout, "no answer in time"};
    case Luck::arrives_late:
      coming_.push_back({2, request, operation});
      pass(request.timeout);
      return Error{ErrorCode::timeout, "no answer in time"};
  }
  return Error{ErrorCode::internal, "no such luck"};
}

// ---- S3 ----------------------------------------------------------------------------------------------------------

HttpResponse FakeAws::s3(const HttpRequest& request, const std::string& operation) {
  if (!bucket.exists) return s3_error(404, "NoSuchBucket");
  const std::string expected = header_of(request, "x-amz-expected-bucket-owner");
  if (!expected.empty() && expected != bucket.owner) return s3_error(403, "AccessDenied");
  if (operation == "GET publicAccessBlock") {
    if (!bucket.block) return s3_error(404, "NoSuchPublicAccessBlockConfiguration");
    return with(200, "<PublicAccessBlockConfiguration>" + flag("BlockPublicAcls", bucket.block->block_public_acls) +
                         flag("IgnorePublicAcls", bucket.block->ignore_public_acls) +
                         flag("BlockPublicPolicy", bucket.block->block_public_policy) +
                         flag("RestrictPublicBuckets", bucket.block->restrict_public_buckets) +
                         "</PublicAccessBlockConfiguration>");
  }
  if (operation == "PUT publicAccessBlock") {
    const auto on = [&](const char* name) { return request.body.find(flag(name, true)) != std::string::npos; };
    bucket.block = PublicAccessBlock{on("BlockPublicAcls"), on("IgnorePublicAcls"), on("BlockPublicPolicy"),
                                     on("RestrictPublicBuckets")};
    return with(200);
  }
  if (operation == "DELETE publicAccessBlock") {
    bucket.block.reset();
    return with(204);
  }
  if (operation == "GET policy") return bucket.policy ? with(200, *bucket.policy) : s3_error(404, "NoSuchBucketPolicy");
  if (operation == "PUT policy") return put_policy(request.body);
  if (operation == "DELETE policy") {
    bucket.policy.reset();
    return with(204);
  }
  if (operation == "GET policyStatus") {
    if (!bucket.policy) return s3_error(404, "NoSuchBucketPolicy");
    const bool is_public = bucket.policy_status.value_or(policy_is_public(*bucket.policy));
    return with(200, fmt::format("<PolicyStatus>{}</PolicyStatus>", flag("IsPublic", is_public)));
  }
  if (operation == "GET acl") return with(200, shown_acl());
  if (operation == "PUT acl") return put_acl(request.body);
  if (operation == "GET ownershipControls") {
    if (!bucket.ownership) return s3_error(404, "OwnershipControlsNotFoundError");
    return with(200,
                fmt::format("<OwnershipControls><Rule><ObjectOwnership>{}</ObjectOwnership></Rule></OwnershipControls>",
                            *bucket.ownership));
  }
  if (operation == "PUT ownershipControls") return put_ownership(request.body);
  if (operation == "DELETE ownershipControls") {
    bucket.ownership.reset();
    return with(204);
  }
  return s3_error(400, "InvalidRequest");
}

HttpResponse FakeAws::put_policy(const std::string& body) {
  if (bucket.block && bucket.block->block_public_policy && policy_is_public(body)) return s3_error(403, "AccessDenied");
  bucket.policy = body;
  return with(204);
}

HttpResponse FakeAws::put_acl(const std::string& body) {
  if (bucket.ownership == "BucketOwnerEnforced") return s3_error(400, "AccessControlListNotSupported");
  const auto acl = parse_acl(body);
  if (!acl) return s3_error(400, "MalformedACLError");
  if (bucket.block && bucket.block->block_public_acls && judge_acl(*acl).is_public()) {
    return s3_error(403, "AccessDenied");
  }
  bucket.acl = body;
  return with(200);
}

HttpResponse FakeAws::put_ownership(const std::string& body) {
  const auto xml = expect_root(body, {"OwnershipControls"});
  const std::string wanted = text_of(child_named(xml->root(), "Rule"), "ObjectOwnership");
  const auto acl = parse_acl(bucket.acl);
  if (wanted == "BucketOwnerEnforced" && acl->grants.size() > 1) {
    return s3_error(400, "InvalidBucketAclWithObjectOwnership");
  }
  bucket.ownership = wanted;
  return with(200);
}

std::string FakeAws::shown_acl() const {
  if (bucket.ownership == "BucketOwnerEnforced") return acl_xml();
  if (bucket.block && bucket.block->ignore_public_acls) return *acl_without_public_grants(bucket.acl);
  return bucket.acl;
}

// ---- EC2 and CloudTrail ------------------------------------------------------------------------------------------

HttpResponse FakeAws::ec2(const std::map<std::string, std::string>& form) {
  const auto value = [&](const std::string& name) {
    const auto found = form.find(name);
    return found == form.end() ? std::string() : found->second;
  };
  const std::string action = value("Action");
  const std::string rule_form = "IpPermissions.1.";
  if (action == "DescribeSecurityGroupRules") {
    std::string items;
    for (const SecurityGroupRule& rule : rules) {
      std::string tags;
      for (const auto& [key, tag] : rule.tags)
        tags += fmt::format("<item><key>{}</key><value>{}</value></item>", key, tag);
      items += fmt::format(
          "<item><securityGroupRuleId>{}</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress>"
          "<ipProtocol>{}</ipProtocol><fromPort>{}</fromPort><toPort>{}</toPort><cidrIpv4>{}</cidrIpv4>"
          "<description>{}</description><tagSet>{}</tagSet></item>",
          rule.id, rule.protocol, rule.from_port, rule.to_port, rule.cidr_ipv4, rule.description, tags);
    }
    return with(200, "<DescribeSecurityGroupRulesResponse><securityGroupRuleSet>" + items +
                         "</securityGroupRuleSet></DescribeSecurityGroupRulesResponse>");
  }
  if (action == "RevokeSecurityGroupIngress") {
    std::vector<std::string> ids;
    for (int i = 1; form.contains("SecurityGroupRuleId." + std::to_string(i)); ++i) {
      ids.push_back(value("SecurityGroupRuleId." + std::to_string(i)));
    }
    for (const std::string& id : ids) {
      const bool there = std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.id == id; });
      if (!there) return ec2_error("InvalidSecurityGroupRuleId.NotFound");
    }
    std::erase_if(rules, [&](const auto& rule) { return std::find(ids.begin(), ids.end(), rule.id) != ids.end(); });
    return with(200, "<RevokeSecurityGroupIngressResponse><return>true</return></RevokeSecurityGroupIngressResponse>");
  }
  SecurityGroupRule made;
  made.id = fmt::format("sgr-new{}", next_rule++);
  made.protocol = value(rule_form + "IpProtocol");
  made.from_port = std::stoi(value(rule_form + "FromPort"));
  made.to_port = std::stoi(value(rule_form + "ToPort"));
  made.cidr_ipv4 = value(rule_form + "IpRanges.1.CidrIp");
  made.description = value(rule_form + "IpRanges.1.Description");
  for (int i = 1; form.contains(fmt::format("TagSpecification.1.Tag.{}.Key", i)); ++i) {
    made.tags[value(fmt::format("TagSpecification.1.Tag.{}.Key", i))] =
        value(fmt::format("TagSpecification.1.Tag.{}.Value", i));
  }
  for (const SecurityGroupRule& rule : rules) {
    if (rule.cidr_ipv4 == made.cidr_ipv4 && rule.from_port == made.from_port && rule.protocol == made.protocol) {
      return ec2_error("InvalidPermission.Duplicate");
    }
  }
  rules.push_back(made);
  return with(200,
              fmt::format("<AuthorizeSecurityGroupIngressResponse><return>true</return><securityGroupRuleSet><item>"
                          "<securityGroupRuleId>{}</securityGroupRuleId></item></securityGroupRuleSet>"
                          "</AuthorizeSecurityGroupIngressResponse>",
                          made.id));
}

HttpResponse FakeAws::cloudtrail(const std::string& operation) {
  if (!trail.exists) return json_error("TrailNotFoundException");
  if (operation == "StartLogging") trail.logging = true;
  if (operation == "StopLogging") trail.logging = false;
  if (operation != "GetTrailStatus") return with(200, "{}");
  Json status = {{"IsLogging", trail.logging}};
  if (!trail.delivery_error.empty()) status["LatestDeliveryError"] = trail.delivery_error;
  return with(200, status.dump());
}

}  // namespace kedge
