// What isolates stands for its time, and is released and read back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/remediate/play.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class LeaseTest : public testing::Test {
 protected:
  LeaseTest() {
    play.world.set("a", "open");
    play.world.set("b", "wrong");
  }

  static Policy for_an_hour() {
    Policy policy;
    policy.lease = hours(1);
    return policy;
  }
  // "a" is isolated, "b" put right.
  std::string isolated(Policy policy = for_an_hour()) {
    const auto id = play.isolate({set_step("a", "isolated")}, {set_step("b")}, std::move(policy));
    EXPECT_EQ(play.run(id, minutes(30)), State::isolated);
    EXPECT_EQ(play.world.value("a"), "isolated");
    EXPECT_EQ(play.world.value("b"), "right");
    return id;
  }
  void expect_released(const std::string& id) {
    EXPECT_EQ(play.run(id), State::confirmed);
    EXPECT_EQ(play.world.value("a"), "open");
    EXPECT_EQ(play.world.value("b"), "right") << "only what isolates is undone";
    EXPECT_EQ(play.stored(id).steps[0].status, StepStatus::undone);
  }
  int alarms() {
    int number = 0;
    const auto journal = play.ledger.journal(0, 1000);
    for (const JournalEntry& entry : *journal) number += entry.bytes.find("lease-overdue") != std::string::npos;
    return number;
  }

  Play play;
};

TEST_F(LeaseTest, StandsForItsTimeAndIsReleasedAndReadBack) {
  const auto id = isolated();
  ASSERT_TRUE(play.stored(id).due);
  EXPECT_GE(*play.stored(id).due, play.ledger.now() + minutes(29));
  expect_released(id);
  EXPECT_EQ(play.story(), "plan attempt outcome attempt outcome confirmation release attempt outcome confirmation");
}

TEST_F(LeaseTest, LastsADayWhereNothingElseIsSaid) {
  const auto id = isolated({});
  EXPECT_EQ(play.run(id, hours(23)), State::isolated);
  expect_released(id);
}

TEST_F(LeaseTest, IsOverAtOnceWhereTheTargetIsReplaced) {
  Remediation replaced;
  replaced.plan.replace = {set_step("b")};
  EXPECT_EQ(lease_of(replaced), Duration{0});
  replaced.policy.lease = minutes(5);
  EXPECT_EQ(lease_of(replaced), minutes(5));
}

TEST_F(LeaseTest, OutlivesTheEngine) {
  const auto id = isolated();
  play.crash(id);
  EXPECT_EQ(play.run(id, minutes(20)), State::isolated);
  expect_released(id);
}

TEST_F(LeaseTest, GoesOnBeingReleasedAfterACrash) {
  const auto id = isolated();
  bool died = false;
  play.world.watch([&](const HttpRequest& request) { died = died || request.writes; });
  while (!died) play.run(id, minutes(10));
  play.crash(id);
  expect_released(id);
}

TEST_F(LeaseTest, EndsByAPersonsWord) {
  const auto id = isolated();
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::release, "alice", "it is clean"}).done());
  play.take_up(id);
  expect_released(id);
}

TEST_F(LeaseTest, IsUndoneWithAllElseByAPersonsWord) {
  const auto id = isolated();
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("a"), "open");
  EXPECT_EQ(play.world.value("b"), "wrong");
}

TEST_F(LeaseTest, AnUndoAfterItsReleaseLeavesAloneWhatIsReleased) {
  const auto id = isolated();
  expect_released(id);
  play.world.set("a", "another's");
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("a"), "another's");
  EXPECT_EQ(play.world.value("b"), "wrong");
}

TEST_F(LeaseTest, IsHeldForAPersonWhereSomebodyElseChangedTheIsolation) {
  const auto id = isolated();
  play.world.set("a", "another's");
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.stored(id).guard, "release");
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("changed by somebody else"));
  EXPECT_TRUE(play.stored(id).figures.contains("difference"));
  EXPECT_EQ(play.world.value("a"), "another's");
}

TEST_F(LeaseTest, IsHeldForAPersonWhereItCannotBeReleased) {
  const auto id = isolated();
  play.world.next_writes(std::deque<FakeWorld::Luck>(50, FakeWorld::Luck::refused));
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.world.value("a"), "isolated");
  // A yes lets it be isolated for once more its time, and released then.
  play.world.next_writes({});
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::resume, "alice", "try again"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id, minutes(30)), State::isolated);
  expect_released(id);
}

TEST_F(LeaseTest, IsNotReleasedWhileEffectsAreStoppedAndPeopleHearOfItOnce) {
  const auto id = isolated();
  play.stopped = "maintenance";
  EXPECT_EQ(play.run(id), State::isolated);
  EXPECT_EQ(play.world.value("a"), "isolated");
  EXPECT_EQ(alarms(), 1);
  play.stopped.reset();
  expect_released(id);
}

TEST_F(LeaseTest, IsNoneWhereTheTargetWasIsolatedAlready) {
  play.world.set("a", "isolated");
  const auto id = play.isolate({set_step("a", "isolated")}, {set_step("b")}, for_an_hour());
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.value("a"), "isolated") << "who did that releases it";
}

TEST_F(LeaseTest, IsReleasedAlsoWhereItsTargetIsFoundAgainMeanwhile) {
  const auto id = isolated();
  bool found = false;
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes || std::exchange(found, true)) return;
    Finding again = sample_finding(7, play.stored(id).plan.target, play.ledger.now());
    again.plan = play.stored(id).plan;
    again.policy = play.stored(id).policy;
    CommitBatch batch;
    batch.findings = {again};
    EXPECT_EQ(play.commit(batch).dispositions.at(0).kind, Disposition::Kind::opened);
  });
  expect_released(id);
  EXPECT_TRUE(found);
}

TEST_F(LeaseTest, WhatIsFoundMeanwhileWaitsForItsEnd) {
  const auto id = isolated();
  Finding again = sample_finding(7, play.stored(id).plan.target, play.ledger.now());
  again.plan = play.stored(id).plan;
  again.policy = play.stored(id).policy;
  CommitBatch batch;
  batch.findings = {again};
  EXPECT_EQ(play.commit(batch).dispositions.at(0).kind, Disposition::Kind::opened);
  expect_released(id);
}

}  // namespace
}  // namespace kedge
