#include "source/handed_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <map>

#include "tests/source/fake_positions.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = PartitionStatus::State;

const PartitionId kPartition = {"this-host", "sensor", 0};

// An engine from a start until it ends: a source, and a lane that commits to the ledger when it is told to.
struct Engine {
  Engine(FakePositions& ledger, const TemporaryDirectory& place, size_t queue_bytes = 1U << 20U)
      : positions(ledger),
        mailbox(queue_bytes),
        source({.name = "this-host", .topic = "sensor", .mark_file = (place.path() / "decided").string()}, {&mailbox},
               positions, clock, random) {}
  ~Engine() {
    source.stop(Duration{0});
    for (auto& one : handing) one.wait();
  }

  // On a thread of its own.
  std::future<HandedSource::Taken>& hand_in(const std::vector<std::string>& values) {
    handing.push_back(std::async(std::launch::async, [this, values] {
      std::vector<SourceMessage> events;
      for (const std::string& value : values) {
        SourceMessage& event = events.emplace_back();
        event.key = "web1";
        event.value = value;
        event.has_key = true;
      }
      return source.hand_in(events, stopping.get_token());
    }));
    return handing.back();
  }

  std::optional<Batch> take() { return mailbox.take(minutes(1)); }

  // As a lane does.
  bool commit(const Batch& batch) {
    if (!positions.move(batch)) {
      source.reconsider("sensor", 0, Permission::none);
      return false;
    }
    for (const SourceMessage& message : batch.messages()) decided[message.offset] = message.value;
    source.committed(batch.shared_assignment(), batch.next());
    return true;
  }
  // Until so many events are decided.
  void decide(size_t count) {
    while (decided.size() < count) {
      const auto batch = take();
      ASSERT_TRUE(batch) << "nothing was handed over";
      if (!batch->assignment().revoked) commit(*batch);
    }
  }

  SourceStatus status_when(const std::function<bool(const SourceStatus&)>& done) const {
    Mailbox<int> nothing(1);
    const auto end = std::chrono::steady_clock::now() + minutes(1);
    while (!done(source.status()) && std::chrono::steady_clock::now() < end) nothing.take(milliseconds(1));
    return source.status();
  }
  State state() const { return source.status().partitions.front().state; }

  FakePositions& positions;
  SystemClock clock;
  Random random;
  Mailbox<Batch> mailbox;
  HandedSource source;
  std::stop_source stopping;
  std::vector<std::future<HandedSource::Taken>> handing;
  std::map<int64_t, std::string> decided;  // by its number
};

std::vector<std::string> values_of(const Batch& batch) {
  std::vector<std::string> values;
  for (const SourceMessage& message : batch.messages()) values.emplace_back(message.value);
  return values;
}

class HandedSourceTest : public testing::Test {
 protected:
  DecidedMark mark() const { return parse_mark(place.read("decided")); }

  const TemporaryDirectory place;
  FakePositions ledger;
};

TEST_F(HandedSourceTest, ReturnsWhenTheLedgerHasWhatWasDecided) {
  Engine engine(ledger, place);
  auto& handed = engine.hand_in({"one", "two"});
  const auto batch = engine.take();
  ASSERT_TRUE(batch);
  EXPECT_THAT(values_of(*batch), ElementsAre("one", "two"));
  EXPECT_EQ(batch->messages()[0].key, "web1");
  EXPECT_EQ(handed.wait_for(milliseconds(100)), std::future_status::timeout);
  EXPECT_EQ(mark().next, 0);
  ASSERT_TRUE(engine.commit(*batch));
  const auto taken = handed.get();
  engine.handing.clear();
  EXPECT_EQ(taken.events, 2U);
  EXPECT_FALSE(taken.error);
  EXPECT_EQ(mark().next, 2);
  EXPECT_EQ(mark().ledger, ledger.ledger_id());
  EXPECT_EQ(engine.source.status().messages, 2U);
  EXPECT_EQ(engine.state(), State::reading);
}

TEST_F(HandedSourceTest, NumbersGoOnOverARestartWithoutAGap) {
  for (const auto& values : {std::vector<std::string>{"one", "two"}, {"three"}}) {
    Engine engine(ledger, place);
    engine.hand_in(values);
    engine.decide(values.size());
    EXPECT_EQ(engine.handing.front().get().events, values.size());
    engine.handing.clear();
    EXPECT_THAT(ledger.notices(), IsEmpty());
  }
  EXPECT_EQ(ledger.at(kPartition)->next, 3);
  EXPECT_EQ(ledger.at(kPartition)->epoch, 2U);
}

