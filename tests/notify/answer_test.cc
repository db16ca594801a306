#include "notify/answer.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

const Time kNow = *parse_time("2026-01-01T00:00:00Z");

Delivery::Kind kind_of(int status) { return delivery_of(HttpResponse{status, {}, ""}, kNow).kind; }

TEST(Answer, CallsEverySuccessDelivered) {
  for (const int status : {200, 201, 202, 204, 299}) EXPECT_EQ(kind_of(status), Delivery::Kind::delivered) << status;
}

TEST(Answer, TriesAgainWhatTheReceiverMayTakeLater) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    EXPECT_EQ(kind_of(status), Delivery::Kind::retry) << status;
  }
}

TEST(Answer, FollowsNoRedirect) {
  for (const int status : {301, 302, 303, 307, 308}) {
    const Delivery delivery = delivery_of(HttpResponse{status, {{"Location", "https://elsewhere.example/"}}, ""}, kNow);
    EXPECT_EQ(delivery.kind, Delivery::Kind::permanent) << status;
    EXPECT_NE(delivery.error.find("redirect"), std::string::npos);
  }
}

TEST(Answer, GivesUpTheChannelWhenItsAddressIsGone) {
  EXPECT_EQ(kind_of(404), Delivery::Kind::disabled);
  EXPECT_EQ(kind_of(410), Delivery::Kind::disabled);
}

TEST(Answer, GivesUpTheNoticeThatIsRefused) {
  for (const int status : {400, 401, 403, 413, 422}) EXPECT_EQ(kind_of(status), Delivery::Kind::permanent) << status;
}

TEST(Answer, HoldsTheTimeThatTheReceiverAskedForInSeconds) {
  const Delivery delivery = delivery_of(HttpResponse{429, {{"Retry-After", "120"}}, ""}, kNow);
  EXPECT_EQ(delivery.retry_after, Duration(std::chrono::seconds(120)));
}

TEST(Answer, HoldsTheTimeThatTheReceiverAskedForAsADate) {
  const Delivery delivery =
      delivery_of(HttpResponse{503, {{"Retry-After", "Thu, 01 Jan 2026 00:01:00 GMT"}}, ""}, kNow);
  EXPECT_EQ(delivery.retry_after, Duration(std::chrono::seconds(60)));
}

TEST(Answer, TriesAgainWhenThereWasNone) {
  for (const ErrorCode code : {ErrorCode::timeout, ErrorCode::unavailable, ErrorCode::corrupt, ErrorCode::limit}) {
    const Delivery delivery = delivery_of(Error{code, "POST to example.org: no answer"}, kNow);
    EXPECT_EQ(delivery.kind, Delivery::Kind::retry);
    EXPECT_EQ(delivery.error, "POST to example.org: no answer");
    EXPECT_EQ(delivery.status, 0);
  }
}

TEST(Answer, GivesUpWhatCannotBeSent) {
  EXPECT_EQ(delivery_of(Error{ErrorCode::invalid, "a header with a line break"}, kNow).kind, Delivery::Kind::permanent);
}

TEST(Answer, RepeatsNothingOfTheBody) {
  const Delivery delivery = delivery_of(HttpResponse{404, {}, "Cannot POST /services/T0/B0/secret"}, kNow);
  EXPECT_EQ(delivery.error.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace kedge
