#include "agent/event_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

constexpr Duration kPatience = seconds(20);

class EventSenderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Spool::open((place.path() / "spool").string(), {});
    ASSERT_TRUE(opened);
    spool = *std::move(opened);
  }

  // Takes all but what `refused` says an error about.
  EventSender::Delivered deliver(const std::vector<std::string>& events) {
    const std::lock_guard lock(mutex);
    for (size_t i = 0; i < events.size(); ++i) {
      if (trouble) return {i, std::exchange(trouble, std::nullopt)};
      if (events[i] == "too large") return {i, Error{ErrorCode::limit, "it is too large"}};
      delivered.push_back(events[i]);
    }
    return {events.size(), std::nullopt};
  }
  std::unique_ptr<EventSender> sender() {
    EventSender::Line line;
    line.deliver = [this](const auto& events, const std::stop_token&) { return deliver(events); };
    line.announce = [](const SpoolSummary& summary) { return "summary of " + std::to_string(summary.events()); };
    line.rest = [this] { rests.put(true); };
    line.linger = linger;
    return std::make_unique<EventSender>(*spool, std::move(line));
  }

  const TemporaryDirectory place;
  std::unique_ptr<Spool> spool;
  std::mutex mutex;
  std::vector<std::string> delivered;
  std::optional<Error> trouble;
  Duration linger = seconds(5);
  Mailbox<bool> rests{SIZE_MAX};
};

TEST_F(EventSenderTest, DeliversAllThatWaitsBeforeItStops) {
  ASSERT_TRUE(spool->append({"one", "two", "three"}));
  sender()->stop(kPatience);
  EXPECT_THAT(delivered, ElementsAre("one", "two", "three"));
  EXPECT_EQ(spool->status().events, 0U);
}

TEST_F(EventSenderTest, LeavesInTheSpoolWhatIsNotDelivered) {
  ASSERT_TRUE(spool->append({"one", "two"}));
  trouble = Error{ErrorCode::unavailable, "no broker answers"};
  sender()->stop(kPatience);
  if (delivered.empty()) EXPECT_EQ(spool->status().events, 2U);
  sender()->stop(kPatience);
  EXPECT_THAT(delivered, ElementsAre("one", "two"));
}

TEST_F(EventSenderTest, TriesAgainUntilItIsDelivered) {
  trouble = Error{ErrorCode::unavailable, "no broker answers"};
  ASSERT_TRUE(spool->append({"one"}));
  const auto sending = sender();
  while (spool->status().events > 0) sending->wake();
  sending->stop(kPatience);
  EXPECT_THAT(delivered, ElementsAre("one"));
  EXPECT_EQ(sending->trouble(), std::nullopt);
}

TEST_F(EventSenderTest, RestsWhenNothingIsToBeSentAndDeliversAgainWhenItIsWoken) {
  linger = Duration{0};
  ASSERT_TRUE(spool->append({"one"}));
  const auto sending = sender();
  ASSERT_TRUE(rests.take(kPatience));
  EXPECT_EQ(spool->status().events, 0U);
  ASSERT_TRUE(spool->append({"two"}));
  sending->wake();
  ASSERT_TRUE(rests.take(kPatience));
  sending->stop(kPatience);
  EXPECT_THAT(delivered, ElementsAre("one", "two"));
}

TEST_F(EventSenderTest, RestsBetweenTwoTries) {
  trouble = Error{ErrorCode::unavailable, "no broker answers"};
  ASSERT_TRUE(spool->append({"one"}));
  const auto sending = sender();
  EXPECT_TRUE(rests.take(kPatience));
  sending->stop(kPatience);
}

TEST_F(EventSenderTest, WhatIsNeverTakenIsSummarisedAndWhatFollowsGoesOn) {
  ASSERT_TRUE(spool->append({"one", "too large", "two"}));
  sender()->stop(kPatience);
  EXPECT_THAT(delivered, ElementsAre("one", "summary of 1", "two"));
  EXPECT_EQ(spool->status().summarised, 0U);
}

}  // namespace
}  // namespace kedge
