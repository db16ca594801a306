// From the first durable attempt to the last outcome.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/remediate/play.h"

namespace kedge {
namespace {

using Luck = FakeWorld::Luck;
using std::chrono::milliseconds;
using std::chrono::seconds;

Step with(Step step, OnFailure on_failure, int attempts = 4) {
  step.on_failure = on_failure;
  step.attempts = attempts;
  return step;
}

TEST(Carry, AppliesReadsBackAndConfirms) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.story(), "plan attempt outcome confirmation");
  const Remediation stored = play.stored(id);
  EXPECT_EQ(stored.steps[0].status, StepStatus::applied);
  EXPECT_EQ(stored.steps[0].after->full, (nlohmann::json{{"value", "right"}}));
}

TEST(Carry, CarriesTheOutcomeOfOneStepWithTheAttemptOfTheNext) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  const int64_t before = play.committer.figures().changes;
  const auto id = play.open({set_step("a"), set_step("b")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.story(), "plan attempt outcome attempt outcome confirmation");
  EXPECT_EQ(play.committer.figures().changes - before, 5);  // batch, start, attempt, outcome, conclusion
}

TEST(Carry, LeavesAStepThatHoldsAlreadyAlone) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "right");
  const auto id = play.open({set_step("a"), set_step("b")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.stored(id).steps[1].status, StepStatus::already);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Carry, MakesNoAttemptForAStepThatAnEarlierOneBroughtAbout) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a"), set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
  EXPECT_EQ(play.stored(id).steps[1].status, StepStatus::already);
}

TEST(Carry, ReadsBackUntilAnAcceptedWriteShows) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set_delay(seconds(12));
  play.world.next_writes({Luck::late});
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Carry, FailsWhatWasAcceptedAndNeverSeen) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({Luck::ignored});
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::failed);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("did not hold within 1m"));
  EXPECT_EQ(play.world.writes().size(), 1U);
}

// Somebody makes it wrong again as soon as our write has arrived, so that it never shows.
void change_behind_our_writes(Play& play, int times) {
  auto left = std::make_shared<int>(times);
  play.world.watch([&play, left](const HttpRequest& request) {
    if (!request.writes && play.world.value("a") == "right" && (*left)-- > 0) play.world.set("a", "wrong");
  });
}

TEST(Carry, AttemptsAnewWhatWasFoundAgainBehindItsWrite) {
  Play play;
  play.world.set("a", "wrong");
  change_behind_our_writes(play, 1);
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(20)), State::running);
  play.find_again(id);
  EXPECT_EQ(play.run(id, seconds(20)), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 2U);
  EXPECT_EQ(play.story(), "plan attempt plan outcome attempt outcome confirmation");
}

TEST(Carry, DoesNotTakeALateFindingForAChangeWhileItsWriteMayNotShowYet) {
  Play play;
  play.world.set("a", "wrong");
  play.options.visibility_delay = seconds(15);
  play.world.set_delay(seconds(12));
  play.world.next_writes({Luck::late});
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(1)), State::running);
  play.find_again(id);
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Carry, AttemptsWhatIsFoundAgainNoOftenerThanTheStepAllows) {
  Play play;
  play.world.set("a", "wrong");
  change_behind_our_writes(play, 100);
  const auto id = play.open({with(set_step("a"), OnFailure::stop, 2)});
  for (int i = 0; i < 4 && play.state(id) != State::failed; ++i) {
    play.run(id, seconds(15));
    if (play.state(id) == State::running) play.find_again(id);
  }
  EXPECT_EQ(play.run(id), State::failed);
  EXPECT_EQ(play.world.writes().size(), 2U);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("did not hold within 1m"));
}

TEST(Carry, DoesNotRepeatWhatMayNotBeRepeatedBecauseItWasFoundAgain) {
  Play play;
  play.world.set("a", "wrong");
  change_behind_our_writes(play, 1);
  const auto id = play.open({set_step("a", "right", "test.set_once")});
  EXPECT_EQ(play.run(id, seconds(20)), State::running);
  play.find_again(id);
  EXPECT_EQ(play.run(id), State::failed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Carry, TriesAgainWhenItWasSurelyNotDoneAndNotBeforeItWasAskedTo) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({Luck::busy});
  std::vector<Duration> writes;
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes) writes.push_back(play.clock.elapsed());
  });
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  ASSERT_EQ(writes.size(), 2U);
  EXPECT_GE(writes[1] - writes[0], seconds(3));
  EXPECT_EQ(play.story(), "plan attempt outcome attempt outcome confirmation");
  EXPECT_EQ(play.stored(id).steps[0].attempts, 2);
}

TEST(Carry, StopsAfterAsManyAttemptsAsTheStepAllows) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes(std::deque<Luck>(10, Luck::busy));
  const auto id = play.open({with(set_step("a"), OnFailure::stop, 3)});
  EXPECT_EQ(play.run(id), State::failed);
  EXPECT_EQ(play.world.writes().size(), 3U);
}

