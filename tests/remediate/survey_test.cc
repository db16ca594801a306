// From planned to the first attempt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/remediate/play.h"

namespace kedge {
namespace {

using Luck = FakeWorld::Luck;
using std::chrono::seconds;

TEST(Survey, ConfirmsWithoutAWriteWhatHoldsAlready) {
  Play play;
  play.world.set("a", "right");
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.story(), "plan confirmation");
  EXPECT_TRUE(play.world.writes().empty());
}

TEST(Survey, AnnouncesAPlanWithoutAStepAndProvesNothing) {
  Play play;
  ASSERT_TRUE(play.commit(AddPause{{"all", "maintenance", "alice", play.ledger.now()}}).done());
  const auto id = play.open({});
  EXPECT_EQ(play.run(id), State::announced) << "telling people is no effect: no pause holds it up";
  EXPECT_EQ(play.story(), "pause plan announcement");
  EXPECT_EQ(play.world.reads(), 0U);
}

TEST(Survey, ObservesEveryStepBeforeItWritesAny) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  size_t reads_before_first_write = 0;
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes && reads_before_first_write == 0) reads_before_first_write = play.world.reads();
  });
  const auto id = play.open({set_step("a"), set_step("b")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(reads_before_first_write, 2U);
}

TEST(Survey, KeepsTheStateBeforeOfEveryStepInTheCommitOfTheFirstAttempt) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "bad");
  bool seen = false;
  std::string id;
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes || std::exchange(seen, true)) return;
    const Remediation stored = play.stored(id);
    EXPECT_EQ(stored.state, State::running);
    EXPECT_EQ(stored.steps[0].before->full, (nlohmann::json{{"value", "wrong"}}));
    EXPECT_EQ(stored.steps[1].before->full, (nlohmann::json{{"value", "bad"}}));
    EXPECT_EQ(request.headers.at(0).value, "kedge/0.1.0 (mark " + stored.steps[0].mark + ")");
  });
  id = play.open({set_step("a"), set_step("b")});
  play.run(id);
  EXPECT_TRUE(seen);
}

TEST(Survey, HoldsWhatCannotBeToldForCertain) {
  Play play;
  play.world.set("a", "?");
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.stored(id).guard, "observation");
  EXPECT_EQ(play.stored(id).reason, "the witnesses disagree");
}

TEST(Survey, HoldsWhatItMayNotLookAtAndSaysWhatWouldHelp) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_reads({Luck::refused});
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.stored(id).guard, "observation");
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("needs world:Write"));
}

TEST(Survey, LooksAgainAfterAWhileWhenTheWorldIsBusy) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_reads({Luck::busy, Luck::request_lost, Luck::busy});
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Survey, ShowsALongWaitInTheLedgerAndResumesByItself) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_reads(std::deque<Luck>(100, Luck::request_lost));  // each takes its 20 seconds
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(130)), State::waiting);
  EXPECT_EQ(play.stored(id).guard, "observation");
  play.world.next_reads({});
  EXPECT_EQ(play.run(id), State::confirmed);
}

TEST(Survey, HoldsWhatCouldNotBeSeenForAsLongAsARemediationMayTake) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_reads(std::deque<Luck>(1000, Luck::request_lost));
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::held);
}

TEST(Survey, BelievesThatAThingIsGoneOnlyWhenItWasLookedForTwice) {
  Play play;
  const auto id = play.open({set_step("a")});
  bool made = false;
  play.world.watch([&](const HttpRequest&) {
    if (play.world.reads() == 1 && !std::exchange(made, true)) play.world.set("a", "wrong");  // it was only new
  });
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.value("a"), "right");
}

TEST(Survey, ConfirmsThatNothingIsLeftToDoForAThingThatIsGone) {
  Play play;
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("gone"));
  EXPECT_TRUE(play.world.writes().empty());
  EXPECT_GE(play.world.reads(), 2U);
}

TEST(Survey, HoldsOnRecordWhatAPauseKeepsFromActingAndLetsItGoOnWhenThePauseEnds) {
  Play play;
  play.world.set("a", "wrong");
  ASSERT_TRUE(play.commit(AddPause{{"all", "maintenance", "alice", play.ledger.now()}}).done());
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::held);
  const Remediation held = play.stored(id);
  EXPECT_EQ(held.guard, "pause");
  EXPECT_EQ(held.reason, "effects are paused (all); to go on: kedge resume. Paused by alice: maintenance");
  EXPECT_EQ(play.story(), "pause plan hold");
  EXPECT_TRUE(play.world.writes().empty());

  const Answer resumed = play.commit(RemovePause{"all", "alice"});
  ASSERT_EQ(resumed.runnable.size(), 1U) << "it is handed to the executor in the commit that ends the pause";
  play.take_up(id);
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.story(), "pause plan hold resume approval attempt outcome confirmation");
}