// The engine is killed between its commit and the word of it: whoever hands in still has all of them.
TEST_F(HandedSourceTest, LeavesOutWhatTheLedgerHasAndHandsInTheRest) {
  {
    Engine engine(ledger, place);
    engine.hand_in({"one", "two"});
    ASSERT_TRUE(ledger.move(*engine.take()));
  }
  Engine engine(ledger, place);
  auto& handed = engine.hand_in({"one", "two", "three"});
  const auto batch = engine.take();
  ASSERT_TRUE(batch);
  EXPECT_THAT(values_of(*batch), ElementsAre("three"));
  EXPECT_EQ(batch->messages()[0].offset, 2);
  engine.commit(*batch);
  EXPECT_EQ(handed.get().events, 3U);
  engine.handing.clear();
  EXPECT_EQ(engine.source.status().repeated, 2U);
}

TEST_F(HandedSourceTest, WhatWasHandedOverAndNotCommittedComesAgain) {
  {
    Engine engine(ledger, place);
    engine.hand_in({"one", "two"});
    EXPECT_TRUE(engine.take());
  }
  Engine engine(ledger, place);
  engine.hand_in({"one", "two"});
  engine.decide(2);
  EXPECT_EQ(engine.handing.front().get().events, 2U);
  engine.handing.clear();
  EXPECT_THAT(engine.decided,
              ElementsAre(std::pair<int64_t, std::string>(0, "one"), std::pair<int64_t, std::string>(1, "two")));
}

TEST_F(HandedSourceTest, WaitsWhileItsLaneIsFull) {
  Engine engine(ledger, place, 1);
  std::vector<std::string> large(3, std::string(300U << 10U, 'x'));
  for (size_t i = 0; i < large.size(); ++i) large[i] += std::to_string(i);
  engine.hand_in(large);
  const SourceStatus full =
      engine.status_when([](const SourceStatus& s) { return s.partitions[0].state == State::paused; });
  EXPECT_EQ(full.partitions[0].state, State::paused);
  EXPECT_EQ(full.pauses, 1U);
  EXPECT_TRUE(full.reading);
  engine.decide(3);
  EXPECT_EQ(engine.handing.front().get().events, 3U);
  engine.handing.clear();
  EXPECT_EQ(engine.state(), State::reading);
}

TEST_F(HandedSourceTest, AStopInTheMiddleSaysHowMuchIsDecided) {
  Engine engine(ledger, place, 1);
  std::vector<std::string> large(3, std::string(300U << 10U, 'x'));
  auto& handed = engine.hand_in(large);
  engine.decide(1);
  engine.stopping.request_stop();
  const auto taken = handed.get();
  engine.handing.clear();
  ASSERT_TRUE(taken.error);
  EXPECT_GE(taken.events, 0U);
  EXPECT_LT(taken.events, 3U);
  EXPECT_EQ(mark().next, static_cast<int64_t>(taken.events));
  // What lies in the mailbox is of an assignment that is over.
  while (const auto left = engine.mailbox.take(Duration{0})) EXPECT_TRUE(left->assignment().revoked);
}

TEST_F(HandedSourceTest, SendsAwayWhoeverHandsInWhenItIsStopped) {
  Engine engine(ledger, place);
  auto& handed = engine.hand_in({"one"});
  ASSERT_TRUE(engine.take());
  EXPECT_TRUE(engine.source.stop(Duration{0}));
  const auto taken = handed.get();
  engine.handing.clear();
  EXPECT_EQ(taken.events, 0U);
  EXPECT_THAT(taken.error->message, HasSubstr("stopping"));
}

TEST_F(HandedSourceTest, AClosedLaneTakesNothingAndNothingIsLost) {
  Engine engine(ledger, place);
  engine.mailbox.close();
  EXPECT_TRUE(engine.hand_in({"one"}).get().error);
  engine.handing.clear();
  EXPECT_EQ(ledger.at(kPartition)->next, 0);
}

TEST_F(HandedSourceTest, ABatchThatTheLedgerRefusedIsHandedInAnewAtOnce) {
  Engine engine(ledger, place);
  auto& handed = engine.hand_in({"one", "two"});
  const auto batch = engine.take();
  ASSERT_TRUE(batch);
  Position moved = *ledger.at(kPartition);
  ++moved.epoch;
  ledger.set(kPartition, moved);
  EXPECT_FALSE(engine.commit(*batch));
  engine.decide(2);
  EXPECT_EQ(handed.get().events, 2U);
  engine.handing.clear();
  EXPECT_TRUE(batch->assignment().revoked);
}

TEST_F(HandedSourceTest, IsInDoubtUntilItIsKnownHowFarItWasDecided) {
  Engine engine(ledger, place);
  ASSERT_TRUE(engine.source.ledger_in_doubt());
  EXPECT_THAT(*engine.source.ledger_in_doubt(), HasSubstr("not known yet"));
  EXPECT_FALSE(engine.source.status().reading);
  engine.source.attend();
  EXPECT_FALSE(engine.source.ledger_in_doubt());
  EXPECT_TRUE(engine.source.status().reading);
  EXPECT_FALSE(engine.source.not_alone());
}

