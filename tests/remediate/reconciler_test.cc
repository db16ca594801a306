// Reconcile and the executor with their threads, on real and short times.
#include "remediate/reconciler.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/json.h"
#include "ledger/claim.h"
#include "remediate/executor.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/remediate/fake_world.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;

ExecutorOptions quick() {
  ExecutorOptions options;
  options.workers = 2;
  options.call_timeout = milliseconds(200);
  options.visibility_delay = milliseconds(5);
  options.retry_first = milliseconds(2);
  options.poll_first = milliseconds(2);
  options.poll_most = milliseconds(10);
  options.confirm_deadline = std::chrono::minutes(10);
  options.breaker.reset();
  options.reconcile = {milliseconds(100), 1000, 2};
  return options;
}

SqliteLedgerOptions ample() {
  SqliteLedgerOptions options;
  options.gate.flap.reset();
  options.gate.mass_match.reset();
  options.gate.waited_most = kClaimLives * 2;  // tests let findings be as old as a claim can be
  BudgetLimits& budgets = options.gate.budgets;
  for (Budget* budget : {&budgets.all, &budgets.account, &budgets.action, &budgets.rule}) budget->most = 100'000;
  return options;
}

// The system's, with a wall clock that a test sets.
class SetClock final : public Clock {
 public:
  Time now() override { return system_.now() + ahead_.load(); }
  Duration elapsed() override { return system_.elapsed(); }
  std::string boot_id() override { return system_.boot_id(); }
  void set_ahead(Duration ahead) { ahead_ = ahead; }

 private:
  SystemClock system_;
  std::atomic<Duration> ahead_{Duration{0}};
};

class ReconcilerTest : public testing::Test {
 protected:
  ReconcilerTest() {
    load(Reconcile::enforce);
    executor.start({});
    reconciler.start();
  }

  void load(Reconcile reconcile) {
    LoadRules rules = sample_rules();
    rules.rules[0].policy.reconcile = reconcile;
    committer.commit(rules);
  }

  // An event tells that `name` is wrong; it is put right and confirmed.
  std::string confirm(int number, const std::string& name, Reconcile reconcile, Time decided) {
    world.set(name, "wrong");
    Finding finding = sample_finding(number, "target-" + name, decided);
    Step step;
    step.action = "test.set";
    step.args = {{"name", name}, {"value", "right"}};
    finding.plan.revert = {step};
    finding.policy.reconcile = reconcile;
    EXPECT_TRUE(committer.commit(batch_of({finding})).done());
    await([&] { return ledger.remediation(finding.remediation)->state == State::confirmed; });
    EXPECT_EQ(world.value(name), "right");
    return finding.remediation;
  }
  std::string confirm(int number, const std::string& name, Reconcile reconcile) {
    return confirm(number, name, reconcile, ledger.now());
  }

  void await(const std::function<bool()>& done) {
    while (!done()) pause_.take(milliseconds(1));
  }
  void pause() { pause_.take(milliseconds(10)); }
  // Until everything was looked at once more, begun from now on.
  void await_rounds() {
    const int64_t claims = static_cast<int64_t>(ledger.claims({}, kDialPoints, 1000)->size());
    const int64_t now = reconciler.figures().observed;
    await([&] { return reconciler.figures().observed >= now + 3 * std::max<int64_t>(claims, 1); });
  }
  std::optional<Remediation> open_one() {
    const auto open = *ledger.open_remediations();
    return open.empty() ? std::nullopt : std::optional(open.front());
  }
  Remediation await_held() {
    await([&] { return open_one() && open_one()->state == State::held; });
    return *open_one();
  }
  int records(const std::string& kind) {
    int number = 0;
    const auto journal = *ledger.journal(0, SIZE_MAX);
    for (const JournalEntry& entry : journal) number += parse_json(entry.bytes)->value("kind", "") == kind;
    return number;
  }

