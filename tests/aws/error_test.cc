#include "aws/error.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

const Time kNow = *parse_time("2026-01-01T12:00:00Z");

AwsError read(int status, const std::string& body, std::vector<HttpHeader> headers = {}, bool writes = true) {
  return read_error({status, std::move(headers), body}, writes, kNow);
}

TEST(AwsErrors, AreReadFromS3Xml) {
  const AwsError error =
      read(404,
           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code><Message>The "
           "specified bucket does not exist</Message><BucketName>b</BucketName>"
           "<RequestId>4442587FB7D0A2F9</RequestId><HostId>h</HostId></Error>");
  EXPECT_EQ(error.code, "NoSuchBucket");
  EXPECT_EQ(error.message, "NoSuchBucket: The specified bucket does not exist");
  EXPECT_EQ(error.request_id, "4442587FB7D0A2F9");
  EXPECT_EQ(error.outcome, AwsOutcome::gone);
}

TEST(AwsErrors, AreReadFromEc2Xml) {
  const AwsError error = read(400,
                              "<Response><Errors><Error><Code>InvalidPermission.NotFound</Code><Message>no such rule"
                              "</Message></Error></Errors><RequestID>ea966190-f9aa</RequestID></Response>");
  EXPECT_EQ(error.code, "InvalidPermission.NotFound");
  EXPECT_EQ(error.request_id, "ea966190-f9aa");
  EXPECT_EQ(error.outcome, AwsOutcome::refused);
}

TEST(AwsErrors, AreReadFromQueryXmlWithANamespace) {
  const AwsError error = read(403,
                              "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender"
                              "</Type><Code>AccessDenied</Code><Message>not you</Message></Error>"
                              "<RequestId>c6104cbe</RequestId></ErrorResponse>");
  EXPECT_EQ(error.code, "AccessDenied");
  EXPECT_EQ(error.request_id, "c6104cbe");
  EXPECT_EQ(error.outcome, AwsOutcome::refused);
}

