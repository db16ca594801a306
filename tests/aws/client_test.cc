#include "aws/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/aws/fake_http.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using testing::FakeHttp;
using ::testing::HasSubstr;
using testing::header_of;

class Client : public ::testing::Test {
 protected:
  void SetUp() override {
    auto client = AwsClient::create({}, environment_, clock_, credentials_http_);
    ASSERT_TRUE(client) << client.error().message;
    client_ = std::move(*client);
  }

  AwsResult<HttpResponse> send(bool writes = true) {
    AwsRequest call;
    call.operation = "PutBucketAcl";
    call.method = "PUT";
    call.bucket = "my-bucket";
    call.query = {{"acl", ""}};
    call.writes = writes;
    return client_->send({*client_, http_, "", "eu-west-1", "kedge/1 (mark abc)"}, call);
  }

  Environment environment_ = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/c"},
                              {"AWS_REGION", "us-east-1"}};
  FakeClock clock_;
  FakeHttp credentials_http_;
  FakeHttp http_;
  std::unique_ptr<AwsClient> client_;

  void keys(const std::string& id) {
    credentials_http_.answer(200, R"({"AccessKeyId":")" + id + R"(","SecretAccessKey":"s","Token":"t"})");
  }
};

TEST_F(Client, SignsForTheRegionAndHostOfTheBucket) {
  keys("AK");
  http_.answer(200, "", {{"x-amz-request-id", "R1"}});
  const auto response = send();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(request_id_of(*response), "R1");
  EXPECT_EQ(http_.last().url, "https://my-bucket.s3.eu-west-1.amazonaws.com/?acl");
  EXPECT_EQ(header_of(http_.last(), "Host"), "my-bucket.s3.eu-west-1.amazonaws.com");
  EXPECT_THAT(header_of(http_.last(), "Authorization"), HasSubstr("Credential=AK/20260101/eu-west-1/s3/aws4_request"));
  EXPECT_EQ(header_of(http_.last(), "X-Amz-Security-Token"), "t");
  EXPECT_EQ(header_of(http_.last(), "User-Agent"), "kedge/1 (mark abc)");
}

