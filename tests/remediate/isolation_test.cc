// What is to be isolated does not wait for what stands behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/remediate/play.h"

namespace kedge {
namespace {

using Luck = FakeWorld::Luck;
using std::chrono::seconds;

class Isolation : public testing::Test {
 protected:
  Isolation() {
    play.world.set("a", "open");
    play.world.set("b", "wrong");
  }

  // The plan isolates "a", then reverts "b".
  std::string open() { return play.isolate({set_step("a", "isolated")}, {set_step("b")}); }

  // Until "a" is isolated, a look at "b" ends like this.
  void read_b_before(Luck luck) {
    play.world.watch([this, luck](const HttpRequest& request) {
      const bool early = request.url.ends_with("/b") && !request.writes && play.world.value("a") != "isolated";
      play.world.next_reads(early ? std::deque<Luck>{luck} : std::deque<Luck>{});
      if (request.writes && request.url.ends_with("/a") && !isolated_at) isolated_at = play.clock.elapsed();
    });
  }
  void expect_two_starts(const std::string& id) {
    EXPECT_EQ(play.run(id), State::isolated);
    EXPECT_EQ(play.world.value("a"), "isolated");
    EXPECT_EQ(play.world.value("b"), "right");
    EXPECT_EQ(play.story(), "plan attempt outcome attempt outcome confirmation");
    EXPECT_EQ(befores(), (std::vector<size_t>{1, 1}));
    EXPECT_EQ(play.stored(id).steps[1].before->full, (nlohmann::json{{"value", "wrong"}}));
  }
  // How many states before the attempts have put on record.
  std::vector<size_t> befores() {
    std::vector<size_t> counts;
    const auto journal = play.ledger.journal(0, 1000);
    for (const JournalEntry& entry : *journal) {
      const auto record = nlohmann::json::parse(entry.bytes);
      if (record.at("kind") == "attempt" && record.contains("befores")) counts.push_back(record.at("befores").size());
    }
    return counts;
  }

  Play play;
  std::optional<Duration> isolated_at;
};

TEST_F(Isolation, IsStartedTogetherWithTheRestWhereThatAnswersInTime) {
  const auto id = open();
  EXPECT_EQ(play.run(id), State::isolated);
  EXPECT_EQ(befores(), std::vector<size_t>{2});
  EXPECT_EQ(play.world.value("b"), "right");
}

TEST_F(Isolation, DoesNotWaitForWhatDoesNotAnswer) {
  read_b_before(Luck::request_lost);
  const Duration began = play.clock.elapsed();
  const auto id = open();
  expect_two_starts(id);
  ASSERT_TRUE(isolated_at);
  EXPECT_LE(*isolated_at - began, seconds(2));
}

TEST_F(Isolation, DoesNotWaitForSeveralStepsLongerThanForOne) {
  play.world.set("c", "wrong");
  const Duration began = play.clock.elapsed();
  play.world.watch([&](const HttpRequest& request) {
    if (play.world.value("a") == "isolated") return;
    if (!request.writes && !request.url.ends_with("/a")) play.clock.advance(std::chrono::milliseconds(1500));
    if (request.writes) isolated_at = play.clock.elapsed();
  });
  const auto id = play.isolate({set_step("a", "isolated")}, {set_step("b"), set_step("c"), set_step("c")});
  EXPECT_EQ(play.run(id), State::isolated);
  ASSERT_TRUE(isolated_at);
  EXPECT_LE(*isolated_at - began, seconds(3)) << "one look may have begun within the two seconds, and it answered";
  EXPECT_EQ(befores(), (std::vector<size_t>{1, 3}));
}

TEST_F(Isolation, DoesNotWaitForWhatItMayNotLookAt) {
  read_b_before(Luck::refused);
  expect_two_starts(open());
}

TEST_F(Isolation, DoesNotWaitForWhatCannotBeToldForCertain) {
  play.world.set("b", "?");
  const auto id = open();
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.world.value("a"), "isolated");
  EXPECT_EQ(play.stored(id).guard, "observation");
  EXPECT_EQ(play.story(), "plan attempt outcome hold");
}

TEST_F(Isolation, TakesItsTimeWithTheRestWhereItStandsAlready) {
  play.world.set("a", "isolated");
  bool busy = true;
  play.world.watch([&](const HttpRequest& request) {
    if (request.url.ends_with("/b") && std::exchange(busy, false)) play.world.next_reads({Luck::request_lost});
  });
  const auto id = open();
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(befores(), std::vector<size_t>{2});
}

TEST_F(Isolation, ConfirmsARestThatHoldsAlreadyWithoutAnAttempt) {
  play.world.set("b", "right");
  read_b_before(Luck::request_lost);
  const auto id = open();
  EXPECT_EQ(play.run(id), State::isolated);
  EXPECT_EQ(play.world.writes().size(), 1U);
  EXPECT_EQ(play.stored(id).steps[1].status, StepStatus::already);
  EXPECT_EQ(play.stored(id).steps[1].before->full, (nlohmann::json{{"value", "right"}}));
  EXPECT_EQ(befores(), std::vector<size_t>{1});
}

TEST_F(Isolation, AsksTheGateAgainForTheRest) {
  read_b_before(Luck::request_lost);
  play.asked = [this] {
    if (play.world.value("a") != "isolated" || !play.ledger.pauses()->empty()) return;
    play.commit(AddPause{{"all", "maintenance", "alice", play.ledger.now()}});
  };
  const auto id = open();
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.stored(id).guard, "pause");
  EXPECT_EQ(play.world.value("b"), "wrong");
  play.asked = nullptr;
  ASSERT_TRUE(play.commit(RemovePause{"all", "alice"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id), State::isolated);
  EXPECT_EQ(play.stored(id).steps[0].before->full, (nlohmann::json{{"value", "open"}})) << "the first before stays";
}

TEST_F(Isolation, GoesOnWithTheRestAfterACrashBetweenTheTwo) {
  struct Died {};
  read_b_before(Luck::request_lost);
  play.asked = [this] {
    if (play.story() == "plan attempt outcome") throw Died();
  };
  const auto id = open();
  EXPECT_THROW(play.run(id), Died);
  EXPECT_EQ(play.state(id), State::running);
  play.asked = nullptr;
  play.crash(id);
  expect_two_starts(id);
  EXPECT_EQ(play.world.writes().size(), 2U);
}

TEST_F(Isolation, LooksAtTheRestEvenWhereIsolationFailedAndThePlanGoesOn) {
  play.world.next_writes({Luck::refused});
  play.world.watch([this](const HttpRequest& request) {
    const bool early = request.url.ends_with("/b") && play.world.writes().empty();
    play.world.next_reads(early ? std::deque<Luck>{Luck::request_lost} : std::deque<Luck>{});
  });
  Step isolate = set_step("a", "isolated");
  isolate.on_failure = OnFailure::proceed;
  const auto id = play.isolate({isolate}, {set_step("b")});
  EXPECT_EQ(play.run(id), State::unconfirmed) << "what failed is still open";
  EXPECT_EQ(play.world.value("b"), "right");
}

TEST_F(Isolation, IsUndoneBehindTheRest) {
  read_b_before(Luck::request_lost);
  const auto id = open();
  EXPECT_EQ(play.run(id), State::isolated);
  ASSERT_TRUE(play.commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  play.take_up(id);
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("a"), "open");
  EXPECT_EQ(play.world.value("b"), "wrong");
  EXPECT_EQ(play.world.writes().at(2).name, "b");
}

}  // namespace
}  // namespace kedge
