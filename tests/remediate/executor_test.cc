// The executor with its threads, on real and short times.
#include "remediate/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>

#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/remediate/fake_world.h"

namespace kedge {
namespace {

using Luck = FakeWorld::Luck;
using std::chrono::milliseconds;
using std::chrono::seconds;

ExecutorOptions quick() {
  ExecutorOptions options;
  options.workers = 4;
  options.call_timeout = milliseconds(200);
  options.visibility_delay = milliseconds(5);
  options.retry_first = milliseconds(2);
  options.retry_most = milliseconds(20);
  options.poll_first = milliseconds(2);
  options.poll_most = milliseconds(10);
  options.stopped_poll = milliseconds(5);
  options.confirm_deadline = std::chrono::minutes(10);
  options.breaker = BreakerLimits{3, 5, milliseconds(5), milliseconds(20)};
  options.breaker_spread = milliseconds(5);
  return options;
}

SqliteLedgerOptions no_rate() {
  SqliteLedgerOptions options;
  options.gate.flap.reset();
  options.gate.mass_match.reset();
  options.gate.rule_breaker.reset();
  BudgetLimits& budgets = options.gate.budgets;
  for (Budget* budget : {&budgets.all, &budgets.account, &budgets.action, &budgets.rule}) budget->most = 100'000;
  return options;
}

struct ExecutorTest : testing::Test {
  ExecutorTest() {
    committer.commit(sample_rules());
    begin({});
  }
  ~ExecutorTest() override { executor.reset(); }

  void begin(const std::vector<LedgerReader::Unfinished>& open) {
    executor.reset();
    breakers.emplace(options.breaker, random);
    executor = std::make_unique<Executor>(
        Executor::Edges{actions, committer, ledger, runnable, world, hosts, clock, random, *breakers,
                        [this](const Remediation*) -> std::optional<Stop> {
                          if (stopped) return Stop{"not alone"};
                          if (ledger.pauses()->empty()) return std::nullopt;
                          return Stop{"paused", true};
                        }},
        options);
    executor->start(open);
  }

  std::string open(int number, std::vector<std::string> names, const std::string& place = "here") {
    Finding finding = sample_finding(number, "target-" + std::to_string(number), ledger.now());
    finding.plan.revert.clear();
    for (const std::string& name : names) {
      Step step;
      step.action = "test.set";
      step.args = {{"name", name}, {"value", "right"}, {"place", place}};
      finding.plan.revert.push_back(step);
    }
    CommitBatch batch;
    batch.findings = {finding};
    EXPECT_TRUE(committer.commit(batch).done());
    return finding.remediation;
  }

  std::string isolate(int number, const std::string& name) {
    Finding finding = sample_finding(number, "target-" + std::to_string(number), ledger.now());
    Step step;
    step.action = "test.set";
    step.args = {{"name", name}, {"value", "isolated"}, {"place", "here"}};
    finding.plan.isolate = {step};
    finding.plan.revert.clear();
    CommitBatch batch;
    batch.findings = {finding};
    EXPECT_TRUE(committer.commit(batch).done());
    return finding.remediation;
  }

  // Waits until it stands in this state.
  void await(const std::string& id, State state) {
    while (ledger.remediation(id)->state != state) pause_.take(milliseconds(1));
  }
  // Waits until `done`.
  void await(const std::function<bool()>& done) {
    while (!done()) pause_.take(milliseconds(1));
  }

  void pause_for(Duration span) { pause_.take(span); }