TEST(Carry, DoesNotRepeatWhatWasRefused) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({Luck::refused});
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::failed);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("needs world:Write"));
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Carry, FindsThatAnAttemptWithoutAnAnswerWasDone) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({Luck::answer_lost});
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
  EXPECT_EQ(play.stored(id).steps[0].status, StepStatus::applied);
}

TEST(Carry, RepeatsAnAttemptWithoutAnAnswerOnlyWhenTwoLooksSayThatItWasNotDone) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({Luck::request_lost});
  size_t reads_at_first = 0;
  size_t reads_at_second = 0;
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes) return;
    (reads_at_first == 0 ? reads_at_first : reads_at_second) = play.world.reads();
  });
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 2U);
  EXPECT_GE(reads_at_second - reads_at_first, 2U);
  EXPECT_EQ(play.story(), "plan attempt outcome attempt outcome confirmation");
}

TEST(Carry, WaitsForAWriteThatArrivesLateInsteadOfRepeatingIt) {
  Play play;
  play.options.call_timeout = seconds(20);
  play.world.set("a", "wrong");
  play.world.set_delay(seconds(21));  // a second behind the call's own timeout
  play.world.next_writes({Luck::arrives_late});
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Carry, DoesNotRepeatWhileTwoLooksDiffer) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({Luck::request_lost});
  size_t reads = 0;
  std::vector<std::string> looks;
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes) return looks.push_back("write");
    if (++reads >= 2 && reads <= 6) play.world.set("a", "wrong " + std::to_string(reads));
    looks.push_back(play.world.value("a"));
  });
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::confirmed);
  ASSERT_GE(looks.size(), 9U);
  EXPECT_EQ(looks[6], "wrong 6");
  EXPECT_EQ(looks[7], "wrong 6");
  EXPECT_EQ(looks[8], "write");
}

TEST(Carry, HoldsForAPersonWhatMayNotBeRepeated) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({Luck::request_lost});
  const auto id = play.open({set_step("a", "right", "test.set_once")});
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.stored(id).guard, "repetition");
  EXPECT_EQ(play.stored(id).figures, (nlohmann::json{{"action", "test.set_once"}, {"attempts", 1}}));
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Carry, GoesOnBehindAFailedStepWhenThePlanSaysSoAndEndsHonestly) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  play.world.next_writes({Luck::refused});
  const auto id = play.open({with(set_step("a"), OnFailure::proceed), set_step("b")});
  EXPECT_EQ(play.run(id), State::unconfirmed);
  EXPECT_EQ(play.world.value("b"), "right");
  EXPECT_EQ(play.stored(id).steps[0].status, StepStatus::failed);
  EXPECT_EQ(play.stored(id).steps[1].status, StepStatus::applied);
}

TEST(Carry, FailsWhenNothingOfAPlanThatGoesOnCouldBeDone) {
  Play play;
  play.world.set("a", "wrong");
  play.world.next_writes({Luck::refused});
  const auto id = play.open({with(set_step("a"), OnFailure::proceed)});
  EXPECT_EQ(play.run(id), State::failed);
}

TEST(Carry, UndoesInReverseWhatWasAppliedWhenAStepFails) {
  Play play;
  play.world.set("a", "old a");
  play.world.set("b", "old b");
  play.world.set("c", "old c");
  play.world.next_writes({Luck::fine, Luck::fine, Luck::refused});
  const auto id = play.open({set_step("a"), set_step("b"), with(set_step("c"), OnFailure::undo)});
  EXPECT_EQ(play.run(id), State::undone);
  const auto writes = play.world.writes();
  ASSERT_EQ(writes.size(), 5U);
  EXPECT_EQ(writes[3].name, "b");
  EXPECT_EQ(writes[4].name, "a");
  EXPECT_EQ(play.world.value("a"), "old a");
  EXPECT_EQ(play.world.value("b"), "old b");
}

TEST(Carry, StartsNoFurtherAttemptWhileEffectsAreStopped) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes) play.stopped = "paused";
  });
  const auto id = play.open({set_step("a"), set_step("b")});
  EXPECT_EQ(play.run(id, std::chrono::minutes(30)), State::running);
  EXPECT_EQ(play.world.writes().size(), 1U);
  EXPECT_EQ(play.stored(id).steps[0].status, StepStatus::applied) << "what was done is on record before the wait";
  play.world.watch(nullptr);
  play.stopped.reset();
  EXPECT_EQ(play.run(id), State::confirmed) << "the pause was not the step's time";
}

