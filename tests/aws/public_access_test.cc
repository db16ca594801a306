#include "aws/public_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"

namespace kedge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A policy with one statement that allows GetObject.
std::string policy(const std::string& principal, const std::string& condition = "") {
  return R"({"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"Allow",)" + principal +
         R"(,"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*")" +
         (condition.empty() ? "" : ",\"Condition\":" + condition) + "}]}";
}

const std::string kEverybody = R"("Principal":"*")";

PolicyVerdict judged(const std::string& text, PolicyOwner owner = PolicyOwner::bucket) {
  const auto verdict = judge_policy(text, owner);
  EXPECT_TRUE(verdict) << text << ": " << verdict.error().message;
  return verdict ? *verdict : PolicyVerdict{};
}

bool is_public(const std::string& text, PolicyOwner owner = PolicyOwner::bucket) {
  return judged(text, owner).is_public();
}

TEST(PublicPolicy, IsOneWhosePrincipalIsNotFixed) {
  for (const char* principal : {
           R"("Principal":"*")",
           R"("Principal":{"AWS":"*"})",
           R"("Principal":{"AWS":["arn:aws:iam::111122223333:root","*"]})",
           R"("Principal":{"AWS":"arn:aws:iam::*:root"})",
           R"("Principal":{"AWS":"arn:aws:iam::11112222333?:root"})",
           R"("Principal":{"AWS":"${aws:PrincipalArn}"})",
           R"("Principal":{"Service":"*"})",
           R"("Principal":{"Federated":"graph.facebook.com"})",
           R"("Principal":{"Federated":"cognito-identity.amazonaws.com"})",
           R"("Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.example"})",
           R"("Principal":{"Unheard":"arn:aws:iam::111122223333:root"})",
           R"("Principal":{"AWS":{"deeper":"*"}})",
           R"("Principal":{"AWS":[]})",
           R"("Principal":{})",
           R"("Principal":"arn:aws:iam::111122223333:root")",
           R"("Principal":null)",
           R"("NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"})",
           R"("Id":"no principal at all")",
       }) {
    EXPECT_TRUE(is_public(policy(principal))) << principal;
  }
}

TEST(PublicPolicy, IsNotOneWhosePrincipalsAreFixed) {
  for (const char* principal : {
           R"("Principal":{"AWS":"111122223333"})",
           R"("Principal":{"AWS":"arn:aws:iam::111122223333:root"})",
           R"("Principal":{"AWS":["arn:aws:iam::111122223333:role/r","arn:aws-cn:iam::444455556666:user/u"]})",
           R"("Principal":{"AWS":"AIDAEXAMPLE"})",
           R"("Principal":{"Service":"cloudtrail.amazonaws.com"})",
           R"("Principal":{"Service":["logging.s3.amazonaws.com","delivery.logs.amazonaws.com"]})",
           R"("Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"})",
           R"("Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/corp"})",
       }) {
    EXPECT_FALSE(is_public(policy(principal))) << principal;
  }
}

struct ConditionRow {
  const char* condition;
  bool is_public;
};

