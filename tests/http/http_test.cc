#include "http/http.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::seconds;

const Time kNow = *parse_time("2015-10-21T07:27:00Z");

HttpResponse response_with(std::vector<HttpHeader> headers) { return {503, std::move(headers), ""}; }

TEST(HttpResponse, FindsTheLastHeaderWithoutRegardToCase) {
  const HttpResponse response = response_with({{"X-Id", "1"}, {"x-ID", "2"}, {"Other", "3"}});
  EXPECT_EQ(response.header("x-id"), "2");
  EXPECT_EQ(response.headers_named("X-ID"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(response.header("missing"), std::nullopt);
}

TEST(HttpDate, ReadsTheThreeFormsOfRfc9110) {
  const Time expected = *parse_time("1994-11-06T08:49:37Z");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), expected);
  EXPECT_EQ(parse_http_date("soon"), std::nullopt);
}

TEST(RetryAfter, ReadsSecondsAndDates) {
  EXPECT_EQ(retry_after(response_with({{"Retry-After", "120"}}), kNow), seconds(120));
  EXPECT_EQ(retry_after(response_with({{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}}), kNow), seconds(60));
}

TEST(RetryAfter, IsNeverNegativeAndNeverMoreThanADay) {
  EXPECT_EQ(retry_after(response_with({{"Retry-After", "Wed, 21 Oct 2015 07:00:00 GMT"}}), kNow), seconds(0));
  EXPECT_EQ(retry_after(response_with({{"Retry-After", "999999999"}}), kNow), seconds(86400));
}

TEST(RetryAfter, IsNothingWhereTheServerSaysNothingReadable) {
  EXPECT_EQ(retry_after(response_with({}), kNow), std::nullopt);
  EXPECT_EQ(retry_after(response_with({{"Retry-After", ""}}), kNow), std::nullopt);
  EXPECT_EQ(retry_after(response_with({{"Retry-After", "a while"}}), kNow), std::nullopt);
}

TEST(HttpErrors, CountAsPerhapsSentUnlessTheySayOtherwise) {
  for (const ErrorCode code : {ErrorCode::invalid, ErrorCode::unavailable, ErrorCode::refused}) {
    EXPECT_TRUE(surely_not_sent({code, ""})) << to_string(code);
  }
  for (const ErrorCode code : {ErrorCode::timeout, ErrorCode::limit, ErrorCode::corrupt, ErrorCode::internal}) {
    EXPECT_FALSE(surely_not_sent({code, ""})) << to_string(code);
  }
}

}  // namespace
}  // namespace kedge
