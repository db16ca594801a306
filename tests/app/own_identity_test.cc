#include "app/own_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kRole = "arn:aws:iam::123456789012:role/kedge";
constexpr auto kUser = "arn:aws:iam::123456789012:user/kedge";

OwnIdentity::Options impatient() { return {std::chrono::milliseconds(1), std::chrono::milliseconds(4)}; }

template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

TEST(OwnIdentity, AsksAgainUntilItIsKnown) {
  std::atomic<int> asked = 0;
  std::atomic<bool> answers = false;
  const auto ask = [&]() -> Result<std::vector<std::string>> {
    ++asked;
    if (!answers) return Error{ErrorCode::unavailable, "sts is away"};
    return std::vector<std::string>{kUser};
  };
  OwnPrincipals told({kRole});
  OwnIdentity identity(ask, told, impatient());
  identity.start();
  wait_until([&] { return asked >= 5; });
  EXPECT_TRUE(identity.asked()) << "reading need not wait any longer";
  EXPECT_EQ(identity.unknown(), "sts is away");
  EXPECT_THAT(told.get(), ElementsAre(kRole));
  const uint64_t before = told.version();

  answers = true;
  wait_until([&] { return !identity.unknown(); });
  EXPECT_THAT(told.get(), ElementsAre(kRole, kUser));
  EXPECT_NE(told.version(), before);
  identity.stop();
}

TEST(OwnIdentity, IsAskedForOnceWhereTheAnswerComes) {
  std::atomic<int> asked = 0;
  OwnPrincipals told;
  OwnIdentity identity(
      [&]() -> Result<std::vector<std::string>> {
        ++asked;
        return std::vector<std::string>{kUser};
      },
      told, impatient());
  identity.start();
  wait_until([&] { return identity.asked(); });
  identity.stop();
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(identity.unknown());
}

TEST(OwnIdentity, IsUnknownWhileTheFirstAnswerIsAwaited) {
  Mailbox<bool> answer(1);
  OwnPrincipals told;
  OwnIdentity identity(
      [&]() -> Result<std::vector<std::string>> {
        answer.take(std::chrono::hours(1));
        return std::vector<std::string>{kUser};
      },
      told, impatient());
  EXPECT_TRUE(identity.asked()) << "nothing is to be asked: the configuration names us";
  EXPECT_FALSE(identity.unknown());
  identity.start();
  EXPECT_FALSE(identity.asked());
  EXPECT_TRUE(identity.unknown());
  EXPECT_THAT(told.get(), IsEmpty());
  answer.close();
  identity.stop();
  EXPECT_TRUE(identity.asked());
}

TEST(OwnIdentity, StopsWhileItWaitsToAskAgain) {
  OwnPrincipals told;
  OwnIdentity identity(
      []() -> Result<std::vector<std::string>> {
        return Error{ErrorCode::unavailable, "away"};
      },
      told, {std::chrono::hours(1), std::chrono::hours(1)});
  identity.start();
  wait_until([&] { return identity.asked(); });
  identity.stop();
  EXPECT_EQ(identity.unknown(), "away");
}

}  // namespace
}  // namespace kedge
