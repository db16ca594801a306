#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/credential_source.h"
#include "tests/aws/fake_http.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::FakeHttp;
using ::testing::HasSubstr;
using testing::header_of;

const Credentials kTemporary = {"ASIA1", "secret", "token", *parse_time("2026-01-01T18:00:00Z")};
const char* const kAgentAnswer =
    R"({"AccessKeyId":"ASIA1","SecretAccessKey":"secret","Token":"token","Expiration":"2026-01-01T18:00:00Z"})";

std::string role_answer(const std::string& action) {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
         "Result><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>"
         "token</SessionToken><Expiration>2026-01-01T18:00:00Z</Expiration></Credentials></" +
         action + "Result></" + action + "Response>";
}

class FetchCredentials : public ::testing::Test {
 protected:
  AwsResult<Credentials> fetch(decltype(CredentialSource::kind) kind) {
    return fetch_credentials({std::move(kind), "the source"}, sts_, http_);
  }

  FakeClock clock_;
  FakeHttp http_;
  AwsTransport transport_{clock_};
  Endpoints endpoints_ = *Endpoints::from({}, {{"AWS_REGION", "eu-west-1"}}, {});
  Sts sts_{transport_, endpoints_, http_};
};

TEST_F(FetchCredentials, AssumesARoleAtTheRegionalEndpoint) {
  const auto base = std::make_shared<const CredentialSource>(CredentialSource{KeysGiven{{"AK", "sk", "", {}}}, "keys"});
  http_.answer(200, role_answer("AssumeRole"));
  const auto got = fetch(RoleAssumed{base, {"arn:aws:iam::1:role/r", "kedge run/7", "ext 1"}});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, kTemporary);
  EXPECT_EQ(http_.last().url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(http_.last().body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=kedge-run-7"
            "&DurationSeconds=3600&ExternalId=ext+1");
  EXPECT_THAT(header_of(http_.last(), "Authorization"), HasSubstr("Credential=AK/20260101/eu-west-1/sts/aws4_request"));
  EXPECT_FALSE(http_.last().writes);
}

TEST_F(FetchCredentials, SendsAWebIdentityUnsignedAndReadsItsTokenEachTime) {
  TemporaryDirectory directory;
  const auto path = directory.write("token", "first\n");
  const WebIdentity identity{path.string(), {"arn:r", "s", ""}};
  http_.answer(200, role_answer("AssumeRoleWithWebIdentity"));
  EXPECT_TRUE(fetch(identity));
  EXPECT_THAT(http_.last().body, HasSubstr("WebIdentityToken=first"));
  EXPECT_EQ(header_of(http_.last(), "Authorization"), "");
  directory.write("token", "second");
  http_.answer(200, role_answer("AssumeRoleWithWebIdentity"));
  EXPECT_TRUE(fetch(identity));
  EXPECT_THAT(http_.last().body, HasSubstr("WebIdentityToken=second"));
}

TEST_F(FetchCredentials, AsksTheContainersAgentWithItsToken) {
  TemporaryDirectory directory;
  const auto path = directory.write("token", "from file\n");
  http_.answer(200, kAgentAnswer);
  http_.answer(200, kAgentAnswer);
  EXPECT_EQ(*fetch(ContainerAgent{"http://169.254.170.2/c", "given", ""}), kTemporary);
  EXPECT_EQ(header_of(http_.last(), "Authorization"), "given");
  EXPECT_TRUE(fetch(ContainerAgent{"http://169.254.170.23/c", "given", path.string()}));
  EXPECT_EQ(header_of(http_.last(), "Authorization"), "from file");
}