TEST(PublicPolicy, IsClosedOnlyByAConditionOnFixedValues) {
  const ConditionRow rows[] = {
      // AWS's own examples.
      {R"({"StringLike":{"aws:SourceVpc":"vpc-*"}})", true},
      {R"({"StringEquals":{"aws:SourceVpc":"vpc-91237329"}})", false},
      // Each key of the definition.
      {R"({"StringEquals":{"aws:PrincipalOrgID":"o-abc"}})", false},
      {R"({"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/r"}})", false},
      {R"({"StringEquals":{"aws:PrincipalAccount":"111122223333"}})", false},
      {R"({"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}})", false},
      {R"({"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"}})", true},
      {R"({"StringEquals":{"aws:SourceVpce":"vpce-1"}})", false},
      {R"({"StringEquals":{"aws:SourceOwner":"111122223333"}})", false},
      {R"({"StringEquals":{"aws:SourceAccount":111122223333}})", false},
      {R"({"StringLike":{"aws:userid":"AROAEXAMPLE:*"}})", true},
      {R"({"StringEquals":{"aws:userid":"AIDAEXAMPLE"}})", false},
      {R"({"StringEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"arn:aws:kms:r:1:key/k"}})", false},
      {R"({"StringEquals":{"s3:DataAccessPointAccount":"111122223333"}})", false},
      // Ranges of addresses.
      {R"({"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}})", false},
      {R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})", false},
      {R"({"IpAddress":{"aws:SourceIp":"172.16.0.0/12"}})", false},
      {R"({"IpAddress":{"aws:SourceIp":"192.0.2.7"}})", false},
      {R"({"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}})", true},
      {R"({"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}})", true},
      {R"({"IpAddress":{"aws:SourceIp":"12.0.0.0/7"}})", true},
      {R"({"IpAddress":{"aws:SourceIp":"2001:db8::/32"}})", false},
      {R"({"IpAddress":{"aws:SourceIp":"2001:db8::/31"}})", true},
      {R"({"IpAddress":{"aws:SourceIp":"::/0"}})", true},
      {R"({"IpAddress":{"aws:SourceIp":"::ffff:0.0.0.0/96"}})", true},
      {R"({"IpAddress":{"aws:SourceIp":["192.0.2.0/24","0.0.0.0/0"]}})", true},
      {R"({"IpAddress":{"aws:SourceIp":"anywhere"}})", true},
      {R"({"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}})", true},
      // Operators that let others in.
      {R"({"StringNotEquals":{"aws:SourceVpc":"vpc-1"}})", true},
      {R"({"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}})", true},
      {R"({"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-abc"}})", true},
      {R"({"ForAnyValue:StringEquals":{"aws:PrincipalOrgID":"o-abc"}})", false},
      {R"({"Null":{"aws:SourceVpc":"false"}})", true},
      {R"({"IpAddress":{"aws:SourceVpc":"192.0.2.0/24"}})", true},
      {R"({"stringequals":{"aws:SourceVpc":"vpc-1"}})", true},
      // Keys that tell nothing about who comes in.
      {R"({"StringLike":{"aws:Referer":"https://example.org/x"}})", true},
      {R"({"StringEquals":{"aws:UserAgent":"secret"}})", true},
      {R"({"Bool":{"aws:SecureTransport":"true"}})", true},
      {R"({"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}})", true},
      {R"({"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}})", true},
      // Keys are compared without regard to case; a variable, no value or an unreadable one is not fixed.
      {R"({"StringEquals":{"AWS:sourcevpc":"vpc-1"}})", false},
      {R"({"StringEquals":{"aws:SourceVpc":"${aws:SourceVpc}"}})", true},
      {R"({"StringEquals":{"aws:SourceVpc":[]}})", true},
      {R"({"StringEquals":{"aws:SourceVpc":{"x":1}}})", true},
      {R"({"StringEquals":{"aws:SourceVpc":["vpc-1","vpc-2"]}})", false},
      {R"({"StringEquals":{"aws:SourceVpc":["vpc-1","vpc-?"]}})", true},
      {R"({"StringEquals":"aws:SourceVpc"})", true},
      {R"("none")", true},
      {R"({})", true},
      // Conditions must all hold: one that closes is enough.
      {R"({"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:SourceVpc":"vpc-1"}})", false},
      {R"({"StringEquals":{"aws:Referer":"x","aws:SourceVpce":"vpce-1"}})", false},
  };
  for (const ConditionRow& row : rows) {
    EXPECT_EQ(is_public(policy(kEverybody, row.condition)), row.is_public) << row.condition;
  }
}

TEST(PublicPolicy, MayNameAccessPointsByPatternWhenTheirAccountIsFixed) {
  const auto by_access_point = [](const std::string& arn) {
    return policy(kEverybody, R"({"StringLike":{"s3:DataAccessPointArn":")" + arn + "\"}}");
  };
  EXPECT_FALSE(is_public(by_access_point("arn:aws:s3:us-west-2:111122223333:accesspoint/*")));
  EXPECT_TRUE(is_public(by_access_point("arn:aws:s3:us-west-2:*:accesspoint/a")));
  EXPECT_TRUE(is_public(by_access_point("arn:aws:s3:*:111122223333:accesspoint/*")));
  EXPECT_TRUE(is_public(by_access_point("arn:aws:s3:us-west-2:111122223333:*")));
  EXPECT_TRUE(is_public(by_access_point("*")));
  EXPECT_TRUE(is_public(by_access_point("arn:aws:s3:us-west-2:111122223333:accesspoint/*"), PolicyOwner::access_point));
}

