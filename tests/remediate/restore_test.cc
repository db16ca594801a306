// Undo.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>

#include "base/json.h"
#include "guard/admission.h"
#include "tests/remediate/play.h"

namespace kedge {
namespace {

using Luck = FakeWorld::Luck;
using std::chrono::seconds;

// A confirmed remediation of two values, which a person wants undone.
std::string undone_by_a_person(Play& play, std::vector<Step> steps = {set_step("a"), set_step("b")}) {
  play.world.set("a", "old a");
  play.world.set("b", "old b");
  const auto id = play.open(std::move(steps));
  EXPECT_EQ(play.run(id), State::confirmed);
  return id;
}

void ask_for_undo(Play& play, const std::string& id) {
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  play.take_up(id);
}

TEST(Restore, PutsBackWhatWasThereBeforeTheLastStepFirst) {
  Play play;
  const auto id = undone_by_a_person(play);
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("a"), "old a");
  EXPECT_EQ(play.world.value("b"), "old b");
  const auto writes = play.world.writes();
  ASSERT_EQ(writes.size(), 4U);
  EXPECT_EQ(writes[2].name, "b");
  EXPECT_EQ(play.ledger.attempts_by_mark(mark_in_agent(writes[2].agent))->size(), 1U) << "it is known as our own";
  EXPECT_EQ(play.stored(id).steps[0].status, StepStatus::undone);
}

TEST(Restore, RefusesWithTheDifferenceWhenSomebodyElseHasChangedItSince) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.world.set("b", "somebody else's");
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::refused);
  EXPECT_EQ(play.world.value("b"), "somebody else's");
  EXPECT_EQ(play.world.value("a"), "right") << "nothing is undone by halves";
  const Json last = *parse_json(play.ledger.journal(0, 1000)->back().bytes);
  EXPECT_THAT(last.dump(), testing::HasSubstr("somebody else's"));
}

TEST(Restore, LooksAtAllStepsBeforeItUndoesTheFirst) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.world.set("a", "somebody else's");  // of the step that is undone last
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::refused);
  EXPECT_EQ(play.world.value("a"), "somebody else's");
  EXPECT_EQ(play.world.value("b"), "right") << "nothing is undone by halves";
  EXPECT_EQ(play.world.writes().size(), 2U);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("nothing is undone"));
}

TEST(Restore, SaysThatItEndsByHalvesWhenSomebodyChangesSomethingInItsMiddle) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes && request.url.ends_with("/b")) play.world.set("a", "somebody else's");
  });
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::refused);
  EXPECT_EQ(play.world.value("a"), "somebody else's");
  EXPECT_EQ(play.world.value("b"), "old b");
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("what it has restored until now stays so"));
  EXPECT_EQ(play.stored(id).steps[1].status, StepStatus::undone);
}

TEST(Restore, PutsBackInItsOrderWhereOneThingIsGone) {
  Play play;
  play.world.set("c", "old c");
  const auto id = undone_by_a_person(play, {set_step("a"), set_step("b"), set_step("c")});
  play.world.remove("b");
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::undone);
  const auto writes = play.world.writes();
  ASSERT_EQ(writes.size(), 5U);
  EXPECT_EQ(writes[3].name, "c");
  EXPECT_EQ(writes[4].name, "a");
}

TEST(Restore, SkipsWhatIsAsItWasBeforeAnyway) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.world.set("b", "old b");
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.writes().size(), 3U);
}

TEST(Restore, LeavesAloneWhatOurStepsDidNotChange) {
  Play play;
  play.world.set("a", "old a");
  play.world.set("b", "right");
  const auto id = play.open({set_step("a"), set_step("b")});
  EXPECT_EQ(play.run(id), State::confirmed);
  play.world.set("b", "anything");
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("b"), "anything");
}

TEST(Restore, RefusesWhatCannotBeUndone) {
  Play play;
  const auto id = undone_by_a_person(play, {set_step("a"), set_step("b", "right", "test.set_for_good")});
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::refused);
  EXPECT_EQ(play.world.writes().size(), 2U);
}

TEST(Restore, LetsOtherStepsGoFirstWhenOneCannotBeUndoneYet) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.world.next_writes({Luck::busy});
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::undone);
  const auto writes = play.world.writes();
  ASSERT_EQ(writes.size(), 5U);
  EXPECT_EQ(writes[2].name, "b");
  EXPECT_EQ(writes[3].name, "a");
  EXPECT_EQ(writes[4].name, "b");
}

TEST(Restore, FailsWhenItIsRefused) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.world.next_writes({Luck::refused});
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::failed);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("needs world:Write"));
}