  SystemClock clock;
  MemoryLedger ledger{clock, no_rate()};
  Mailbox<Remediation> runnable{10'000};
  Committer committer{ledger, runnable, {}};
  Random random;
  NoHosts hosts;
  FakeWorld world{clock, [](Duration) {}};
  ActionTable actions{fake_actions()};
  ExecutorOptions options = quick();
  std::atomic<bool> stopped{false};
  std::optional<Breakers> breakers;  // of the executor
  std::unique_ptr<Executor> executor;

 private:
  Mailbox<bool> pause_{1};
};

TEST_F(ExecutorTest, TakesUpWhatACommitMadeRunnable) {
  world.set("a", "wrong");
  await(open(1, {"a"}), State::confirmed);
  EXPECT_EQ(world.value("a"), "right");
}

TEST_F(ExecutorTest, CarriesManyAtOnce) {
  constexpr int kMany = 200;
  for (int i = 0; i < kMany; ++i) world.set("v" + std::to_string(i), "wrong");
  std::vector<std::string> ids;
  for (int i = 0; i < kMany; ++i)
    ids.push_back(open(i + 1, {"v" + std::to_string(i)}, "place-" + std::to_string(i % 7)));
  for (const std::string& id : ids) await(id, State::confirmed);
  EXPECT_EQ(world.writes().size(), static_cast<size_t>(kMany));
  await([&] { return executor->figures().open == 0; });
}

TEST_F(ExecutorTest, CarriesMoreThanItKeepsInMemory) {
  options.courses_max = 1;
  executor.reset();
  std::vector<std::string> ids;
  for (int i = 0; i < 60; ++i) {
    world.set("v" + std::to_string(i), "wrong");
    ids.push_back(open(i + 1, {"v" + std::to_string(i)}, "place-" + std::to_string(i % 2)));
    if (i == 30)
      begin(*ledger.unfinished(ledger.now() +
                               options.in_hand));  // half of them lie in the ledger, half come by their commits
  }
  for (const std::string& id : ids) await(id, State::confirmed);
  EXPECT_EQ(world.writes().size(), ids.size());
}

TEST_F(ExecutorTest, LeavesAloneAfterAStartWhatTheLedgerSaysIsLater) {
  executor.reset();
  world.set("a", "wrong");
  world.set("b", "wrong");
  const std::string later = open(1, {"a"});
  MoveRemediation wait;
  wait.remediation = later;
  wait.move = Move::wait;
  wait.guard = "budget";
  wait.due = ledger.now() + std::chrono::hours(1);
  ASSERT_TRUE(committer.commit(wait).done());
  const std::string now = open(2, {"b"});
  begin(*ledger.unfinished(ledger.now() + options.in_hand));
  await(now, State::confirmed);
  EXPECT_EQ(executor->figures().waiting, 1);
  EXPECT_EQ(ledger.remediation(later)->state, State::waiting);
  EXPECT_EQ(world.value("a"), "wrong");
}

TEST_F(ExecutorTest, NeverWorksOnOneThingTwiceAtOnce) {
  std::mutex mutex;
  std::map<std::string, int> inside;
  std::atomic<bool> together{false};
  world.watch([&](const HttpRequest& request) {
    const std::string name = request.url;
    {
      const std::lock_guard lock(mutex);
      if (++inside[name] > 1) together = true;
    }
    std::this_thread::yield();
    const std::lock_guard lock(mutex);
    --inside[name];
  });
  world.set("a", "wrong");
  std::vector<std::string> ids;
  for (int i = 1; i <= 20; ++i) ids.push_back(open(i, {"a"}, "place-" + std::to_string(i)));
  for (const std::string& id : ids) await(id, State::confirmed);
  EXPECT_FALSE(together);
  EXPECT_EQ(world.writes().size(), 1U);
}

TEST_F(ExecutorTest, LetsAPlaceThatHangsHoldUpNobodyElse) {
  Mailbox<bool> released(1);
  world.watch([&](const HttpRequest& request) {
    if (request.url.ends_with("/stuck")) released.take(seconds(60));
  });
  world.set("stuck", "wrong");
  world.set("free", "wrong");
  const auto hangs = open(1, {"stuck"}, "far away");
  await(open(2, {"free"}), State::confirmed);
  EXPECT_EQ(ledger.remediation(hangs)->state, State::planned);
  released.close();
  await(hangs, State::confirmed);
}

TEST_F(ExecutorTest, WritesOnceAtATimeAtAnEndpointAndIsolatesBesideIt) {
  Mailbox<bool> released(1);
  options.call_timeout = seconds(60);
  begin({});
  std::atomic<int> hanging = 0;
  world.watch([&](const HttpRequest& request) {
    if (!request.writes || !request.url.ends_with("/first")) return;
    ++hanging;
    released.take(seconds(60));
  });
  for (const char* name : {"first", "second", "suspect", "elsewhere"}) world.set(name, "wrong");
  const auto first = open(1, {"first"});
  await([&] { return hanging == 1; });
  const auto second = open(2, {"second"});
  await(open(3, {"elsewhere"}, "far away"), State::confirmed);
  await(isolate(4, "suspect"), State::isolated);
  EXPECT_EQ(world.value("second"), "wrong");
  EXPECT_EQ(ledger.remediation(second)->state, State::planned) << "it has no attempt before it may write";
  released.close();
  await(first, State::confirmed);
  await(second, State::confirmed);
}

TEST_F(ExecutorTest, LooksAgainWhenItHasWaitedForItsTurnToWrite) {
  Mailbox<bool> released(1);
  options.call_timeout = seconds(60);
  begin({});
  std::atomic<int> hanging = 0, looks = 0;
  world.watch([&](const HttpRequest& request) {
    if (!request.writes && request.url.ends_with("/second")) ++looks;
    if (!request.writes || !request.url.ends_with("/first")) return;
    ++hanging;
    released.take(seconds(60));
  });
  world.set("first", "wrong");
  world.set("second", "wrong");
  const auto first = open(1, {"first"});
  await([&] { return hanging == 1; });
  const auto second = open(2, {"second"});
  await([&] { return looks == 1 && executor->figures().running == 1; });
  pause_for(3 * options.visibility_delay);
  world.set("second", "right");
  released.close();
  await(second, State::confirmed);
  EXPECT_EQ(ledger.remediation(second)->steps.at(0).attempts, 0);
  await(first, State::confirmed);
}

TEST_F(ExecutorTest, IsolatesWhereAsManyPlacesHangAsThereAreWorkers) {
  Mailbox<bool> released(1);
  options.workers = 8;
  begin({});
  world.watch([&](const HttpRequest& request) {
    if (request.url.find("/stuck") != std::string::npos) released.take(seconds(60));
  });
  std::vector<std::string> stuck;
  for (int i = 1; i <= 8; ++i) {
    stuck.push_back(open(i, {"stuck-" + std::to_string(i)}, "far-away-" + std::to_string(i)));
  }
  await([&] { return executor->figures().running == 7; });
  world.set("suspect", "open");
  await(isolate(9, "suspect"), State::isolated);
  EXPECT_EQ(world.value("suspect"), "isolated");
  released.close();
  for (const std::string& id : stuck) await(id, State::confirmed);
}

TEST_F(ExecutorTest, RetriesWithTimers) {
  world.set("a", "wrong");
  world.next_writes({Luck::not_sent, Luck::not_sent});
  await(open(1, {"a"}), State::confirmed);
  EXPECT_EQ(world.writes().size(), 1U);
}

TEST_F(ExecutorTest, WritesNothingWhileEffectsAreStoppedAndGoesOnAfterwards) {
  stopped = true;
  world.set("a", "wrong");
  const auto id = open(1, {"a"});
  await([&] { return executor->figures().waiting == 1; });
  EXPECT_TRUE(world.writes().empty());
  stopped = false;
  await(id, State::confirmed);
}

TEST_F(ExecutorTest, HoldsWhatAPauseKeepsFromActingAndLetsItGoOn) {
  EXPECT_TRUE(committer.commit(AddPause{{"all", "maintenance", "alice", ledger.now()}}).done());
  world.set("a", "wrong");
  const auto id = open(1, {"a"});
  await(id, State::held);
  EXPECT_EQ(ledger.remediation(id)->guard, "pause");
  EXPECT_TRUE(world.writes().empty());
  EXPECT_TRUE(committer.commit(RemovePause{"all", "alice"}).done());
  await(id, State::confirmed);
}

TEST_F(ExecutorTest, ResumesWhatAPersonApprovedAndDropsWhatWasCancelled) {
  world.set("a", "?");
  world.set("b", "?");
  const auto a = open(1, {"a"});
  const auto b = open(2, {"b"});
  await(a, State::held);
  await(b, State::held);
  world.set("a", "wrong");
  EXPECT_TRUE(committer.commit(PersonalMove{a, Move::resume, "alice", "fine"}).done());
  EXPECT_TRUE(committer.commit(PersonalMove{b, Move::cancel, "alice", "meant"}).done());
  await(a, State::confirmed);
  EXPECT_EQ(world.value("b"), "?");
}

TEST_F(ExecutorTest, UndoesWhatHasEnded) {
  world.set("a", "old");
  const auto id = open(1, {"a"});
  await(id, State::confirmed);
  EXPECT_TRUE(committer.commit(PersonalMove{id, Move::undo, "alice", "meant"}).done());
  await(id, State::undone);
  EXPECT_EQ(world.value("a"), "old");
}

TEST_F(ExecutorTest, LeavesNothingHalfRecordedWhenItStopsInTime) {
  for (int i = 0; i < 40; ++i) world.set("v" + std::to_string(i), "wrong");
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(open(i + 1, {"v" + std::to_string(i)}));
  await([&] { return world.writes().size() >= 5; });
  executor->stop(std::chrono::minutes(10));
  for (const std::string& id : ids) {
    const Remediation r = *ledger.remediation(id);
    EXPECT_NE(r.state, State::unknown);
    EXPECT_NE(r.steps[0].status, StepStatus::attempted) << to_string(r.state);
  }
}

TEST_F(ExecutorTest, CancelsCallsThatDoNotEndInTime) {
  world.set("a", "wrong");
  std::atomic<bool> inside{false};
  world.watch([&](const HttpRequest& request) {
    inside = true;
    while (!request.stop.stop_requested()) std::this_thread::yield();
  });
  open(1, {"a"});
  await([&] { return inside.load(); });
  executor->stop(milliseconds(10));
  EXPECT_TRUE(world.writes().empty());
}

TEST_F(ExecutorTest, HasOnlyInHandWhatComesNear) {
  options.visible_wait = milliseconds(1);
  options.in_hand = milliseconds(100);
  begin({});
  const auto hold = [&](const std::string& id, Duration span) {
    await([&] {
      return committer.commit(MoveRemediation{id, Move::hold, "approval", "", {}, ledger.now() + span}).done();
    });
  };
  stopped = true;
  const std::string soon = open(1, {"a"});
  const std::string never = open(2, {"b"});
  hold(soon, milliseconds(400));
  hold(never, std::chrono::hours(1));
  await([&] { return executor->figures().open == 0; });
  EXPECT_EQ(ledger.remediation(soon)->state, State::held);
  await(soon, State::expired);
  EXPECT_EQ(ledger.remediation(never)->state, State::held);
  await([&] { return executor->figures().open == 0; });

  const std::string again = open(3, {"c"});  // the next life has no more of it in hand
  hold(again, milliseconds(400));
  begin(*ledger.unfinished(ledger.now() + options.in_hand));
  await([&] { return executor->figures().open == 0; });
  await(again, State::expired);
}

TEST_F(ExecutorTest, GoesOnFromTheLedgerAfterEachOfManyCrashes) {
  constexpr int kMany = 30;
  Random dice(11);
  std::vector<std::string> ids;
  for (int i = 0; i < kMany; ++i) {
    world.set("v" + std::to_string(i), "wrong");
    world.set("w" + std::to_string(i), "wrong");
    ids.push_back(open(i + 1, {"v" + std::to_string(i), "w" + std::to_string(i)}));
  }
  for (int lives = 0; lives < 10; ++lives) {
    const size_t until = world.writes().size() + dice.below(6);
    await([&] { return world.writes().size() >= until || executor->figures().open == 0; });
    executor.reset();
    begin(*ledger.unfinished(ledger.now() + options.in_hand));
  }
  for (const std::string& id : ids) await(id, State::confirmed);
  std::map<std::string, int> writes;
  for (const auto& write : world.writes()) ++writes[write.name];
  for (const auto& [name, count] : writes) EXPECT_EQ(count, 1) << name;
}

}  // namespace
}  // namespace kedge