TEST(PublicPolicy, IsPublicAsAWholeThroughOneStatement) {
  const PolicyVerdict verdict = judged(
      R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"},
                       {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"},
                       {"Sid":"Open","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]})");
  EXPECT_TRUE(verdict.is_public());
  EXPECT_THAT(verdict.public_statements(), ElementsAre(2));
  EXPECT_EQ(verdict.statements.at(1).name, "Open");
  EXPECT_EQ(verdict.statements.at(1).reason, "Principal \"*\", no condition");
}

TEST(PublicPolicy, SaysWhyAConditionDoesNotClose) {
  const auto reason = [](const std::string& condition) {
    return judged(policy(kEverybody, condition)).statements.at(0).reason;
  };
  EXPECT_EQ(reason(R"({"StringLike":{"aws:SourceVpc":"vpc-*"}})"),
            R"(Principal "*", and StringLike "aws:SourceVpc" takes "vpc-*")");
  EXPECT_EQ(reason(R"({"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}})"),
            R"(Principal "*", and StringEqualsIfExists "aws:SourceVpc" lets others in too)");
  EXPECT_EQ(reason(R"({"Bool":{"aws:SecureTransport":"true"}})"),
            R"(Principal "*", and Bool "aws:SecureTransport" does not tell who may come in)");
}

TEST(PublicPolicy, KeepsItsReasonsShortAndPrintable) {
  std::string strange(5000, 'x');
  strange += "\\u0000*";
  const auto verdict = judged(policy(R"("Principal":{"AWS":")" + strange + "\"}"));
  EXPECT_LT(verdict.statements.at(0).reason.size(), 300);
}

TEST(PublicPolicy, IsNotMadePublicByADeny) {
  EXPECT_FALSE(is_public(R"({"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}})"));
}

TEST(PublicPolicy, CountsAnythingButDenyAsAllow) {
  EXPECT_TRUE(is_public(R"({"Statement":{"Effect":"allow","Principal":"*"}})"));
  EXPECT_TRUE(is_public(R"({"Statement":{"Effect":"deny","Principal":"*"}})"));
  EXPECT_TRUE(is_public(R"({"Statement":{"Principal":"*"}})"));
}

TEST(PublicPolicy, IsNotPublicWithoutAnyStatement) { EXPECT_FALSE(is_public(R"({"Statement":[]})")); }

TEST(PublicPolicy, CannotBeJudgedWhenItCannotBeRead) {
  for (const char* text : {"", "[]", "{}", "null", "not json", R"({"Statement":"*"})", R"({"Statement":[1]})",
                           R"({"statement":[]})", R"({"Statement":[],"Statement":[]})"}) {
    EXPECT_FALSE(judge_policy(text)) << text;
  }
  EXPECT_FALSE(judge_policy(std::string(200, '[') + std::string(200, ']')));
  EXPECT_FALSE(judge_policy("{\"Statement\":[],\"Id\":\"" + std::string(2U << 20U, 'x') + "\"}"));
}

TEST(SharedPolicy, NamesTheAccountsThatItIsSharedWith) {
  const auto shared = [](const std::string& text) { return judged(text).statements.at(0).shared_with; };
  EXPECT_THAT(shared(policy(R"("Principal":{"AWS":["arn:aws:iam::444455556666:role/r","arn:aws:iam::111122223333:root",
                                                    "111122223333","AIDAGONE"],"Service":"s.amazonaws.com"})")),
              ElementsAre("111122223333", "444455556666", "AIDAGONE"));
  EXPECT_THAT(shared(policy(R"("Principal":{"CanonicalUser":"79a5"})")), ElementsAre("79a5"));
  EXPECT_THAT(shared(policy(R"("Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/corp"})")),
              ElementsAre("111122223333"));
  EXPECT_THAT(shared(policy(kEverybody, R"({"StringEquals":{"aws:PrincipalOrgID":"o-abc"}})")), ElementsAre("o-abc"));
  EXPECT_THAT(shared(policy(kEverybody, R"({"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/r"}})")),
              ElementsAre("111122223333"));
  EXPECT_THAT(shared(policy(kEverybody, R"({"StringEquals":{"aws:SourceVpc":"vpc-1"}})")), IsEmpty());
  EXPECT_THAT(shared(policy(R"("Principal":{"Service":"cloudtrail.amazonaws.com"})")), IsEmpty());
}

TEST(SharedPolicy, HasStrangersWhereAnAccountIsNotKnown) {
  EXPECT_THAT(strangers({"444455556666", "111122223333", "o-abc"}, {"111122223333", "o-abc"}),
              ElementsAre("444455556666"));
}