TEST(Carry, HoldsWhereTheGateSaysSoBetweenTwoSteps) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  const auto id = play.open({set_step("a"), set_step("b")});
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes) play.commit(AddPause{{"all", "maintenance", "alice", play.ledger.now()}});
  });
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.stored(id).guard, "pause");
  EXPECT_EQ(play.world.writes().size(), 1U);
  play.world.watch(nullptr);
  ASSERT_TRUE(play.commit(RemovePause{"all", "alice"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.stored(id).steps[0].before->full, (nlohmann::json{{"value", "wrong"}})) << "the first before stays";
}

TEST(Carry, DoesNotCountAsATryWhatWasKeptFromTheWorld) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({with(set_step("a"), OnFailure::stop, 1)});
  play.asked = [&] {  // between the attempt's commit and its first write
    if (play.state(id) == State::running) play.stopped = "a foreign member is in the group";
  };
  EXPECT_EQ(play.run(id, seconds(20)), State::running);
  EXPECT_TRUE(play.world.writes().empty());
  EXPECT_EQ(play.story(), "plan attempt outcome");
  play.asked = nullptr;
  play.stopped.reset();
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Carry, WritesNothingBehindAPauseOfItsRuleOrAccount) {
  for (const std::string scope : {"rule:aws.s3.public-bucket", "account:123456789012"}) {
    Play play;
    play.world.set("a", "wrong");
    const auto id = play.open({set_step("a")});
    play.asked = [&] {  // between the attempt's commit and its first write
      if (play.state(id) != State::running || !play.ledger.pauses()->empty()) return;
      ASSERT_TRUE(play.commit(AddPause{{scope, "a storm", "alice", play.ledger.now()}}).done());
    };
    EXPECT_EQ(play.run(id), State::held) << scope;
    EXPECT_EQ(play.stored(id).guard, "pause");
    EXPECT_TRUE(play.world.writes().empty()) << scope;
  }
}

TEST(Carry, WritesWhatAPauseOfAnotherRuleDoesNotConcern) {
  Play play;
  play.world.set("a", "wrong");
  ASSERT_TRUE(play.commit(AddPause{{"rule:another", "a storm", "alice", play.ledger.now()}}).done());
  EXPECT_EQ(play.run(play.open({set_step("a")})), State::confirmed);
}

TEST(Carry, GoesOnWhenTheThingIsGoneInTheMiddle) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes && request.url.ends_with("/a")) play.world.remove("b");
  });
  const auto id = play.open({set_step("a"), set_step("b")});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("gone"));
}

TEST(Carry, RecordsTheRequestIdsAndTheNumberOfWrites) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a")});
  play.run(id);
  const auto traces = play.ledger.attempts_by_request("request-2");
  ASSERT_EQ(traces->size(), 1U);
  EXPECT_EQ(traces->front().remediation, id);
}

TEST(Carry, RecordsTheOutcomeOfAnEffectOnceTheLedgerHasRoomAgain) {
  Play play;
  play.world.set("a", "wrong");
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes) play.ledger.answer_with(Outcome::no_room);
  });
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(60)), State::running);
  play.ledger.answer_with(Outcome::done);
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

// ---- after a crash -----------------------------------------------------------------------------------------------

// Runs until the first write is on its way, then lets the engine die.
std::string crash_at_first_write(Play& play, std::vector<Step> steps) {
  struct Died {};
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes) throw Died();
  });
  const auto id = play.open(std::move(steps));
  EXPECT_THROW(play.run(id), Died);
  play.world.watch(nullptr);
  play.crash(id);
  return id;
}

TEST(CarryAfterACrash, GoesOnAtOnceWhenTheAttemptWasDone) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = crash_at_first_write(play, {set_step("a")});
  play.world.set("a", "right");  // it had arrived
  EXPECT_EQ(play.run(id, milliseconds(0)), State::confirmed);
  EXPECT_TRUE(play.world.writes().empty());
  EXPECT_EQ(play.stored(id).steps[0].status, StepStatus::applied);
}

TEST(CarryAfterACrash, WaitsForWhatMayStillBeOnItsWayBeforeItRepeats) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = crash_at_first_write(play, {set_step("a")});
  EXPECT_EQ(play.run(id, seconds(20)), State::unknown);
  EXPECT_TRUE(play.world.writes().empty());
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(CarryAfterACrash, HoldsWhatMayNotBeRepeated) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = crash_at_first_write(play, {set_step("a", "right", "test.set_once")});
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_TRUE(play.world.writes().empty());
}

TEST(CarryAfterACrash, GoesOnWithTheNextStep) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  struct Died {};
  bool second = false;
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes && request.url.ends_with("/b") && std::exchange(second, true)) throw Died();
  });
  const auto id = play.open({set_step("a"), set_step("b")});
  EXPECT_THROW(play.run(id), Died);
  play.world.watch(nullptr);
  play.crash(id);
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 2U);
}

}  // namespace
}  // namespace kedge
