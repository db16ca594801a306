#include "aws/public_access_json.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace kedge {
namespace {

Json ask(const std::string& question) {
  const auto answer = judge_public_access(parse_json(question).value());
  return answer ? *answer : Json(answer.error().message);
}

TEST(PublicAccessJson, JudgesAPolicyAsAnObjectOrAsText) {
  const char* const answer =
      R"({"public":true,"reasons":["policy, S: Principal \"*\", no condition"],"shared_with":[],"strangers":[]})";
  EXPECT_EQ(ask(R"({"policy":{"Statement":[{"Sid":"S","Effect":"Allow","Principal":"*"}]}})"), Json::parse(answer));
  EXPECT_EQ(ask(R"({"policy":"{\"Statement\":[{\"Sid\":\"S\",\"Effect\":\"Allow\",\"Principal\":\"*\"}]}"})"),
            Json::parse(answer));
}

TEST(PublicAccessJson, TellsStrangersFromKnownAccounts) {
  const Json answer = ask(
      R"({"policy":{"Statement":{"Effect":"Allow","Principal":{"AWS":["111122223333","444455556666"]}}},
          "known_accounts":["111122223333"]})");
  EXPECT_EQ(answer.at("public"), false);
  EXPECT_EQ(answer.at("shared_with"), Json::array({"111122223333", "444455556666"}));
  EXPECT_EQ(answer.at("strangers"), Json::array({"444455556666"}));
}

TEST(PublicAccessJson, ReadsAListOfOneGrantAndOfMany) {
  const std::string open =
      R"({"Grantee":{"URI":"http://acs.amazonaws.com/groups/global/AllUsers"},"Permission":"READ"})";
  const std::string own = R"({"Grantee":{"ID":"me"},"Permission":"FULL_CONTROL"})";
  for (const std::string& grants : {open, "[" + own + "," + open + "]"}) {
    const Json answer = ask(R"({"acl":{"Owner":{"ID":"me"},"AccessControlList":{"Grant":)" + grants + "}}}");
    EXPECT_EQ(answer.at("reasons"), Json::array({"acl: READ for AllUsers"})) << grants;
    EXPECT_EQ(answer.at("shared_with"), Json::array()) << grants;
  }
}

TEST(PublicAccessJson, KnowsTheCannedLists) {
  EXPECT_EQ(ask(R"({"canned_acl":"public-read"})").at("public"), true);
  EXPECT_EQ(ask(R"({"canned_acl":["public-read-write"]})").at("public"), true);
  EXPECT_EQ(ask(R"({"canned_acl":["authenticated-read"]})").at("public"), true);
  EXPECT_EQ(ask(R"({"canned_acl":"private"})").at("public"), false);
}

TEST(PublicAccessJson, ReadsGrantHeaders) {
  const Json answer = ask(
      R"({"grants":{"x-amz-grant-read":"uri=\"http://acs.amazonaws.com/groups/global/AllUsers\", id=\"you\"",
                    "x-amz-grant-write":["uri=\"http://acs.amazonaws.com/groups/s3/LogDelivery\""]}})");
  EXPECT_EQ(answer.at("reasons"),
            Json::array({"acl: x-amz-grant-read for http://acs.amazonaws.com/groups/global/AllUsers"}));
  EXPECT_EQ(answer.at("shared_with"), Json::array({"you"}));
}

TEST(PublicAccessJson, FindsNothingInAnEmptyQuestion) {
  for (const char* question : {"{}", R"({"policy":null,"acl":null,"known_accounts":{}})"}) {
    EXPECT_EQ(ask(question).at("public"), false) << question;
  }
}

TEST(PublicAccessJson, IsAnErrorWhereNothingCanBeSaid) {
  for (const char* question : {"[]", R"({"policy":1})", R"({"policy":"no json"})", R"({"acl":{}})", R"({"acl":[]})",
                               R"({"canned_acl":{"a":1}})", R"({"grants":"x"})", R"({"known_accounts":"x"})",
                               R"({"acl":{"AccessControlList":{"Grant":[{}]}}})"}) {
    EXPECT_TRUE(ask(question).is_string()) << question;
  }
}

}  // namespace
}  // namespace kedge
