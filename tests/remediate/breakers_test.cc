#include "remediate/breakers.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::seconds;
using Outcome = Breaker::Outcome;

struct BreakersTest : testing::Test {
  bool call(const std::string& endpoint, Outcome outcome) {
    const auto permit = breakers.admit(endpoint, now, seconds(20));
    if (!permit) return false;
    told += breakers.note(endpoint, *permit, outcome, "no answer", now).has_value() ? 1 : 0;
    return true;
  }
  void fail(const std::string& endpoint) {
    for (int i = 0; i < 3; ++i) call(endpoint, Outcome::bad);
  }

  Random random{1};
  Breakers breakers{BreakerLimits{}, random};
  Time now = Time(std::chrono::hours(500'000));
  int told = 0;
};

TEST_F(BreakersTest, KeepsCallsFromTheOneEndpointThatFails) {
  fail("a");
  EXPECT_FALSE(call("a", Outcome::good));
  EXPECT_TRUE(call("b", Outcome::good));
  const auto shut = breakers.shut("a", now);
  ASSERT_TRUE(shut);
  EXPECT_EQ(shut->endpoint, "a");
  EXPECT_EQ(shut->error, "no answer");
  EXPECT_EQ(shut->failed, 3);
  EXPECT_FALSE(breakers.shut("b", now));
}

TEST_F(BreakersTest, TellsOnceForAllProbesThatFailUntilItAnswersAgain) {
  fail("a");
  for (int i = 0; i < 5; ++i) {
    now = breakers.shut("a", now)->until;
    EXPECT_TRUE(call("a", Outcome::bad));
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(breakers.open(now).size(), 1U);
  now = breakers.shut("a", now)->until;
  EXPECT_TRUE(call("a", Outcome::good));
  EXPECT_TRUE(breakers.open(now).empty());
  fail("a");
  EXPECT_EQ(told, 2);
  EXPECT_EQ(breakers.openings(), 2);
}

TEST_F(BreakersTest, ListenToNoCallFromBeforeTheyWereOpen) {
  const auto before = breakers.admit("a", now, seconds(20));
  fail("a");
  now = breakers.shut("a", now)->until;
  EXPECT_TRUE(call("a", Outcome::good));
  breakers.note("a", *before, Outcome::bad, "no answer", now);
  call("a", Outcome::bad);
  call("a", Outcome::bad);
  EXPECT_FALSE(breakers.shut("a", now));
}

TEST_F(BreakersTest, ForgetWhoDoesWellWhereThereIsNoRoomForWhoDoesNot) {
  for (size_t i = 0; i < Breakers::kMost; ++i) fail("once " + std::to_string(i));
  now += std::chrono::minutes(1);
  for (size_t i = 0; i < Breakers::kMost; ++i) call("once " + std::to_string(i), Outcome::good);
  fail("now");
  EXPECT_TRUE(breakers.shut("now", now));
}

TEST_F(BreakersTest, AreNeverOpenWhereTheyAreTurnedOffAndForNoEndpoint) {
  fail("");
  EXPECT_TRUE(call("", Outcome::bad));
  Breakers off(std::nullopt, random);
  for (int i = 0; i < 10; ++i) {
    const auto permit = off.admit("a", now, seconds(20));
    ASSERT_TRUE(permit);
    EXPECT_FALSE(off.note("a", *permit, Outcome::bad, "", now));
  }
}

TEST_F(BreakersTest, AreKeptOfWhatFailsAloneAndOfNoMoreThanTheirLimit) {
  for (size_t i = 0; i < Breakers::kMost; ++i) {
    call("well " + std::to_string(i), Outcome::good);
    fail("ill " + std::to_string(i));
  }
  EXPECT_EQ(breakers.open(now).size(), Breakers::kMost);
  fail("one more");
  EXPECT_TRUE(call("one more", Outcome::bad));
}

}  // namespace
}  // namespace kedge