TEST(AwsErrors, AreReadFromJsonWithAndWithoutANamespace) {
  EXPECT_EQ(read(400, R"({"__type":"com.amazonaws.cloudtrail#TrailNotFoundException","message":"x"})").code,
            "TrailNotFoundException");
  EXPECT_EQ(read(400, R"({"__type":"ThrottlingException","Message":"slow"})").outcome, AwsOutcome::retry);
}

TEST(AwsErrors, AreReadFromTheErrorTypeHeader) {
  const AwsError error = read(
      403, "{}",
      {{"x-amzn-ErrorType", "AccessDeniedException:http://internal.amazon.com/coral/"}, {"x-amzn-RequestId", "id-1"}});
  EXPECT_EQ(error.code, "AccessDeniedException");
  EXPECT_EQ(error.request_id, "id-1");
}

// Services that speak JSON may answer errors of the signature in XML.
TEST(AwsErrors, AreReadByWhatTheBodyIsAndNotByTheService) {
  EXPECT_EQ(read(401, "<Response><Errors><Error><Code>AuthFailure</Code><Message/></Error></Errors></Response>",
                 {{"Content-Type", "application/x-amz-json-1.1"}})
                .code,
            "AuthFailure");
}

TEST(AwsErrors, DoWithoutAMessage) {
  EXPECT_EQ(read(403, "<Error><Code>AccessDenied</Code><Message/></Error>").message, "AccessDenied");
  EXPECT_EQ(read(403, "<Error><Code>AccessDenied</Code></Error>").message, "AccessDenied");
}

TEST(AwsErrors, DoWithoutABody) {
  const AwsError error = read(403, "", {{"x-amz-request-id", "ABC"}});
  EXPECT_EQ(error.code, "HTTP 403");
  EXPECT_EQ(error.request_id, "ABC");
  EXPECT_EQ(error.outcome, AwsOutcome::refused);
}

TEST(AwsErrors, DoWithABodyThatIsNeitherXmlNorJson) {
  for (const char* body : {"<html><body>500</body>", "{\"__type\":", "Service Unavailable", "[]", "<"}) {
    EXPECT_EQ(read(500, body).code, "HTTP 500") << body;
  }
}

TEST(AwsErrors, KeepLongAndStrangeMessagesInBounds) {
  const AwsError error =
      read(400, "<Error><Code>X</Code><Message>a\nb" + std::string(100000, 'x') + "</Message></Error>");
  EXPECT_LT(error.message.size(), 600);
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
}

TEST(AwsErrors, SayHowLongTheServerAsksUsToWait) {
  const AwsError error = read(503, "<Error><Code>SlowDown</Code></Error>", {{"Retry-After", "7"}});
  EXPECT_EQ(error.outcome, AwsOutcome::retry);
  EXPECT_EQ(error.retry_after, std::chrono::seconds(7));
}

TEST(AwsErrors, NameTheRegionOfABucketThatLiesElsewhere) {
  EXPECT_EQ(read(301, "", {{"x-amz-bucket-region", "eu-west-1"}}).region, "eu-west-1");
  EXPECT_EQ(read(400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region></Error>").region,
            "eu-north-1");
}

struct Row {
  const char* code;
  int status;
  AwsOutcome for_a_write;
  AwsOutcome for_a_read;
};

TEST(AwsErrors, AreClassifiedByCodeAndThenByStatus) {
  const auto retry = AwsOutcome::retry;
  const auto refused = AwsOutcome::refused;
  const auto unknown = AwsOutcome::unknown;
  const auto gone = AwsOutcome::gone;
  const Row rows[] = {
      {"OperationAborted", 409, retry, retry},
      {"BucketAlreadyExists", 409, refused, refused},
      {"SlowDown", 503, retry, retry},
      {"HTTP 503", 503, retry, retry},
      {"HTTP 429", 429, retry, retry},
      {"RequestTimeout", 400, retry, retry},
      {"RequestLimitExceeded", 503, retry, retry},
      {"ThrottlingException", 400, retry, retry},
      {"RequestTimeTooSkewed", 403, retry, retry},
      {"ExpiredToken", 400, retry, retry},
      {"InternalError", 500, unknown, retry},
      {"InternalError", 200, unknown, retry},
      {"HTTP 502", 502, unknown, retry},
      {"HTTP 504", 504, unknown, retry},
      {"AccessDenied", 403, refused, refused},
      {"SignatureDoesNotMatch", 403, refused, refused},
      {"MalformedPolicy", 400, refused, refused},
      {"AccessControlListNotSupported", 400, refused, refused},
      {"NotImplemented", 501, refused, refused},
      {"MethodNotAllowed", 405, refused, refused},
      {"PermanentRedirect", 301, refused, refused},
      {"NoSuchBucket", 404, gone, gone},
      {"InvalidGroup.NotFound", 400, gone, gone},
      {"TrailNotFoundException", 400, gone, gone},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(classify(row.code, row.status, true), row.for_a_write) << row.code << " " << row.status;
    EXPECT_EQ(classify(row.code, row.status, false), row.for_a_read) << row.code << " " << row.status;
  }
}

TEST(AwsErrors, WithoutAnAnswerAreUnknownOnlyForAWriteThatMayHaveBeenSent) {
  EXPECT_EQ(transport_error({ErrorCode::timeout, ""}, true).outcome, AwsOutcome::unknown);
  EXPECT_EQ(transport_error({ErrorCode::timeout, ""}, false).outcome, AwsOutcome::retry);
  EXPECT_EQ(transport_error({ErrorCode::unavailable, ""}, true).outcome, AwsOutcome::retry);
  EXPECT_EQ(transport_error({ErrorCode::refused, ""}, true).outcome, AwsOutcome::retry);
  EXPECT_EQ(transport_error({ErrorCode::invalid, ""}, true).outcome, AwsOutcome::refused);
}

}  // namespace
}  // namespace kedge