TEST_F(HandedSourceTest, AnOlderLedgerIsDoubtedAndGetsNothing) {
  {
    Engine engine(ledger, place);
    engine.hand_in({"one"});
    engine.decide(1);
    EXPECT_EQ(engine.handing.front().get().events, 1U);
    engine.handing.clear();
  }
  Position older = *ledger.at(kPartition);
  older.next = 0;
  older.bookmark.reset();
  ledger.set(kPartition, older);
  Engine engine(ledger, place);
  engine.source.attend();
  ASSERT_TRUE(engine.source.ledger_in_doubt());
  EXPECT_THAT(*engine.source.ledger_in_doubt(), HasSubstr("the ledger is an older copy"));
  EXPECT_TRUE(engine.hand_in({"two"}).get().error);
  engine.handing.clear();
  EXPECT_EQ(engine.state(), State::stopped);
  ASSERT_EQ(ledger.notices().size(), 1U);  // once, however often it is asked
  EXPECT_EQ(ledger.notices()[0].kind, ReadingNotice::Kind::ledger_behind);
  EXPECT_EQ(ledger.at(kPartition)->next, 0);
}

TEST_F(HandedSourceTest, WhatBelongsToAnotherLedgerWaitsForAPerson) {
  FakePositions theirs("ledger-b");
  {
    Engine engine(theirs, place);
    engine.hand_in({"one"});
    engine.decide(1);
    EXPECT_EQ(engine.handing.front().get().events, 1U);
    engine.handing.clear();
  }
  Engine engine(ledger, place);
  engine.source.attend();
  EXPECT_EQ(engine.state(), State::stopped);
  EXPECT_FALSE(engine.source.ledger_in_doubt());  // it is no older copy: other sources may go on
  EXPECT_THAT(engine.source.status().problems, ElementsAre(HasSubstr("kedge source adopt")));
  EXPECT_FALSE(ledger.at(kPartition));
  engine.source.reconsider("sensor", 0, Permission::adopt);
  engine.source.attend();
  EXPECT_EQ(engine.state(), State::reading);
  EXPECT_THAT(engine.source.status().problems, IsEmpty());
  EXPECT_EQ(ledger.at(kPartition)->next, 1);
  EXPECT_EQ(mark().ledger, "ledger-a");
}

TEST_F(HandedSourceTest, WhatTheLaneHoldsIsNotHandedInUntilSomebodyDecides) {
  Engine engine(ledger, place);
  auto& handed = engine.hand_in({"one", "two"});
  const auto batch = engine.take();
  ASSERT_TRUE(batch);
  engine.source.hold(batch->shared_assignment(), "too much of it is poison");
  const auto taken = handed.get();
  engine.handing.clear();
  EXPECT_EQ(taken.events, 0U);
  EXPECT_EQ(taken.error->message, "too much of it is poison");
  ASSERT_TRUE(ledger.move(*batch));  // the lane's commit moves the position behind it
  EXPECT_TRUE(engine.hand_in({"one", "two"}).get().error);
  engine.handing.clear();
  engine.source.reconsider("sensor", 0, Permission::accept);
  engine.hand_in({"one", "two", "three"});
  engine.decide(1);
  EXPECT_EQ(engine.handing.front().get().events, 3U);
  engine.handing.clear();
  EXPECT_THAT(engine.decided, ElementsAre(std::pair<int64_t, std::string>(2, "three")));
}

TEST_F(HandedSourceTest, WordOfAFormerAssignmentCountsForNothing) {
  Engine engine(ledger, place);
  auto& handed = engine.hand_in({"one"});
  const auto batch = engine.take();
  ASSERT_TRUE(batch);
  engine.stopping.request_stop();
  EXPECT_EQ(handed.get().events, 0U);
  engine.handing.clear();
  engine.source.committed(batch->shared_assignment(), 1);
  engine.source.hold(batch->shared_assignment(), "late");
  engine.source.attend();
  EXPECT_EQ(engine.source.status().partitions[0].committed, 0);
  EXPECT_EQ(engine.state(), State::reading);
}

TEST_F(HandedSourceTest, AnUnreadableMarkIsAProblemAndNoBeginning) {
  std::filesystem::create_directory(place.path() / "decided");
  Engine engine(ledger, place);
  EXPECT_TRUE(engine.hand_in({"one"}).get().error);
  engine.handing.clear();
  EXPECT_EQ(engine.state(), State::asking);
  EXPECT_TRUE(engine.source.ledger_in_doubt());
  EXPECT_EQ(engine.source.status().problems.size(), 1U);
  std::filesystem::remove(place.path() / "decided");
  engine.source.attend();
  EXPECT_EQ(engine.state(), State::reading);
}

}  // namespace
}  // namespace kedge