TEST_F(FetchCredentials, AsksTheMetadataServiceWithASessionToken) {
  http_.answer(200, "session");
  http_.answer(200, "my-role\n");
  http_.answer(200, kAgentAnswer);
  EXPECT_EQ(*fetch(InstanceMetadata{"http://169.254.169.254"}), kTemporary);
  const auto& requests = http_.requests();
  EXPECT_EQ(requests.at(0).method + " " + requests.at(0).url, "PUT http://169.254.169.254/latest/api/token");
  EXPECT_EQ(header_of(requests.at(0), "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(requests.at(2).url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
  EXPECT_EQ(header_of(requests.at(2), "x-aws-ec2-metadata-token"), "session");
}

TEST_F(FetchCredentials, NeverFallsBackToMetadataWithoutAToken) {
  http_.answer(403);
  const auto got = fetch(InstanceMetadata{"http://169.254.169.254"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().outcome, AwsOutcome::refused);
  EXPECT_EQ(http_.requests().size(), 1);
}

TEST_F(FetchCredentials, SaysThatAnInstanceHasNoRole) {
  http_.answer(200, "session");
  http_.answer(404);
  EXPECT_EQ(fetch(InstanceMetadata{"http://i"}).error().message, "the source: it answered HTTP 404");
}

// On a machine that is no instance something else may answer there, or nothing.
TEST_F(FetchCredentials, SaysWhereItLookedWhenTheLastPlaceGivesNone) {
  const std::string begin = "no AWS credentials: looked at the usual places; the source: ";
  const std::string remedy =
      "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (aws.profile) or aws.credentials, or give the "
      "instance a role";
  const InstanceMetadata last{"http://i", "the usual places"};
  http_.answer(403);
  const auto refused = fetch(last);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, begin + "it answered HTTP 403" + remedy);
  EXPECT_TRUE(refused.error().is(kNoCredentials));
  EXPECT_EQ(refused.error().outcome, AwsOutcome::refused);
  http_.answer(200, "session");
  http_.answer(200, "\n");
  EXPECT_EQ(fetch(last).error().message, begin + "the instance has no role; attach an instance profile" + remedy);
}

TEST_F(FetchCredentials, SaysWhereItLookedWhenNothingIsSetUp) {
  const auto got = fetch(NothingSetUp{"the usual places"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message,
            "no AWS credentials: looked at the usual places; the instance's metadata service is switched off "
            "(AWS_EC2_METADATA_DISABLED); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (aws.profile) or "
            "aws.credentials, or give the instance a role");
  EXPECT_TRUE(got.error().is(kNoCredentials));
  EXPECT_EQ(got.error().outcome, AwsOutcome::refused);
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(FetchCredentials, RunsACommand) {
  const auto got = fetch(CredentialProcess{
      R"(echo '{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"secret","SessionToken":"token",'
         echo '"Expiration":"2026-01-01T20:00:00+02:00"}')"});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, kTemporary);
}

TEST_F(FetchCredentials, TellsNothingOfWhatACommandWrote) {
  const auto got = fetch(CredentialProcess{"echo my-secret; exit 3"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message, "the source: the command ended with exit code 3");
  EXPECT_EQ(got.error().outcome, AwsOutcome::refused);
  EXPECT_EQ(fetch(CredentialProcess{"echo my-secret"}).error().message, "the source: the answer is not a JSON object");
}

TEST_F(FetchCredentials, MayBeTriedAgainWhenTheSourceDoesNotAnswer) {
  http_.fail(ErrorCode::unavailable);
  EXPECT_EQ(fetch(InstanceMetadata{"http://i"}).error().outcome, AwsOutcome::retry);
}

TEST_F(FetchCredentials, RefusesAnAnswerWithoutKeys) {
  for (const char* body : {"", "[]", "{}", R"({"AccessKeyId":"A"})", R"({"Code":"Failed","Message":"m"})"}) {
    http_.answer(200, body);
    EXPECT_FALSE(fetch(ContainerAgent{"http://127.0.0.1/c", "", ""})) << body;
  }
}

TEST(SessionNames, AreMadeOfWhatStsAllows) {
  EXPECT_EQ(session_name_from("kedge"), "kedge");
  EXPECT_EQ(session_name_from("a b/c:d_e+=,.@-"), "a-b-c-d_e+=,.@-");
  EXPECT_EQ(session_name_from("x"), "x-");
  EXPECT_EQ(session_name_from(std::string(100, 'x')).size(), 64);
}

}  // namespace
}  // namespace kedge
