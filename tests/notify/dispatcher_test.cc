#include "notify/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kStart = *parse_time("2026-01-01T00:00:00Z");

class DispatcherTest : public ::testing::Test {
 protected:
  using Round = Dispatcher::Round;

  static Dispatcher::Moment at(Duration elapsed) { return {kStart + elapsed, elapsed}; }

  static Notice notice(int64_t number, const std::string& channel) {
    Notice notice;
    notice.number = number;
    notice.id = "msg_" + std::to_string(number);
    notice.channel = channel;
    notice.created = kStart;
    notice.due = kStart;
    return notice;
  }

  static Delivery failure(std::optional<Duration> retry_after = std::nullopt) {
    return {Delivery::Kind::retry, 503, "the receiver answered 503", retry_after};
  }

  static std::vector<int64_t> numbers(const std::vector<Notice>& notices) {
    std::vector<int64_t> numbers;
    for (const Notice& one : notices) numbers.push_back(one.number);
    return numbers;
  }

  template <class T>
  static T only(const std::vector<Change>& changes) {
    EXPECT_EQ(changes.size(), 1);
    EXPECT_TRUE(std::holds_alternative<T>(changes.at(0)));
    return std::get<T>(changes.at(0));
  }

  Random random_{42};
  Dispatcher dispatcher_{{{"ops", {.per_minute = 60}}, {"security", {.per_minute = 60}}}, random_, {}};
};

TEST_F(DispatcherTest, SendsTheOldestOfEachChannel) {
  const Round round = dispatcher_.round({notice(1, "ops"), notice(2, "ops"), notice(3, "security")}, at(seconds(0)));
  EXPECT_EQ(numbers(round.send), (std::vector<int64_t>{1, 3}));
  EXPECT_TRUE(round.changes.empty());
}

TEST_F(DispatcherTest, SendsNothingElseToAChannelUntilItsTryEnded) {
  const std::vector<Notice> due = {notice(1, "ops"), notice(2, "ops")};
  (void)dispatcher_.round(due, at(seconds(0)));
  EXPECT_TRUE(dispatcher_.round(due, at(seconds(9))).send.empty());
  (void)dispatcher_.finish(due[0], {}, at(seconds(10)));
  EXPECT_EQ(numbers(dispatcher_.round({due[1]}, at(seconds(10))).send), std::vector<int64_t>{2});
}

TEST_F(DispatcherTest, IsNotHeldUpByAChannelThatHangs) {
  const std::vector<Notice> due = {notice(1, "ops"), notice(2, "security"), notice(3, "security")};
  (void)dispatcher_.round(due, at(seconds(0)));
  (void)dispatcher_.finish(due[1], {}, at(seconds(1)));
  EXPECT_EQ(numbers(dispatcher_.round({due[0], due[2]}, at(seconds(1))).send), std::vector<int64_t>{3});
}

TEST_F(DispatcherTest, ReportsWhatWasDelivered) {
  (void)dispatcher_.round({notice(1, "ops")}, at(seconds(0)));
  const auto delivered = only<NoticeDelivered>(
      dispatcher_.finish(notice(1, "ops"), {Delivery::Kind::delivered, 204, "", {}}, at(seconds(1))));
  EXPECT_EQ(delivered.number, 1);
  EXPECT_EQ(delivered.status, 204);
  EXPECT_EQ(dispatcher_.figures().at("ops").delivered, 1);
}

TEST_F(DispatcherTest, PutsOffWhatFailedAndItsWholeChannel) {
  (void)dispatcher_.round({notice(1, "ops")}, at(seconds(0)));
  const auto deferred =
      only<NoticeDeferred>(dispatcher_.finish(notice(1, "ops"), failure(Duration(seconds(40))), at(seconds(0))));
  EXPECT_EQ(deferred.due, kStart + seconds(40));
  EXPECT_EQ(deferred.error, "the receiver answered 503");
  const Round round = dispatcher_.round({notice(2, "ops")}, at(seconds(30)));
  EXPECT_TRUE(round.send.empty());
  EXPECT_EQ(round.wait, Duration(seconds(10)));
  EXPECT_EQ(dispatcher_.round({notice(2, "ops")}, at(seconds(40))).send.size(), 1);
}

TEST_F(DispatcherTest, WaitsLongerForANoticeThatFailsWhileOthersPass) {
  Notice stubborn = notice(1, "ops");
  stubborn.attempts = 20;
  Duration longest{0};
  for (int i = 0; i < 50; ++i) {
    const auto now = at(minutes(i));
    (void)dispatcher_.round({notice(2, "ops")}, now);
    (void)dispatcher_.finish(notice(2, "ops"), {}, now);
    const auto deferred = only<NoticeDeferred>(dispatcher_.finish(stubborn, failure(), now));
    longest = std::max(longest, std::chrono::duration_cast<Duration>(deferred.due - now.now));
    EXPECT_LE(dispatcher_.round({notice(3, "ops")}, now).wait.value_or(Duration(0)), seconds(5));
  }
  EXPECT_GT(longest, minutes(15));
}

