#include "notify/signed_post.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify/signature.h"
#include "tests/notify/recording_client.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;
using testing::RecordingClient;
using ::testing::StartsWith;

const Time kNow = *parse_time("2026-01-01T00:00:09.5Z");

TEST(SignedPost, SendsTheBodyAsItIsWithAllHeaders) {
  RecordingClient client;
  const SignedPost post(
      {"https://hooks.example/x", {std::string(32, 'a')}, {{"x-token", "t"}}, std::chrono::seconds(3)}, client);
  EXPECT_EQ(post.send("id_1", "text/plain", "a\nbody", kNow, {}).kind, Delivery::Kind::delivered);
  const HttpRequest& request = client.requests.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "a\nbody");
  EXPECT_EQ(request.timeout, Duration(std::chrono::seconds(3)));
  EXPECT_EQ(header_of(request, "content-type"), "text/plain");
  EXPECT_EQ(header_of(request, "webhook-id"), "id_1");
  EXPECT_EQ(header_of(request, "webhook-signature"),
            webhook_signature({std::string(32, 'a')}, "id_1", 1767225609, "a\nbody"));
  EXPECT_EQ(header_of(request, "x-token"), "t");
}

TEST(SignedPost, HasNoSignatureWithoutAKey) {
  RecordingClient client;
  (void)SignedPost({"https://hooks.example/x", {}}, client).send("id_1", "text/plain", "body", kNow, {});
  EXPECT_EQ(header_of(client.requests.at(0), "webhook-signature"), "");
}

TEST(SignedPost, IsCheckedWithoutRepeatingASecret) {
  const auto wrong = [](SignedPost::Options options) {
    const auto checked = check_post(options);
    EXPECT_FALSE(checked);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_TRUE(check_post({"https://hooks.example/x", {}, {{"Authorization", "Bearer t"}}}));
  EXPECT_THAT(wrong({"ftp://secret.example/x", {}}), StartsWith("url: "));
  EXPECT_THAT(wrong({"ftp://secret.example/x", {}}), Not(HasSubstr("secret")));
  EXPECT_THAT(wrong({"https://hooks.example/x", {}, {{"a b", "v"}}}), StartsWith("headers.a b: is no name"));
  EXPECT_THAT(wrong({"https://hooks.example/x", {}, {{"Webhook-Id", "v"}}}), HasSubstr("kedge sends itself"));
  EXPECT_THAT(wrong({"https://hooks.example/x", {}, {{"x", "secret\r\n"}}}), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace kedge
