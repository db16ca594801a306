// What an endpoint that does not answer does to remediations: nothing but wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/remediate/play.h"

namespace kedge {
namespace {

using Luck = FakeWorld::Luck;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Step elsewhere(const std::string& name) {
  Step step = set_step(name);
  step.args["place"] = "there";
  return step;
}

class EndpointBreaker : public testing::Test {
 protected:
  EndpointBreaker() {
    play.use_breakers();
    play.world.set("a", "wrong");
    play.world.set("b", "wrong");
  }
  void goes_down(Luck luck = Luck::busy) {
    play.world.next_reads(std::deque<Luck>(10'000, luck));
    play.world.next_writes(std::deque<Luck>(10'000, luck));
  }
  void comes_back() {
    play.world.next_reads({});
    play.world.next_writes({});
  }
  // From the first write on, reads and writes meet this.
  void goes_down_behind_the_first_write(Luck luck = Luck::busy) {
    play.world.watch([this, luck](const HttpRequest& request) {
      if (request.writes && std::exchange(fresh_, false)) play.world.next_reads(std::deque<Luck>(10'000, luck));
    });
  }
  // Somebody else has found out that the endpoint is down.
  void opens() {
    goes_down();
    const auto id = play.open({set_step("a")});
    EXPECT_EQ(play.run(id, seconds(20)), State::waiting);
    ASSERT_TRUE(play.commit(PersonalMove{id, Move::cancel, "alice", "no more wanted"}).done());
    comes_back();
  }
  size_t records(const std::string& kind) {
    size_t count = 0;
    const auto journal = play.ledger.journal(0, 100'000);
    for (const JournalEntry& entry : *journal) count += nlohmann::json::parse(entry.bytes).at("kind") == kind;
    return count;
  }

  Play play;

 private:
  bool fresh_ = true;
};

TEST_F(EndpointBreaker, LetsWhatNeedsItWaitOnRecordWithWhatToType) {
  goes_down();
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(20)), State::waiting);
  const Remediation waiting = play.stored(id);
  EXPECT_EQ(waiting.guard, "breaker");
  EXPECT_EQ(waiting.figures.at("endpoint"), "world//here");
  EXPECT_EQ(waiting.figures.at("failed"), 3);
  EXPECT_THAT(waiting.reason, testing::HasSubstr("kedge remediation cancel " + id));
  EXPECT_THAT(waiting.reason, testing::HasSubstr("HTTP 503"));
  EXPECT_TRUE(waiting.due);
  EXPECT_EQ(play.world.reads(), 3U);
  EXPECT_EQ(play.story(), "plan alarm hold");
}

TEST_F(EndpointBreaker, CallsADeadEndpointSeldomAndGoesOnWhenItAnswersAgain) {
  goes_down(Luck::request_lost);
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, hours(2)), State::waiting);
  EXPECT_LT(play.world.reads(), 60U);
  EXPECT_EQ(records("alarm"), 1U) << "people are told once";
  comes_back();
  EXPECT_EQ(play.run(id, minutes(6)), State::confirmed) << "no longer than it stays open at most";
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST_F(EndpointBreaker, HoldsUpNothingElsewhere) {
  opens();
  const auto id = play.open({elsewhere("b")});
  EXPECT_EQ(play.run(id, seconds(1)), State::confirmed);
}

TEST_F(EndpointBreaker, IsNotCalledByTheNextOneAndMakesOneRecordOfItHoweverLongItTakes) {
  opens();
  const size_t reads = play.world.reads();
  const auto id = play.open({set_step("b")});
  EXPECT_EQ(play.run(id, seconds(5)), State::waiting);
  EXPECT_EQ(play.world.reads(), reads);
  EXPECT_EQ(records("hold"), 2U);
  EXPECT_EQ(play.run(id), State::confirmed);
}

TEST_F(EndpointBreaker, DoesNotHoldUpIsolationAtAnotherEndpoint) {
  opens();
  const size_t reads = play.world.reads();
  const auto id = play.isolate({elsewhere("a")}, {set_step("b")});
  const Duration begin = play.clock.elapsed();
  EXPECT_EQ(play.run(id, seconds(1)), State::waiting);
  EXPECT_EQ(play.world.value("a"), "right");
  EXPECT_LT(play.clock.elapsed() - begin, seconds(2));
  EXPECT_EQ(play.stored(id).guard, "breaker");
  EXPECT_EQ(play.world.reads(), reads + 2) << "of what is isolated alone";
  EXPECT_EQ(play.run(id), State::isolated);
  EXPECT_EQ(play.world.value("b"), "right");
}

TEST_F(EndpointBreaker, UsesUpNoAttemptsAndGivesNoneBack) {
  Step step = set_step("a");
  step.attempts = 2;
  goes_down_behind_the_first_write();
  play.world.next_writes({Luck::busy, Luck::busy, Luck::busy});
  const auto id = play.open({step});
  EXPECT_EQ(play.run(id, hours(1)), State::waiting);
  EXPECT_EQ(play.world.writes().size(), 1U);
  EXPECT_EQ(play.stored(id).guard, "breaker");
  play.world.next_reads({});
  EXPECT_EQ(play.run(id), State::failed);
  EXPECT_EQ(play.world.writes().size(), 2U) << "the second try, and no third";
}

TEST_F(EndpointBreaker, KeepsAnEyeOnWhatIsUnderWayUntilItCanBeReadBack) {
  goes_down_behind_the_first_write(Luck::request_lost);
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, hours(3)), State::unknown);
  EXPECT_EQ(play.stored(id).guard, "breaker");
  EXPECT_EQ(play.world.writes().size(), 1U);
  play.world.next_reads({});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST_F(EndpointBreaker, RepeatsWhatWasNotDoneAfterTwoLooksAsEver) {
  play.world.next_writes({Luck::request_lost});
  goes_down_behind_the_first_write(Luck::request_lost);
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, hours(3)), State::unknown);
  play.crash(id);  // whoever takes it up knows of no breaker, and finds out
  EXPECT_EQ(play.run(id, hours(3)), State::unknown);
  EXPECT_EQ(play.world.writes().size(), 1U);
  play.world.next_reads({});
  EXPECT_EQ(play.run(id), State::confirmed) << play.stored(id).reason;
  EXPECT_EQ(play.world.writes().size(), 2U);
}

TEST_F(EndpointBreaker, TakesNoOutageForAnEffectThatIsNotThere) {
  Policy policy;
  policy.on_unconfirmed = OnUnconfirmed::undo;
  bool up = true;
  play.world.watch([&](const HttpRequest&) {
    if (up && play.state(play.job->id) == State::confirming) {
      play.world.next_reads(std::deque<Luck>(10'000, Luck::request_lost));
      up = false;
    }
  });
  const auto id = play.open({set_step("a")}, policy);
  EXPECT_EQ(play.run(id, hours(3)), State::confirming);
  EXPECT_EQ(play.stored(id).guard, "breaker");
  play.world.next_reads({});
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST_F(EndpointBreaker, LetsAnUndoWait) {
  const auto id = play.open({set_step("a")});
  ASSERT_EQ(play.run(id), State::confirmed);
  opens();
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id, seconds(5)), State::undoing);
  EXPECT_EQ(play.stored(id).guard, "breaker");
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("a"), "wrong");
}

TEST_F(EndpointBreaker, IsForgottenByARestartAndWhatWaitedGoesOnInItsTime) {
  goes_down();
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(20)), State::waiting);
  comes_back();
  play.use_breakers();
  play.crash(id);
  EXPECT_EQ(play.run(id, minutes(1)), State::confirmed);
}

TEST_F(EndpointBreaker, LetsAConfirmationWaitThatNeedsItForALaterLook) {
  opens();
  play.world.set("b", "right");
  const size_t holds = records("hold");
  const auto id = play.open({elsewhere("a")}, {}, {elsewhere("a"), set_step("b")});
  EXPECT_EQ(play.run(id, seconds(5)), State::confirming);
  EXPECT_EQ(play.stored(id).guard, "breaker");
  EXPECT_LT(play.world.reads(), 20U) << "what lies before it is not looked at again and again";
  EXPECT_EQ(records("hold"), holds + 1);
  EXPECT_EQ(play.run(id), State::confirmed);
}

TEST_F(EndpointBreaker, CountsWhoeverSaysThatItIsAskedTooOften) {
  goes_down(Luck::throttled);
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id, seconds(20)), State::waiting);
  EXPECT_EQ(play.stored(id).guard, "breaker");
}

TEST_F(EndpointBreaker, CountsNoRefusal) {
  for (int i = 0; i < 5; ++i) {
    play.world.next_reads({Luck::refused});
    EXPECT_EQ(play.run(play.open({set_step("a")})), State::held);
  }
  play.world.next_reads({});
  EXPECT_EQ(play.run(play.open({set_step("a")}), seconds(1)), State::confirmed);
}

}  // namespace
}  // namespace kedge
