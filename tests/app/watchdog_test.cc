#include "app/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/lane.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/pipeline/reading.h"
#include "tests/pipeline/rules.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr Duration kPatience = seconds(60);

TEST(Watchdog, KnowsALoopThatDoesNotTurn) {
  FakeClock clock;
  Watchdog watchdog(clock, kPatience);
  Pulse pulse;
  watchdog.watch("lane 0", pulse);
  pulse.works();
  EXPECT_THAT(watchdog.hanging(), IsEmpty());
  clock.advance(seconds(61));
  EXPECT_THAT(watchdog.hanging(), ElementsAre(StartsWith("lane 0 has not turned for 61s")));
  EXPECT_EQ(watchdog.look().at(0).silent_for, seconds(61));
  pulse.works();
  EXPECT_THAT(watchdog.hanging(), IsEmpty()) << "it turned again";
}

TEST(Watchdog, TakesALoopThatWaitsForWorkForWell) {
  FakeClock clock;
  Watchdog watchdog(clock, kPatience);
  Pulse never_began;
  Pulse pulse;
  watchdog.watch("never began", never_began);
  watchdog.watch("waits", pulse);
  pulse.works();
  pulse.waits();
  EXPECT_THAT(watchdog.hanging(), IsEmpty());
  clock.advance(std::chrono::hours(24));
  EXPECT_THAT(watchdog.hanging(), IsEmpty());
  EXPECT_EQ(watchdog.look().at(1).silent_for, Duration{});
}

TEST(Watchdog, CountsTheSilenceOfTheTurnAtHand) {
  FakeClock clock;
  Watchdog watchdog(clock, kPatience);
  Pulse pulse;
  watchdog.watch("busy", pulse);
  for (int turn = 0; turn < 10; ++turn) {
    pulse.waits();
    pulse.works();
    clock.advance(seconds(30));
    EXPECT_THAT(watchdog.hanging(), IsEmpty());
  }
}

TEST(Watchdog, KnowsALoopByItsLastTurn) {
  FakeClock clock;
  Watchdog watchdog(clock, kPatience);
  Duration last_turn = clock.elapsed();
  watchdog.watch("source trail", [&] { return last_turn; });
  clock.advance(seconds(60));
  EXPECT_THAT(watchdog.hanging(), IsEmpty());
  clock.advance(seconds(1));
  EXPECT_THAT(watchdog.hanging(), ElementsAre(StartsWith("source trail has not turned for 61s")));
}

// What a test keeps a thread in until it opens it.
class Door {
 public:
  void pass() {
    ++waiting_;
    box_.take(std::chrono::hours(1));
  }
  void wait_for_somebody() const {
    while (waiting_ == 0) std::this_thread::yield();
  }
  void open() { box_.close(); }

 private:
  std::atomic<int> waiting_ = 0;
  Mailbox<bool> box_{1};
};

class HangingSource final : public RecordingSource {
 public:
  explicit HangingSource(Door& door) : door_(door) {}
  void committed(const std::shared_ptr<const Assignment>&, int64_t) override { door_.pass(); }

 private:
  Door& door_;
};

class HangingLedger final : public Ledger {
 public:
  HangingLedger(Ledger& ledger, Door& door) : ledger_(ledger), door_(door) {}
  std::vector<Answer> apply(std::span<const Change> changes) override {
    door_.pass();
    return ledger_.apply(changes);
  }
  int64_t head() const override { return ledger_.head(); }
  Time now() const override { return ledger_.now(); }
  std::optional<Duration> clock_doubt() const override { return ledger_.clock_doubt(); }
  Time time_of_day() const override { return ledger_.time_of_day(); }

 private:
  Ledger& ledger_;
  Door& door_;
};

// Real loops that are made to hang. The watchdog's clock is a test's: only it goes on.
class HangingLoops : public testing::Test {
 protected:
  FakeClock clock_;
  FakeClock watchdogs_clock_;
  Watchdog watchdog_{watchdogs_clock_, kPatience};
  Door door_;
  Random random_{7};
  MemoryLedger ledger_{clock_};
  Mailbox<Remediation> runnable_{SIZE_MAX};
};

TEST_F(HangingLoops, ALaneIsFound) {
  Committer committer(ledger_, runnable_, {});
  ClaimPositions claim;
  claim.claims.push_back({{"trail", "events", 0}, std::nullopt, {"cluster", 0, 0, std::nullopt}, "", {}});
  const auto assignment = assignment_of(committer.commit(claim).epochs.at(0));
  RulesForTests rules_for_tests;
  CurrentRules rules(rules_for_tests.set());
  OwnPrincipals us;
  HangingSource source(door_);
  Lane::Options options;
  options.idle_commit = std::chrono::milliseconds(0);
  Lane lane({committer, ledger_, rules, clock_, random_}, options);
  watchdog_.watch("lane 0", lane.pulse());
  watchdog_.watch("the committer", committer.pulse());
  lane.start(us);
  lane.mailbox().put(batch_of(source, assignment, 0, {opened("b", "e1")}, clock_.now()));
  door_.wait_for_somebody();
  while (Pulse::is_at_work(committer.pulse().beats())) std::this_thread::yield();
  EXPECT_THAT(watchdog_.hanging(), IsEmpty());
  watchdogs_clock_.advance(seconds(61));
  EXPECT_THAT(watchdog_.hanging(), ElementsAre(StartsWith("lane 0 ")));
  door_.open();
  while (!watchdog_.hanging().empty()) std::this_thread::yield();
  lane.stop();
  watchdogs_clock_.advance(seconds(61));
  EXPECT_THAT(watchdog_.hanging(), IsEmpty()) << "it has ended";
}

TEST_F(HangingLoops, TheCommitterIsFound) {
  HangingLedger ledger(ledger_, door_);
  Committer committer(ledger, runnable_, {});
  watchdog_.watch("the committer", committer.pulse());
  auto answer = committer.submit(NoteStop{"asked to"});
  door_.wait_for_somebody();
  EXPECT_THAT(watchdog_.hanging(), IsEmpty());
  watchdogs_clock_.advance(seconds(61));
  EXPECT_THAT(watchdog_.hanging(), ElementsAre(StartsWith("the committer ")));
  door_.open();
  EXPECT_TRUE(answer.get(seconds(60)));
  while (!watchdog_.hanging().empty()) std::this_thread::yield();
  committer.stop();
  watchdogs_clock_.advance(seconds(61));
  EXPECT_THAT(watchdog_.hanging(), IsEmpty()) << "it has ended";
}

}  // namespace
}  // namespace kedge