TEST(Survey, ConfirmsDuringAPauseWhatHoldsAlready) {
  Play play;
  play.world.set("a", "right");
  ASSERT_TRUE(play.commit(AddPause{{"all", "maintenance", "alice", play.ledger.now()}}).done());
  EXPECT_EQ(play.run(play.open({set_step("a")})), State::confirmed);
}

TEST(Survey, HoldsForThePauseFileAsForAPause) {
  Play play;
  play.world.set("a", "wrong");
  play.stopped = "the file /data/pause is there";  // the ledger has not heard of it yet
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(1)), State::planned);
  ASSERT_TRUE(play.commit(AddPause{{"file:/data/pause", *play.stopped, "alice", play.ledger.now()}}).done());
  play.stopped.reset();
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("to go on: rm /data/pause"));
}

TEST(Survey, WaitsForTheEnginesOwnTroubleShowsItAfterAWhileAndLooksAgainAfterwards) {
  Play play;
  play.world.set("a", "wrong");
  play.stopped = "a foreign member is in the group";
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(20)), State::planned);
  EXPECT_EQ(play.run(id, std::chrono::hours(3)), State::waiting);
  EXPECT_EQ(play.stored(id).guard, "effects");
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("a foreign member is in the group"));
  EXPECT_EQ(play.story(), "plan hold") << "one record, however long it takes";
  EXPECT_EQ(play.world.reads(), 1U);
  EXPECT_TRUE(play.world.writes().empty());

  play.crash(id);  // a restart changes nothing
  EXPECT_EQ(play.run(id, std::chrono::hours(1)), State::waiting);
  play.world.set("a", "right");  // somebody else was quicker
  play.stopped.reset();
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_TRUE(play.world.writes().empty());
}

TEST(Survey, ExpiresUndoneWhereNobodyApprovesInTimeAlsoOverARestart) {
  for (const bool restarts : {false, true}) {
    Play play;
    play.world.set("a", "wrong");
    Policy policy;
    policy.mode = Mode::enforce;
    policy.approvals = 1;
    const auto id = play.open({set_step("a")}, policy);
    EXPECT_EQ(play.run(id, std::chrono::minutes(59)), State::held);
    if (restarts) play.crash(id);
    EXPECT_EQ(play.run(id, std::chrono::minutes(2)), State::expired);
    EXPECT_TRUE(play.world.writes().empty());
  }
}

TEST(Survey, IsHeldForNobodyForEver) {
  for (const bool restarts : {false, true}) {
    Play play;
    play.world.set("a", "wrong");
    Policy policy;
    policy.mode = Mode::enforce;
    policy.window = "no such window";
    const auto id = play.open({set_step("a")}, policy);
    EXPECT_EQ(play.run(id, std::chrono::hours(24 * 30) - std::chrono::minutes(1)), State::held);
    if (restarts) play.crash(id);
    EXPECT_EQ(play.run(id, std::chrono::minutes(2)), State::expired);
    EXPECT_TRUE(play.world.writes().empty());
  }
}

TEST(Survey, IsInDoubtForNobodyForEver) {
  for (const bool restarts : {false, true}) {
    Play play;
    play.world.set("a", "?");
    const auto id = play.open({set_step("a")});
    EXPECT_EQ(play.run(id, std::chrono::hours(24 * 30) - std::chrono::minutes(1)), State::held);
    if (restarts) play.crash(id);
    EXPECT_EQ(play.run(id, std::chrono::minutes(2)), State::expired);
    EXPECT_TRUE(play.world.writes().empty());
  }
}

TEST(Survey, LetsNoApprovalExpireWhileTheWallClockIsInDoubt) {
  Play play;
  play.world.set("a", "wrong");
  Policy policy;
  policy.mode = Mode::enforce;
  policy.approvals = 1;
  const auto id = play.open({set_step("a")}, policy);
  EXPECT_EQ(play.run(id, std::chrono::minutes(1)), State::held);
  play.clock.set_wall(play.clock.now() + std::chrono::hours(2));
  EXPECT_EQ(play.run(id, std::chrono::hours(3)), State::held);
  play.clock.set_wall(play.ledger.now());
  EXPECT_EQ(play.run(id, std::chrono::minutes(1)), State::expired);
}