TEST_F(Client, LearnsTheTimeFromAwsAndSignsOnceMore) {
  keys("AK");
  http_.answer(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>", {{"Date", "Thu, 01 Jan 2026 13:00:00 GMT"}});
  http_.answer(200);
  http_.answer(200);
  EXPECT_TRUE(send());
  EXPECT_EQ(header_of(http_.requests().at(0), "X-Amz-Date"), "20260101T120000Z");
  EXPECT_EQ(header_of(http_.requests().at(1), "X-Amz-Date"), "20260101T130000Z");
  EXPECT_TRUE(send());  // remembered
  EXPECT_EQ(header_of(http_.requests().at(2), "X-Amz-Date"), "20260101T130000Z");
}

TEST_F(Client, LearnsTheTimeAlsoWhereOnlyTheSignatureIsSaidToBeWrong) {
  for (const char* code : {"RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"}) {
    SetUp();
    keys("AK");
    http_.answer(403, std::string("<Error><Code>") + code + "</Code></Error>",
                 {{"Date", "Thu, 01 Jan 2026 13:00:00 GMT"}});
    http_.answer(200);
    EXPECT_TRUE(send()) << code;
    EXPECT_EQ(header_of(http_.last(), "X-Amz-Date"), "20260101T130000Z") << code;
  }
}

TEST_F(Client, DoesNotRepeatForAClockThatIsRight) {
  keys("AK");
  http_.answer(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", {{"Date", "Thu, 01 Jan 2026 12:00:10 GMT"}});
  EXPECT_EQ(send().error().code, "SignatureDoesNotMatch");
  http_.answer(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>", {{"Date", "Thu, 01 Jan 2026 12:00:10 GMT"}});
  EXPECT_EQ(send().error().code, "RequestTimeTooSkewed");
}

TEST_F(Client, FetchesExpiredCredentialsAgainOnce) {
  keys("OLD");
  keys("NEW");
  http_.answer(400, "<Error><Code>ExpiredToken</Code></Error>");
  http_.answer(200);
  EXPECT_TRUE(send());
  EXPECT_THAT(header_of(http_.last(), "Authorization"), HasSubstr("Credential=NEW/"));
}

TEST_F(Client, ReportsCredentialsThatStayExpired) {
  keys("OLD");
  keys("OLD2");
  http_.answer(400, "<Error><Code>ExpiredToken</Code></Error>");
  http_.answer(400, "<Error><Code>ExpiredToken</Code></Error>");
  EXPECT_EQ(send().error().code, "ExpiredToken");
}

TEST_F(Client, SignsForTheRegionInWhichTheBucketReallyLies) {
  keys("AK");
  http_.answer(301, "<Error><Code>PermanentRedirect</Code></Error>", {{"x-amz-bucket-region", "ap-south-1"}});
  http_.answer(200);
  EXPECT_TRUE(send());
  EXPECT_EQ(http_.last().url, "https://my-bucket.s3.ap-south-1.amazonaws.com/?acl");
  EXPECT_THAT(header_of(http_.last(), "Authorization"), HasSubstr("/ap-south-1/s3/"));
}

TEST_F(Client, ReadsTheRightRegionFromTheBodyToo) {
  keys("AK");
  http_.answer(400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>");
  http_.answer(200);
  EXPECT_TRUE(send());
  EXPECT_THAT(http_.last().url, HasSubstr("eu-central-1"));
}

TEST_F(Client, IsNotSentInCirclesBetweenRegions) {
  keys("AK");
  http_.answer(301, "", {{"x-amz-bucket-region", "ap-south-1"}});
  http_.answer(301, "", {{"x-amz-bucket-region", "eu-west-1"}});
  EXPECT_EQ(send().error().status, 301);
  EXPECT_EQ(http_.requests().size(), 2);
}

TEST_F(Client, DoesNotLetAnAnswerChooseAnotherHost) {
  keys("AK");
  http_.answer(301, "", {{"x-amz-bucket-region", "x.evil.example/"}, {"Location", "https://evil.example/"}});
  const auto response = send();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().outcome, AwsOutcome::refused);
  EXPECT_EQ(http_.requests().size(), 1);
}

TEST_F(Client, RepeatsNothingElse) {
  keys("AK");
  for (const int status : {500, 503, 409, 429, 403, 404}) {
    http_.answer(status);
    EXPECT_EQ(send().error().status, status);
  }
}

TEST_F(Client, TakesAnErrorDocumentWithStatus200ForAnError) {
  keys("AK");
  http_.answer(200, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<Error><Code>InternalError</Code></Error>");
  http_.answer(200, "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>");
  EXPECT_EQ(send().error().outcome, AwsOutcome::unknown);
  EXPECT_EQ(send().error().outcome, AwsOutcome::retry);
}

TEST_F(Client, TellsALostAnswerToAWriteFromOneToARead) {
  keys("AK");
  http_.fail(ErrorCode::timeout);
  http_.fail(ErrorCode::timeout);
  EXPECT_EQ(send(true).error().outcome, AwsOutcome::unknown);
  EXPECT_EQ(send(false).error().outcome, AwsOutcome::retry);
}

TEST_F(Client, NamesTheCallInItsErrors) {
  keys("AK");
  http_.answer(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
  EXPECT_EQ(send().error().message, "s3 PutBucketAcl: AccessDenied: Access Denied");
}

TEST_F(Client, SendsNothingWithoutCredentials) {
  credentials_http_.fail(ErrorCode::unavailable, "GET http://127.0.0.1: refused");
  const auto response = send();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().outcome, AwsOutcome::retry);
  EXPECT_THAT(response.error().message, HasSubstr("s3 PutBucketAcl: the container's credentials: GET"));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(Client, TellsWhoItIs) {
  keys("AK");
  credentials_http_.answer(200,
                           "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/k</Arn>"
                           "<Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
  EXPECT_EQ(*client_->identity(), (CallerIdentity{"1", "arn:aws:iam::1:user/k"}));
}

TEST_F(Client, LeaksNoSecretIntoAnyError) {
  environment_ = {{"AWS_ACCESS_KEY_ID", "AK"},
                  {"AWS_SECRET_ACCESS_KEY", "very-secret"},
                  {"AWS_SESSION_TOKEN", "very-secret-token"},
                  {"AWS_REGION", "eu-west-1"}};
  SetUp();
  http_.answer(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>");
  http_.fail(ErrorCode::timeout);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(send().error().message.find("very-secret"), std::string::npos);
}

}  // namespace
}  // namespace kedge
