// Who goes on when a lock is given back: one, however many wait for it, and nobody waits for ever.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/ledger/remediation_fixture.h"

namespace kedge {
namespace {

using Keys = std::vector<std::string>;

class LocksTest : public RemediationTest {
 protected:
  LocksTest() {
    options.gate.budgets = no_budgets();
    options.gate.mass_match.reset();
  }
  static std::string target(int number) { return "b" + std::to_string(number); }
  Answer ask(int number, Keys keys = {"shared"}) {
    Start start = sample_start(sample_id(number), target(number), ledger().head());
    start.touches = std::move(keys);
    return commit(start);
  }
  // Finds something and asks the gate for it.
  std::string guard_of(int number, Keys keys = {"shared"}) {
    open(number, target(number));
    return ask(number, std::move(keys)).go->guard;
  }
  void find_what_isolates(int number) {
    Finding finding = sample_finding(number, target(number), clock.now());
    finding.plan.isolate = std::exchange(finding.plan.revert, {});
    ASSERT_TRUE(commit(batch_of({finding})).done());
  }
  Answer end(int number) {
    EXPECT_TRUE(finish_step(sample_id(number)).done());
    return conclude(sample_id(number), Move::confirm, ledger().head());
  }
  static std::vector<std::string> ids(const Answer& answer) {
    std::vector<std::string> ids;
    for (const Remediation& r : answer.runnable) ids.push_back(r.id);
    return ids;
  }
};

TEST_P(LocksTest, LetsTheFirstOfManyGoOn) {
  ASSERT_EQ(guard_of(0), "");
  for (int i = 1; i < 150; ++i) ASSERT_EQ(guard_of(i), "locks");
  EXPECT_EQ(ids(end(0)), Keys{sample_id(1)});
  restart();
  ASSERT_EQ(ask(1).go->go, Go::go);
  EXPECT_EQ(ids(end(1)), Keys{sample_id(2)});
  EXPECT_EQ(state_of(sample_id(3)), State::waiting);
}

TEST_P(LocksTest, LetsIsolationGoOnFirst) {
  ASSERT_EQ(guard_of(0), "");
  ASSERT_EQ(guard_of(1), "locks");
  find_what_isolates(2);
  ASSERT_EQ(ask(2).go->guard, "locks");
  EXPECT_EQ(ids(end(0)), Keys{sample_id(2)});
}

TEST_P(LocksTest, LetsTheFirstOfEachKeyGoOnThatFindsAllOfItsOwnFree) {
  ASSERT_EQ(guard_of(0, {"a", "b"}), "");
  ASSERT_EQ(guard_of(1, {"c"}), "");
  ASSERT_EQ(guard_of(2, {"a", "c"}), "locks") << "which is still held when a is free";
  ASSERT_EQ(guard_of(3, {"a"}), "locks");
  ASSERT_EQ(guard_of(4, {"b"}), "locks");
  ASSERT_EQ(guard_of(5, {"b"}), "locks");
  EXPECT_EQ(ids(end(0)), (Keys{sample_id(3), sample_id(4)}));
  ASSERT_EQ(ask(3, {"a"}).go->go, Go::go);
  EXPECT_EQ(ids(end(3)), Keys{}) << "c";
  EXPECT_EQ(ids(end(1)), Keys{sample_id(2)});
}

TEST_P(LocksTest, LetsTheNextGoOnWhereTheFirstStandsStillWithoutTheLock) {
  ASSERT_EQ(guard_of(0), "");
  for (int i = 1; i < 4; ++i) ASSERT_EQ(guard_of(i), "locks");
  EXPECT_EQ(ids(end(0)), Keys{sample_id(1)});
  ASSERT_TRUE(commit(AddPause{{"all", "", "alice", clock.now()}}).done());
  const Answer held = ask(1);
  EXPECT_EQ(held.go->guard, "pause");
  EXPECT_EQ(ids(held), Keys{sample_id(2)});
  MoveRemediation unobserved;
  unobserved.remediation = sample_id(2);
  unobserved.guard = "observation";
  EXPECT_EQ(ids(commit(unobserved)), Keys{sample_id(3)});
}

TEST_P(LocksTest, LetsTheNextGoOnWhereTheFirstEndsWithoutTheLock) {
  ASSERT_EQ(guard_of(0), "");
  for (int i = 1; i < 4; ++i) ASSERT_EQ(guard_of(i), "locks");
  EXPECT_EQ(ids(end(0)), Keys{sample_id(1)});
  EXPECT_EQ(ids(conclude(sample_id(1), Move::confirm, ledger().head())), Keys{sample_id(2)}) << "it was right already";
  EXPECT_EQ(ids(commit(PersonalMove{sample_id(2), Move::cancel, "alice", "meant"})), Keys{sample_id(3)});
}

TEST_P(LocksTest, LetsTheNextGoOnWhereTheFirstNeedsAnotherLockToo) {
  ASSERT_EQ(guard_of(0, {"a"}), "");
  ASSERT_EQ(guard_of(1, {"b"}), "");
  ASSERT_EQ(guard_of(2, {"a"}), "locks");
  ASSERT_EQ(guard_of(3, {"a"}), "locks");
  EXPECT_EQ(ids(end(0)), Keys{sample_id(2)});
  const Answer asked = ask(2, {"a", "b"});  // another name of the target came to light
  EXPECT_EQ(asked.go->guard, "locks");
  EXPECT_EQ(ids(asked), Keys{sample_id(3)});
}

TEST_P(LocksTest, LetsTheNextGoOnWhereTheFirstTouchesSomethingElse) {
  ASSERT_EQ(guard_of(0, {"a"}), "");
  ASSERT_EQ(guard_of(1, {"a"}), "locks");
  ASSERT_EQ(guard_of(2, {"a"}), "locks");
  EXPECT_EQ(ids(end(0)), Keys{sample_id(1)});
  EXPECT_EQ(ids(ask(1, {"b"})), Keys{sample_id(2)});
}

INSTANTIATE_TEST_SUITE_P(Ledger, LocksTest, kAllLedgers, name_of_ledger);

}  // namespace
}  // namespace kedge