TEST(Survey, ActsOnAnApprovalInTime) {
  Play play;
  play.world.set("a", "wrong");
  Policy policy;
  policy.mode = Mode::enforce;
  policy.approvals = 1;
  const auto id = play.open({set_step("a")}, policy);
  EXPECT_EQ(play.run(id, std::chrono::minutes(59)), State::held);
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::resume, "alice", "yes"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id), State::confirmed);
}

TEST(Survey, WaitsForTheBudgetAndIsObservedAnew) {
  Play play(1, 1);
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  const auto first = play.open({set_step("a")});
  EXPECT_EQ(play.run(first), State::confirmed);
  const auto second = play.open({set_step("b")});
  EXPECT_EQ(play.run(second, seconds(1)), State::waiting);
  EXPECT_EQ(play.stored(second).guard, "budget");
  play.world.set("b", "right");
  EXPECT_EQ(play.run(second), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

// The one before may be held for days.
TEST(Survey, WaitsForALockWithoutAskingAgain) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({FakeWorld::Luck::request_lost});
  const auto first = play.open({set_step("a", "right", "test.set_once")});
  EXPECT_EQ(play.run(first), State::held);
  const auto second = play.open({set_step("a")});
  EXPECT_EQ(play.run(second, std::chrono::hours(1)), State::waiting);
  EXPECT_EQ(play.stored(second).guard, "locks");
  const int64_t head = play.ledger.head();
  play.crash(second);
  EXPECT_EQ(play.run(second, std::chrono::hours(1)), State::waiting);
  EXPECT_EQ(play.ledger.head(), head);

  const Answer ended = play.commit(PersonalMove{first, Move::cancel, "alice", "the other one does it"});
  ASSERT_EQ(ended.runnable.size(), 1U);
  play.take_up(second);
  EXPECT_EQ(play.run(second), State::confirmed);
}

TEST(Survey, LooksAgainWhenAnAttemptOnTheSameThingEndedSinceItBeganToLook) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  const auto first = play.open({set_step("a")});
  auto first_job = std::move(play.job);
  const auto second = play.open({set_step("a", "other"), set_step("b")});
  bool ran = false;
  play.world.watch([&](const HttpRequest& request) {
    if (!request.url.ends_with("/b") || std::exchange(ran, true)) return;
    std::swap(play.job, first_job);  // in the middle of the second's survey
    EXPECT_EQ(play.run(first), State::confirmed);
    std::swap(play.job, first_job);
  });
  play.run(second);
  EXPECT_EQ(play.stored(second).steps[0].before->full, (nlohmann::json{{"value", "right"}}));
}

TEST(Survey, HoldsAPlanThatThisEngineCannotCarryOut) {
  Play play;
  const auto unknown = play.open({set_step("a", "right", "test.unheard_of")});
  EXPECT_EQ(play.run(unknown), State::held);
  EXPECT_EQ(play.stored(unknown).guard, "action");
  Step newer = set_step("a");
  newer.version = 7;
  const auto other = play.open({newer});
  EXPECT_EQ(play.run(other), State::held);
  EXPECT_THAT(play.stored(other).reason, testing::HasSubstr("version 7"));
}

TEST(Survey, TriesAgainWhenTheLedgerHadNoRoomAndWritesNothingMeanwhile) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a")});
  play.ledger.answer_with(Outcome::no_room);
  EXPECT_EQ(play.run(id, seconds(60)), State::planned);
  EXPECT_TRUE(play.world.writes().empty());
  play.ledger.answer_with(Outcome::done);
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Survey, LeavesWhatAPersonHasCancelled) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a")});
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::cancel, "alice", "meant"}).done());
  EXPECT_EQ(play.run(id), State::cancelled);
  EXPECT_TRUE(play.world.writes().empty());
}

TEST(Survey, ResumesAtObservationWhatAPersonApproved) {
  Play play;
  play.world.set("a", "?");
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::held);
  play.world.set("a", "wrong");
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::resume, "alice", "checked"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id), State::confirmed);
}

}  // namespace
}  // namespace kedge
