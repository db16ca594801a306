#include "aws/ec2.h"

#include <gtest/gtest.h>

#include "tests/aws/fake_session.h"

namespace kedge {
namespace {

const std::string kRules = R"(<?xml version="1.0" encoding="UTF-8"?>
<DescribeSecurityGroupRulesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>r</requestId>
  <securityGroupRuleSet>
    <item><securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress>
      <ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><cidrIpv4>0.0.0.0/0</cidrIpv4>
      <description>ssh</description><tagSet><item><key>team</key><value>a b</value></item></tagSet></item>
    <item><securityGroupRuleId>sgr-2</securityGroupRuleId><groupId>sg-1</groupId><isEgress>true</isEgress>
      <ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>
      <referencedGroupInfo><groupId>sg-2</groupId><userId>111122223333</userId></referencedGroupInfo></item>
  </securityGroupRuleSet>NEXT
</DescribeSecurityGroupRulesResponse>)";

std::string page(const std::string& next) {
  std::string text = kRules;
  return text.replace(text.find("NEXT"), 4, next);
}

class Ec2 : public ::testing::Test {
 protected:
  testing::FakeSession world_;
  testing::FakeHttp& http_ = world_.http;
  SecurityGroup group_{world_.session(), "sg-1"};
};

SecurityGroupRule ssh() {
  SecurityGroupRule rule;
  rule.id = "sgr-1";
  rule.group_id = "sg-1";
  rule.protocol = "tcp";
  rule.from_port = 22;
  rule.to_port = 22;
  rule.cidr_ipv4 = "0.0.0.0/0";
  rule.description = "ssh";
  rule.tags = {{"team", "a b"}};
  return rule;
}

TEST_F(Ec2, ReadsTheRulesOfAGroup) {
  http_.answer(200, page(""));
  const auto rules = group_.rules();
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->size(), 2);
  EXPECT_EQ(rules->at(0), ssh());
  EXPECT_TRUE(rules->at(1).is_egress);
  EXPECT_EQ(rules->at(1).referenced_group_id, "sg-2");
  EXPECT_EQ(http_.last().url, "https://ec2.eu-west-1.amazonaws.com/");
  EXPECT_EQ(http_.last().body,
            "Action=DescribeSecurityGroupRules&Version=2016-11-15&Filter.1.Name=group-id&Filter.1.Value.1=sg-1");
  EXPECT_FALSE(http_.last().writes);
}

TEST_F(Ec2, ReadsAllPages) {
  http_.answer(200, page("<nextToken>t/1</nextToken>"));
  http_.answer(200, page("<nextToken/>"));
  EXPECT_EQ(group_.rules()->size(), 4);
  EXPECT_NE(http_.last().body.find("&NextToken=t%2F1"), std::string::npos);
}

TEST_F(Ec2, DoesNotReadForEver) {
  for (int i = 0; i < 100; ++i) http_.answer(200, page("<nextToken>again</nextToken>"));
  EXPECT_EQ(group_.rules().error().outcome, AwsOutcome::refused);
}

TEST_F(Ec2, RevokesExactlyTheRulesNamed) {
  http_.answer(200,
               "<RevokeSecurityGroupIngressResponse><requestId>r</requestId><return>true</return>"
               "</RevokeSecurityGroupIngressResponse>",
               {{"x-amzn-RequestId", "R1"}});
  EXPECT_EQ(group_.revoke_ingress({"sgr-1", "sgr-3"})->request_id, "R1");
  EXPECT_EQ(http_.last().body,
            "Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&SecurityGroupRuleId.1=sgr-1"
            "&SecurityGroupRuleId.2=sgr-3");
  EXPECT_TRUE(http_.last().writes);
}

TEST_F(Ec2, RevokesNothingWhenNoRuleIsNamed) {
  EXPECT_EQ(group_.revoke_ingress({}).error().outcome, AwsOutcome::refused);
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(Ec2, DoesNotTakeAnotherAnswerForDone) {
  http_.answer(200, "<RevokeSecurityGroupIngressResponse><return>false</return></RevokeSecurityGroupIngressResponse>");
  http_.answer(200, "<html/>");
  EXPECT_EQ(group_.revoke_ingress({"sgr-1"}).error().outcome, AwsOutcome::unknown);
  EXPECT_EQ(group_.revoke_ingress({"sgr-1"}).error().outcome, AwsOutcome::unknown);
}

TEST_F(Ec2, MakesARuleAgainWithDescriptionAndTags) {
  http_.answer(200,
               "<AuthorizeSecurityGroupIngressResponse><return>true</return><securityGroupRuleSet><item>"
               "<securityGroupRuleId>sgr-9</securityGroupRuleId></item></securityGroupRuleSet>"
               "</AuthorizeSecurityGroupIngressResponse>");
  EXPECT_EQ(*group_.authorize_ingress(ssh()), "sgr-9");
  EXPECT_EQ(http_.last().body,
            "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp"
            "&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%2F0"
            "&IpPermissions.1.IpRanges.1.Description=ssh&TagSpecification.1.ResourceType=security-group-rule"
            "&TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=a+b");
}

TEST_F(Ec2, SaysThatAGroupIsGone) {
  http_.answer(400,
               "<Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>m</Message></Error></Errors>"
               "<RequestID>r</RequestID></Response>");
  EXPECT_EQ(group_.revoke_ingress({"sgr-1"}).error().outcome, AwsOutcome::gone);
}

TEST(SecurityGroupRules, OpenToTheWorldByTheirRangeOfAddresses) {
  const auto opens = [](const std::string& ipv4, const std::string& ipv6) {
    SecurityGroupRule rule;
    rule.cidr_ipv4 = ipv4;
    rule.cidr_ipv6 = ipv6;
    return rule.opens_to_the_world();
  };
  EXPECT_TRUE(opens("0.0.0.0/0", ""));
  EXPECT_TRUE(opens("208.236.235.254/0", ""));
  EXPECT_TRUE(opens("128.0.0.0/1", ""));
  EXPECT_TRUE(opens("", "::/0"));
  EXPECT_TRUE(opens("what", ""));
  EXPECT_FALSE(opens("10.0.0.0/8", ""));
  EXPECT_FALSE(opens("", ""));
}

}  // namespace
}  // namespace kedge
