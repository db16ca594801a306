#include "aws/cloudtrail.h"

#include <gtest/gtest.h>

#include "tests/aws/fake_session.h"

namespace kedge {
namespace {

using testing::header_of;

const std::string kArn = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";

class CloudTrail : public ::testing::Test {
 protected:
  testing::FakeSession world_;
  testing::FakeHttp& http_ = world_.http;
  Trail trail_{world_.session(), kArn};
};

TEST_F(CloudTrail, ReadsWhetherATrailIsLogging) {
  http_.answer(200, R"({"IsLogging":true,"LatestDeliveryTime":1.7e9,"LatestDeliveryError":"NoSuchBucket"})");
  EXPECT_EQ(*trail_.status(), (TrailStatus{true, "NoSuchBucket"}));
  EXPECT_EQ(http_.last().url, "https://cloudtrail.eu-west-1.amazonaws.com/");
  EXPECT_EQ(http_.last().body, "{\"Name\":\"" + kArn + "\"}");
  EXPECT_EQ(header_of(http_.last(), "X-Amz-Target"),
            "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetTrailStatus");
  EXPECT_EQ(header_of(http_.last(), "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_FALSE(http_.last().writes);
}

TEST_F(CloudTrail, StartsAndStopsLogging) {
  http_.answer(200, "{}", {{"x-amzn-RequestId", "R1"}});
  http_.answer(200, "{}");
  EXPECT_EQ(trail_.start_logging()->request_id, "R1");
  EXPECT_TRUE(header_of(http_.last(), "X-Amz-Target").ends_with(".StartLogging"));
  EXPECT_TRUE(http_.last().writes);
  EXPECT_TRUE(trail_.stop_logging());
  EXPECT_TRUE(header_of(http_.last(), "X-Amz-Target").ends_with(".StopLogging"));
}

TEST_F(CloudTrail, SaysThatATrailIsGone) {
  http_.answer(400, R"({"__type":"TrailNotFoundException","message":"Unknown trail"})");
  EXPECT_EQ(trail_.status().error().outcome, AwsOutcome::gone);
}

TEST_F(CloudTrail, DoesNotGuessWhatIsNotSaid) {
  for (const char* body : {"", "{}", "[]", R"({"IsLogging":"yes"})"}) {
    http_.answer(200, body);
    EXPECT_EQ(trail_.status().error().code, kUnexpectedDocument) << body;
  }
}

}  // namespace
}  // namespace kedge
