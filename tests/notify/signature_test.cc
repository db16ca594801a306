#include "notify/signature.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace kedge {
namespace {

// The specification's own example.
constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(Signature, IsThatOfTheSpecificationsExample) {
  const auto key = webhook_key(kSecret);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(webhook_signature({*key}, kId, 1614265330, kBody), kSignature);
}

TEST(Signature, HasOneForEachKeyWhileTheyAreRotated) {
  const std::string key = *webhook_key(kSecret);
  const std::string other(32, 'k');
  const std::string both = webhook_signature({other, key}, kId, 1614265330, kBody);
  EXPECT_EQ(both, webhook_signature({other}, kId, 1614265330, kBody) + " " + std::string(kSignature));
}

TEST(Signature, ChangesWithTheTimeOfTheTry) {
  const std::string key = *webhook_key(kSecret);
  EXPECT_NE(webhook_signature({key}, kId, 1614265331, kBody), kSignature);
}

TEST(WebhookKey, IsRefusedWithoutItsPrefixOrOfAnotherLength) {
  const std::string too_short = "whsec_" + to_base64(std::string(23, 'k'));
  const std::string too_long = "whsec_" + to_base64(std::string(65, 'k'));
  for (const std::string& secret : {std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), std::string("whsec_!!!!"),
                                    std::string("whsec_"), std::string(""), too_short, too_long}) {
    EXPECT_FALSE(webhook_key(secret)) << secret;
  }
  EXPECT_TRUE(webhook_key("whsec_" + to_base64(std::string(24, 'k'))));
  EXPECT_TRUE(webhook_key("whsec_" + to_base64(std::string(64, 'k'))));
}

TEST(WebhookKey, IsNotRepeatedInItsError) {
  const auto key = webhook_key("hunter2-hunter2");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().message.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace kedge
