#include "aws/credential_store.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/aws/fake_http.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::FakeHttp;
using testing::header_of;

const std::string kAccount = "111122223333";

class Store : public ::testing::Test {
 protected:
  // The container's agent gives keys that last so long from now.
  void agent_gives(const std::string& id, Duration life) {
    http_.answer(200, R"({"AccessKeyId":")" + id + R"(","SecretAccessKey":"s","Token":"t","Expiration":")" +
                          format_time(clock_.now() + life) + "\"}");
  }
  void sts_gives(const std::string& id, Duration life) {
    http_.answer(200,
                 "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + id +
                     "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>" +
                     format_time(clock_.now() + life) +
                     "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
  }
  std::string id(const std::string& account = "") {
    const auto credentials = store_.get(account);
    return credentials ? credentials->access_key_id : credentials.error().message;
  }

  FakeClock clock_;
  FakeHttp http_;
  AwsOptions options_;
  AwsTransport transport_{clock_};
  Endpoints endpoints_ = *Endpoints::from({}, {{"AWS_REGION", "eu-west-1"}}, {});
  Sts sts_{transport_, endpoints_, http_};
  CredentialStore store_{options_, {ContainerAgent{"http://127.0.0.1/c", "", ""}, "agent"}, transport_, sts_, http_};
};

TEST_F(Store, AsksOnceForWhatLasts) {
  agent_gives("A", std::chrono::hours(6));
  EXPECT_EQ(id(), "A");
  clock_.advance(std::chrono::hours(5));
  EXPECT_EQ(id(), "A");
  EXPECT_EQ(http_.requests().size(), 1);
}

TEST_F(Store, RenewsAQuarterOfAnHourBeforeTheEnd) {
  agent_gives("A", std::chrono::hours(6));
  EXPECT_EQ(id(), "A");
  clock_.advance(std::chrono::hours(6) - minutes(15));
  agent_gives("B", std::chrono::hours(6));
  EXPECT_EQ(id(), "B");
}

TEST_F(Store, RenewsShortLivesInTheirLastQuarter) {
  agent_gives("A", minutes(20));
  EXPECT_EQ(id(), "A");
  clock_.advance(minutes(14));
  EXPECT_EQ(id(), "A");
  clock_.advance(minutes(1));
  agent_gives("B", minutes(20));
  EXPECT_EQ(id(), "B");
}

TEST_F(Store, GoesOnWithWhatIsStillGoodWhileRenewalFails) {
  agent_gives("A", std::chrono::hours(1));
  EXPECT_EQ(id(), "A");
  clock_.advance(minutes(50));
  http_.answer(500);
  EXPECT_EQ(id(), "A");
  EXPECT_EQ(id(), "A");  // not asked again at once
  EXPECT_EQ(http_.requests().size(), 2);
  clock_.advance(seconds(31));
  agent_gives("B", std::chrono::hours(1));
  EXPECT_EQ(id(), "B");
}

TEST_F(Store, GivesNothingThatEndsWithinAMinute) {
  agent_gives("A", std::chrono::hours(1));
  EXPECT_EQ(id(), "A");
  clock_.advance(minutes(59));
  http_.answer(500);
  EXPECT_EQ(id(), "agent: it answered HTTP 500");
}

TEST_F(Store, AssumesTheRoleOfAnAccountAndKeepsItsKeysApart) {
  options_.roles[kAccount] = {"arn:aws:iam::{account}:role/kedge", "ext"};
  agent_gives("A", std::chrono::hours(6));
  sts_gives("R", std::chrono::hours(1));
  EXPECT_EQ(id(kAccount), "R");
  EXPECT_NE(http_.last().body.find("RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fkedge&"), std::string::npos);
  EXPECT_NE(http_.last().body.find("&ExternalId=ext"), std::string::npos);
  EXPECT_EQ(id(), "A");
  EXPECT_EQ(id(kAccount), "R");
  EXPECT_EQ(http_.requests().size(), 2);
}

TEST_F(Store, UsesItsOwnKeysForItsOwnAccountAndWhereNoRoleIsNamed) {
  options_.home_account = kAccount;
  agent_gives("A", std::chrono::hours(6));
  EXPECT_EQ(id(kAccount), "A");
  EXPECT_EQ(id("999999999999"), "A");
  options_.other_role = AwsRole{"arn:aws:iam::{account}:role/kedge", ""};
  EXPECT_EQ(id(kAccount), "A");
  sts_gives("R", std::chrono::hours(1));
  EXPECT_EQ(id("999999999999"), "R");
}

TEST_F(Store, ForgetsWhatAwsHasRefused) {
  agent_gives("A", std::chrono::hours(6));
  const auto refused = store_.get("");
  store_.forget("", *refused);
  agent_gives("B", std::chrono::hours(6));
  EXPECT_EQ(id(), "B");
  store_.forget("", *refused);  // somebody else's late word about the old keys
  EXPECT_EQ(id(), "B");
}

TEST_F(Store, MayBeAskedByManyThreadsAtOnce) {
  constexpr int kThreads = 4;
  for (int i = 0; i < kThreads; ++i) agent_gives("A", std::chrono::hours(6));
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < kThreads; ++i) answers.push_back(std::async(std::launch::async, [&] { return id(); }));
  for (auto& answer : answers) EXPECT_EQ(answer.get(), "A");
}

}  // namespace
}  // namespace kedge