TEST(PolicyWithout, KeepsTheOtherStatementsAsTheyWere) {
  const std::string text =
      R"({"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"a","Effect":"Allow"},{"Sid":"b"},{"Sid":"c","Z":1,"A":[1.50]}]})";
  EXPECT_EQ(
      policy_without(text, {1})->value(),
      R"({"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"a","Effect":"Allow"},{"Sid":"c","Z":1,"A":[1.5]}]})");
}

TEST(PolicyWithout, IsNothingWhenNoStatementIsLeft) {
  EXPECT_EQ(policy_without(R"({"Statement":{"Sid":"a"}})", {0})->has_value(), false);
  EXPECT_EQ(policy_without(R"({"Statement":[{"Sid":"a"},{"Sid":"b"}]})", {0, 1})->has_value(), false);
}

TEST(PolicyWithout, IsNotPublicAnyMoreOnceItsPublicStatementsAreGone) {
  const std::string text =
      R"({"Statement":[{"Effect":"Allow","Principal":"*"},{"Effect":"Allow","Principal":{"AWS":"111122223333"}},
                       {"Effect":"Allow","NotPrincipal":{"AWS":"1"}}]})";
  const auto rest = policy_without(text, judged(text).public_statements());
  ASSERT_TRUE(rest && rest->has_value());
  EXPECT_FALSE(is_public(**rest));
}

TEST(PublicAcl, IsOneThatGrantsToAPublicGroup) {
  Acl acl;
  acl.owner_id = "me";
  acl.grants = {{"CanonicalUser", "me", "", "", "FULL_CONTROL"},
                {"Group", "", "http://acs.amazonaws.com/groups/s3/LogDelivery", "", "WRITE"}};
  EXPECT_FALSE(judge_acl(acl).is_public());
  acl.grants.push_back({"Group", "", "http://acs.amazonaws.com/groups/global/AllUsers", "", "READ"});
  acl.grants.push_back({"Group", "", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers", "", "WRITE_ACP"});
  EXPECT_THAT(judge_acl(acl).public_grants, ElementsAre("READ for AllUsers", "WRITE_ACP for AuthenticatedUsers"));
}

TEST(PublicAcl, CountsAGroupThatNobodyKnowsAsPublic) {
  Acl acl;
  acl.grants = {{"Group", "", "http://acs.amazonaws.com/groups/global/Everyone", "", "READ"}};
  EXPECT_TRUE(judge_acl(acl).is_public());
}

TEST(SharedAcl, NamesThoseWhoAreNotItsOwner) {
  Acl acl;
  acl.owner_id = "me";
  acl.grants = {{"CanonicalUser", "me", "", "", "READ"}, {"CanonicalUser", "you", "", "", "READ"}};
  EXPECT_THAT(judge_acl(acl).shared_with, ElementsAre("you"));
}

TEST(Exposure, FollowsTheSwitchesOfBucketAndAccount) {
  const PublicAccessBlock off;
  PublicAccessBlock ignoring;
  ignoring.ignore_public_acls = true;
  PublicAccessBlock restricting;
  restricting.restrict_public_buckets = true;
  EXPECT_FALSE(is_exposed(false, false, off, ""));
  EXPECT_TRUE(is_exposed(true, false, off, ""));
  EXPECT_TRUE(is_exposed(true, false, restricting, "ObjectWriter"));
  EXPECT_FALSE(is_exposed(true, false, ignoring, ""));
  EXPECT_FALSE(is_exposed(true, false, off, "BucketOwnerEnforced"));
  EXPECT_TRUE(is_exposed(false, true, ignoring, "BucketOwnerEnforced"));
  EXPECT_FALSE(is_exposed(true, true, ignoring.combined_with(restricting), ""));
}

// Line 1266 of the recorded attack opens a bucket to another account; lines 326 and 455 are an ordinary trail's bucket.
TEST(RecordedPolicies, AreSharedOrOrdinaryButNotPublic) {
  const char* shared = std::getenv("KEDGE_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "KEDGE_SHARED is not set";
  std::ifstream lines(std::string(shared) + "/events/cloudtrail_recorded/invictus.jsonl");
  std::string line;
  int seen = 0;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (number != 326 && number != 455 && number != 1266) continue;
    const Json record = parse_json(line).value();
    const PolicyVerdict verdict = judged(record.at("requestParameters").at("bucketPolicy").dump());
    EXPECT_FALSE(verdict.is_public()) << number;
    const auto with = verdict.statements.at(0).shared_with;
    EXPECT_EQ(strangers(with, {"123837392027"}).empty(), number != 1266) << number;
    ++seen;
  }
  EXPECT_EQ(seen, 3);
}

}  // namespace
}  // namespace kedge