TEST_F(DispatcherTest, GivesUpAtOnceWhatWasRefusedForGood) {
  (void)dispatcher_.round({notice(1, "ops")}, at(seconds(0)));
  const auto given_up = only<NoticeGivenUp>(dispatcher_.finish(
      notice(1, "ops"), {Delivery::Kind::permanent, 400, "the receiver answered 400", {}}, at(seconds(0))));
  EXPECT_EQ(given_up.error, "the receiver answered 400");
  EXPECT_EQ(dispatcher_.round({notice(2, "ops")}, at(seconds(0))).send.size(), 1);
}

TEST_F(DispatcherTest, GivesUpWhatFailsForLongerThanItsSchedule) {
  const auto tried = dispatcher_.round({notice(1, "ops")}, at(hours(25)));
  EXPECT_EQ(tried.send.size(), 1) << "old, but never tried by this process: it gets a try";
  const auto given_up = only<NoticeGivenUp>(dispatcher_.finish(notice(1, "ops"), failure(), at(hours(25))));
  EXPECT_NE(given_up.error.find("within 1d"), std::string::npos) << given_up.error;
  const Round next = dispatcher_.round({notice(2, "ops")}, at(hours(26)));
  EXPECT_EQ(only<NoticeGivenUp>(next.changes).number, 2) << "as old, and the channel fails still";
}

TEST_F(DispatcherTest, NeverPutsOffBeyondTheEndOfItsSchedule) {
  const auto now = at(hours(23) + minutes(59));
  (void)dispatcher_.round({notice(1, "ops")}, now);
  const auto deferred = only<NoticeDeferred>(dispatcher_.finish(notice(1, "ops"), failure(Duration(hours(2))), now));
  EXPECT_EQ(deferred.due, kStart + hours(24));
}

TEST_F(DispatcherTest, GivesUpNoticesToAChannelThatIsNotConfigured) {
  const Round round = dispatcher_.round({notice(1, "securty")}, at(seconds(0)));
  const auto given_up = only<NoticeGivenUp>(round.changes);
  EXPECT_EQ(given_up.error, "no channel 'securty' is configured (did you mean 'security'?)");
}

TEST_F(DispatcherTest, SendsNothingToAChannelThatIsGoneAndTellsTheOthers) {
  (void)dispatcher_.round({notice(1, "ops")}, at(seconds(0)));
  const auto changes =
      dispatcher_.finish(notice(1, "ops"), {Delivery::Kind::disabled, 410, "gone", {}}, at(seconds(0)));
  ASSERT_EQ(changes.size(), 2);
  EXPECT_EQ(std::get<NoticeGivenUp>(changes[0]).number, 1);
  const auto& alarm = std::get<RaiseAlarm>(changes[1]);
  EXPECT_EQ(alarm.kind, "channel_gone");
  EXPECT_EQ(alarm.notify, std::vector<std::string>{"security"});
  const Round round = dispatcher_.round({notice(2, "ops")}, at(hours(1)));
  EXPECT_TRUE(round.send.empty());
  EXPECT_EQ(only<NoticeGivenUp>(round.changes).error, "the channel is gone: gone");
}

TEST(Dispatcher, KeepsTheChannelsPace) {
  Random random(1);
  Dispatcher dispatcher({{"slack", {.per_minute = 60, .spacing = seconds(1)}}}, random, {});
  Notice one;
  one.number = 1;
  one.channel = "slack";
  Notice two = one;
  two.number = 2;
  EXPECT_EQ(dispatcher.round({one, two}, {kStart, seconds(10)}).send.size(), 1);
  (void)dispatcher.finish(one, {}, {kStart, seconds(10)});
  const auto round = dispatcher.round({two}, {kStart, std::chrono::milliseconds(10'200)});
  EXPECT_TRUE(round.send.empty());
  EXPECT_EQ(round.wait, Duration(std::chrono::milliseconds(800)));
  EXPECT_EQ(dispatcher.round({two}, {kStart, seconds(11)}).send.size(), 1);
}

TEST(Dispatcher, PutsOffAStormSoThatOtherChannelsAreSeen) {
  Random random(1);
  Dispatcher dispatcher({{"slack", {.per_minute = 10}}}, random, {});
  std::vector<Notice> due(35);
  for (size_t i = 0; i < due.size(); ++i) {
    due[i].number = static_cast<int64_t>(i) + 1;
    due[i].channel = "slack";
    due[i].created = kStart;
  }
  const auto round = dispatcher.round(due, {kStart, seconds(0)});
  EXPECT_EQ(round.send.size(), 1);
  ASSERT_EQ(round.changes.size(), 24) << "ten stay due";
  EXPECT_EQ(std::get<NoticeDeferred>(round.changes.front()).due, kStart + minutes(1));
  EXPECT_EQ(std::get<NoticeDeferred>(round.changes.back()).due, kStart + minutes(3));
}

}  // namespace
}  // namespace kedge
