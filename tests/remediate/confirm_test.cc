// Reading back, and what comes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/remediate/play.h"

namespace kedge {
namespace {

using Luck = FakeWorld::Luck;
using std::chrono::seconds;

// Somebody puts the value back to "wrong" as soon as its first write was read back.
void undo_ours_behind_our_back(Play& play, int times) {
  auto reads = std::make_shared<int>(0);
  auto left = std::make_shared<int>(times);
  play.world.watch([&play, reads, left](const HttpRequest& request) {
    if (request.writes) {
      *reads = 0;
    } else if (play.world.value("a") == "right" && ++*reads == 2 && (*left)-- > 0) {
      play.world.set("a", "wrong");
    }
  });
}

TEST(Confirm, EndsUnconfirmedWhenTheEffectDoesNotStay) {
  Play play;
  play.world.set("a", "wrong");
  undo_ours_behind_our_back(play, 1);
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::unconfirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("not as it should be within 1m: a is wrong"));
}

TEST(Confirm, HoldsWhenThePolicySaysSo) {
  Play play;
  play.world.set("a", "wrong");
  undo_ours_behind_our_back(play, 1);
  Policy policy;
  policy.on_unconfirmed = OnUnconfirmed::hold;
  const auto id = play.open({set_step("a")}, policy);
  EXPECT_EQ(play.run(id), State::held);
  EXPECT_EQ(play.stored(id).guard, "unconfirmed");
  EXPECT_EQ(play.stored(id).figures, (nlohmann::json{{"confirm_deadline_us", 60'000'000}}));
}

TEST(Confirm, UndoesTheRestWhenThePolicySaysSo) {
  Play play;
  play.world.set("a", "old");
  play.world.set("b", "old");
  Policy policy;
  policy.on_unconfirmed = OnUnconfirmed::undo;
  const auto id = play.open({set_step("a")}, policy, {set_step("b")});
  EXPECT_EQ(play.run(id), State::undone);
  EXPECT_EQ(play.world.value("a"), "old");
}

TEST(Confirm, LooksAtThePlansOwnConfirmSteps) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("site", "open");
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes) play.world.set("site", "closed");
  });
  const auto id = play.open({set_step("a")}, {}, {set_step("site", "closed")});
  EXPECT_EQ(play.run(id), State::confirmed);
}

TEST(Confirm, PutsRightOnceMoreWhatWasChangedAgainWhileItWasBeingConfirmed) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a")});
  int reads = 0;
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes || play.world.value("a") != "right" || ++reads != 2) return;
    play.world.set("a", "wrong");
    play.find_again(id);
  });
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.value("a"), "right");
  EXPECT_EQ(play.world.writes().size(), 2U);
  EXPECT_EQ(play.stored(id).steps[0].before->full, (nlohmann::json{{"value", "wrong"}}));
}

// Somebody is quicker than it can be confirmed: the breaker of what flaps, which counts what was, never hears of it.
TEST(Confirm, FightsNobodyForEverWhoChangesItBackEachTime) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a")});
  play.world.watch([&](const HttpRequest& request) {
    if (request.writes || play.world.value("a") != "right" || play.state(id) != State::confirming) return;
    play.world.set("a", "wrong");
    play.find_again(id);
  });
  EXPECT_EQ(play.run(id), State::held);
  const Remediation held = play.stored(id);
  EXPECT_EQ(held.guard, "flap");
  EXPECT_THAT(held.reason, testing::HasSubstr("kedge remediation approve " + id));
  EXPECT_EQ(play.world.writes().size(), 4U);
}

TEST(Confirm, DoesNotEndConfirmedOnALookThatIsOlderThanTheLastFinding) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a")});
  int reads = 0;
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes && play.world.value("a") == "right" && ++reads == 2) play.find_again(id);
  });
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_GE(reads, 3);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Confirm, ResumesAfterACrash) {
  Play play;
  play.world.set("a", "wrong");
  struct Died {};
  int reads = 0;
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes && play.world.value("a") == "right" && ++reads == 2) throw Died();
  });
  const auto id = play.open({set_step("a")});
  EXPECT_THROW(play.run(id), Died);
  EXPECT_EQ(play.state(id), State::confirming);
  play.world.watch(nullptr);
  play.crash(id);
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Confirm, PutsRightAfterACrashWhatWasFoundAgainBeforeIt) {
  Play play;
  play.world.set("a", "wrong");
  play.world.set("b", "wrong");
  const auto id = play.open({set_step("a"), set_step("b")});
  struct Died {};
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes || play.world.value("a") != "right") return;
    play.world.set("a", "wrong");  // behind our back, while the second step is at work
    play.find_again(id);
    throw Died();
  });
  EXPECT_THROW(play.run(id), Died);
  play.world.watch(nullptr);
  play.crash(id);
  EXPECT_EQ(play.run(id), State::confirmed);
  EXPECT_EQ(play.world.value("a"), "right");
}

TEST(Confirm, DoesNotTakeWhatItStartedFromForAFindingOfLater) {
  Play play;
  play.world.set("a", "wrong");
  const auto id = play.open({set_step("a")});
  play.find_again(id);  // before anything was looked at
  struct Died {};
  play.world.watch([&](const HttpRequest& request) {
    if (!request.writes && play.state(id) == State::confirming) throw Died();
  });
  EXPECT_THROW(play.run(id), Died);
  play.world.watch(nullptr);
  play.world.set("a", "wrong");  // nobody has told of it
  play.crash(id);
  EXPECT_EQ(play.run(id), State::unconfirmed);
  EXPECT_EQ(play.world.writes().size(), 1U);
}

TEST(Confirm, GivesUpWhereItMayNotLook) {
  Play play;
  play.world.set("a", "wrong");
  bool written = false;
  int reads = 0;
  play.world.watch([&](const HttpRequest& request) {
    written = written || request.writes;
    if (written && !request.writes && ++reads == 2) play.world.next_reads(std::deque<Luck>(5, Luck::refused));
  });
  const auto id = play.open({set_step("a")});
  EXPECT_EQ(play.run(id), State::unconfirmed);
  EXPECT_THAT(play.stored(id).reason, testing::HasSubstr("could not be read back"));
}

}  // namespace
}  // namespace kedge