// From wherever on: it does not look for ever.
TEST(Restore, FailsWhereNothingCanBeSeenAnyMoreAfterATryThatFailed) {
  for (size_t seen = 0; seen < 12; ++seen) {
    Play play;
    std::vector<Step> steps = {set_step("a"), set_step("b")};
    for (Step& step : steps) step.timeout = seconds(1);  // less than a look without an answer takes
    const auto id = undone_by_a_person(play, steps);
    play.world.next_writes({Luck::busy});
    std::deque<Luck> reads(seen, Luck::fine);
    reads.insert(reads.end(), 1000, Luck::request_lost);
    play.world.next_reads(std::move(reads));
    int calls = 0;
    play.world.watch([&](const HttpRequest&) {
      if (++calls > 500) throw std::runtime_error("it looks for ever");
    });
    ask_for_undo(play, id);
    EXPECT_THAT(play.run(id), testing::AnyOf(State::failed, State::undone)) << seen;
  }
}

TEST(Restore, FindsThatAnUndoWithoutAnAnswerWasDone) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.world.next_writes({Luck::answer_lost, Luck::answer_lost});
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.writes().size(), 4U);
}

TEST(Restore, RepeatsAnUndoWithoutAnAnswerThatWasNotDone) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.world.next_writes({Luck::request_lost});
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.writes().size(), 5U);
}

TEST(Restore, WritesNothingWhileEffectsAreStopped) {
  Play play;
  const auto id = undone_by_a_person(play);
  play.stopped = "paused";
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id, std::chrono::minutes(30)), State::undoing);
  EXPECT_EQ(play.world.writes().size(), 2U);
  play.stopped.reset();
  EXPECT_EQ(play.run(id), State::undone);
}

TEST(Restore, WaitsForAPauseToEnd) {
  Play play;
  const auto id = undone_by_a_person(play);
  ASSERT_TRUE(play.commit(AddPause{{"all", "maintenance", "alice", play.ledger.now()}}).done());
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id, std::chrono::minutes(30)), State::undoing);
  EXPECT_EQ(play.world.writes().size(), 2U);
  EXPECT_EQ(play.stored(id).guard, "pause");
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("to go on: kedge resume"));
  EXPECT_THAT(play.story(), testing::EndsWith("pause undo hold")) << "one record, however long it takes";
  ASSERT_TRUE(play.commit(RemovePause{"all", "alice"}).done());
  EXPECT_EQ(play.run(id, seconds(2)), State::undone) << "at once, not when the gate would have been asked again";
  EXPECT_EQ(play.stored(id).guard, "");
}

TEST(Restore, GoesOnAfterACrash) {
  Play play;
  const auto id = undone_by_a_person(play);
  ask_for_undo(play, id);
  struct Died {};
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes && request.url.ends_with("/a")) throw Died();
  });
  EXPECT_THROW(play.run(id), Died);
  play.world.watch(nullptr);
  play.crash(id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("a"), "old a");
}

TEST(Restore, HasNoMoreAttemptsForDyingInEach) {
  Play play;
  const auto id = undone_by_a_person(play, {set_step("a")});
  const int attempts = play.stored(id).plan.revert.at(0).attempts;
  ask_for_undo(play, id);
  struct Died {};
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes) throw Died();
  });
  for (int i = 0; i < attempts; ++i) {
    EXPECT_THROW(play.run(id), Died);
    play.crash(id);
  }
  EXPECT_EQ(play.run(id), State::failed);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("not undone after " + std::to_string(attempts)));

  play.world.watch(nullptr);
  ask_for_undo(play, id);
  EXPECT_EQ(play.run(id), State::undone) << "who asks again gets new ones";
}

TEST(Restore, WaitsAfterACrashForWhatMayStillArrive) {
  Play play;
  const auto id = undone_by_a_person(play);
  ask_for_undo(play, id);
  play.world.next_writes({Luck::arrives_late});
  play.world.set_delay(seconds(21));
  struct Died {};
  bool written = false;
  play.world.watch([&](const HttpRequest& request) {
    if (std::exchange(written, request.writes) && !request.writes) throw Died();
  });
  EXPECT_THROW(play.run(id), Died);
  play.world.watch([&](const HttpRequest& request) { EXPECT_FALSE(request.writes && play.world.on_its_way("b")); });
  play.crash(id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.writes().size(), 4U);
}

TEST(Restore, FollowsAPersonsUndoInTheMiddleOfARemediation) {
  Play play;
  play.world.set("a", "old a");
  play.world.set("b", "old b");
  const auto id = play.open({set_step("a"), set_step("b")});
  bool asked = false;
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes || std::exchange(asked, true)) return;
    play.commit(PersonalMove{id, Move::undo, "alice", "stop that"});
  });
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("a"), "old a");
  EXPECT_EQ(play.world.value("b"), "old b");
}

}  // namespace
}  // namespace kedge