  SetClock clock;
  MemoryLedger ledger{clock, ample()};
  Mailbox<Remediation> runnable{10'000};
  Committer committer{ledger, runnable, {}};
  Random random;
  NoHosts hosts;
  FakeWorld world{clock, [](Duration) {}};
  ActionTable actions{fake_actions()};
  Breakers breakers{quick().breaker, random};
  const ExecutorEdges edges{actions,
                            committer,
                            ledger,
                            runnable,
                            world,
                            hosts,
                            clock,
                            random,
                            breakers,
                            [this](const Remediation*) -> std::optional<Stop> {
                              if (ledger.pauses()->empty()) return std::nullopt;
                              return Stop{"paused", true};
                            }};
  Executor executor{edges, quick()};
  std::vector<OwnThing> own_things;
  Reconciler reconciler{edges, quick(), [this] { return own_things; }};

 private:
  Mailbox<bool> pause_{1};
};

TEST_F(ReconcilerTest, HoldsWhatItFindsUntilAPersonApproves) {
  confirm(1, "a", Reconcile::hold);
  world.set("a", "wrong");
  const Remediation held = await_held();
  EXPECT_EQ(held.origin, "reconcile");
  EXPECT_EQ(held.guard, "reconcile");
  EXPECT_EQ(world.value("a"), "wrong") << "it may be meant";
  committer.commit(PersonalMove{held.id, Move::resume, "alice", "put it right"});
  await([&] { return ledger.remediation(held.id)->state == State::confirmed; });
  EXPECT_EQ(world.value("a"), "right");
}

TEST_F(ReconcilerTest, PutsItRightWhereTheRuleSaysSo) {
  confirm(1, "a", Reconcile::enforce);
  for (int times = 0; times < 3; ++times) {
    world.set("a", "wrong");
    await([&] { return world.value("a") == "right"; });
    await([&] { return !open_one(); });
  }
}

TEST_F(ReconcilerTest, MakesNothingNewOfWhatIsHeldAndLooksAsOftenAsBefore) {
  confirm(1, "a", Reconcile::hold);
  confirm(2, "b", Reconcile::hold);
  world.set("a", "wrong");
  await_held();
  await_rounds();
  reconciler.stop();
  const int64_t drifted = reconciler.figures().drifted;
  EXPECT_GE(drifted, 2);
  EXPECT_EQ(reconciler.figures().findings, 1);
  EXPECT_EQ(ledger.open_remediations()->size(), 1U);
}

TEST_F(ReconcilerTest, MakesAsManyCallsWhereItHasDriftedAsWhereItHasNot) {
  const auto calls_per_look = [&] {
    const int64_t observed = reconciler.figures().observed;
    const size_t reads = world.reads();
    await_rounds();
    reconciler.stop();
    const auto looks = static_cast<size_t>(reconciler.figures().observed - observed);
    return static_cast<double>(world.reads() - reads) / static_cast<double>(looks);
  };
  confirm(1, "a", Reconcile::hold);
  world.set("a", "wrong");
  await_held();
  // One call may have been begun before, and ended behind, the figures.
  EXPECT_NEAR(calls_per_look(), 1, 0.5);
}

TEST_F(ReconcilerTest, LeavesAsItIsWhatAPersonRejected) {
  confirm(1, "a", Reconcile::hold);
  confirm(2, "b", Reconcile::hold);  // is looked at on and on
  world.set("a", "wrong");
  committer.commit(PersonalMove{await_held().id, Move::cancel, "alice", "it is meant"});
  await_rounds();
  EXPECT_FALSE(open_one());
  EXPECT_EQ(world.value("a"), "wrong");
}

TEST_F(ReconcilerTest, LeavesAsItIsWhatAPersonUndid) {
  const std::string id = confirm(1, "a", Reconcile::enforce);
  confirm(2, "b", Reconcile::enforce);
  EXPECT_TRUE(committer.commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  await([&] { return ledger.remediation(id)->state == State::undone; });
  EXPECT_EQ(world.value("a"), "wrong");
  await_rounds();
  EXPECT_EQ(world.value("a"), "wrong");
  EXPECT_EQ(reconciler.figures().findings, 0);
}

TEST_F(ReconcilerTest, LeavesAsItIsWhatARuleWantedThatIsGone) {
  confirm(1, "a", Reconcile::enforce);
  committer.commit(LoadRules{"none", "/rules", {}});
  world.set("a", "wrong");
  const int64_t observed = reconciler.figures().observed;
  for (int i = 0; i < 50; ++i) pause();
  EXPECT_LE(reconciler.figures().observed, observed + 4) << "those that were read before";
  EXPECT_EQ(reconciler.figures().findings, 0);
  EXPECT_EQ(world.value("a"), "wrong");
}

TEST_F(ReconcilerTest, LooksOnWhileEffectsArePaused) {
  confirm(1, "a", Reconcile::enforce);
  committer.commit(AddPause{{"all", "a storm", "alice", ledger.now()}});
  world.set("a", "wrong");
  EXPECT_EQ(await_held().guard, "pause");
  EXPECT_EQ(world.value("a"), "wrong");
  committer.commit(RemovePause{"all", "alice"});
  await([&] { return world.value("a") == "right"; });
}

TEST_F(ReconcilerTest, MakesNothingOfWhatCannotBeObserved) {
  confirm(1, "a", Reconcile::enforce);
  world.set("a", "wrong");
  world.next_reads(std::deque<FakeWorld::Luck>(6, FakeWorld::Luck::busy));
  await([&] { return world.value("a") == "right"; });
  EXPECT_GE(reconciler.figures().unobserved, 1);
}

TEST_F(ReconcilerTest, TakesWhatIsNoMoreForNoDrift) {
  confirm(1, "a", Reconcile::enforce);
  world.remove("a");
  await_rounds();
  EXPECT_EQ(reconciler.figures().findings, 0);
}

TEST_F(ReconcilerTest, AsksAdmissionFirstAndPutsItsNoOnRecordOnce) {
  confirm(1, "a", Reconcile::enforce);
  committer.commit(AddException{
      {"E1", "*", "target-a", "team", "a test", ledger.now() + std::chrono::hours(1), "alice", ledger.now()}});
  world.set("a", "wrong");
  await_rounds();
  await_rounds();
  EXPECT_EQ(records("suppression"), 1);
  EXPECT_EQ(world.value("a"), "wrong");
  committer.commit(RevokeException{"E1", "alice"});
  await([&] { return world.value("a") == "right"; });
}

TEST_F(ReconcilerTest, JudgesAnExceptionByTheTimeOfDayAsTheGateDoes) {
  confirm(1, "a", Reconcile::enforce);
  clock.set_ahead(-std::chrono::hours(2));
  ASSERT_TRUE(committer.commit(AcceptClock{"the time server was wrong", "alice"}).done());
  committer.commit(AddException{
      {"E1", "*", "target-a", "team", "a test", clock.now() + std::chrono::hours(1), "alice", ledger.now()}});
  world.set("a", "wrong");
  await_rounds();
  EXPECT_EQ(records("suppression"), 1);
  EXPECT_EQ(reconciler.figures().findings, 0) << "for ledger time the exception is over already";
}

TEST_F(ReconcilerTest, TurnsAgainstNothingOfTheEnginesOwn) {
  confirm(1, "a", Reconcile::enforce);
  reconciler.stop();
  own_things.push_back({"*", "ours", false});
  Reconciler again(edges, quick(), [this] { return own_things; });
  world.set("a", "wrong");
  again.start();
  await([&] { return records("suppression") == 1; });
  again.stop();
  EXPECT_EQ(world.value("a"), "wrong");
}

TEST_F(ReconcilerTest, EndsAClaimOfWhichNoEventToldForThirtyDays) {
  confirm(1, "a", Reconcile::enforce, ledger.now() - kClaimLives - std::chrono::hours(1));
  await([&] { return records("claim_expiry") == 1; });
  EXPECT_TRUE(ledger.claims({}, kDialPoints, 10)->empty());
}

}  // namespace
}  // namespace kedge
