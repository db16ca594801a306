// Isolations that stand: what others may do on the target meanwhile, and when they are taken back.
#include <gtest/gtest.h>

#include "tests/ledger/remediation_fixture.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class StandingIsolation : public RemediationTest {
 protected:
  void SetUp() override {
    options.gate.budgets = no_budgets();
    options.gate.mass_match.reset();
    RemediationTest::SetUp();
    LoadRules rules = sample_rules();
    rules.rules.push_back(sample_rules(Mode::enforce, "another").rules[0]);
    ASSERT_TRUE(commit(rules).done());
  }
  std::string isolating(int number, Duration lease) {
    Finding finding = sample_finding(number, "host", clock.now());
    finding.plan.isolate = std::exchange(finding.plan.revert, {});
    finding.policy.lease = lease;
    EXPECT_TRUE(commit(batch_of({finding})).done());
    return finding.remediation;
  }
  std::string isolated(int number, Duration lease = minutes(10)) {
    const std::string id = isolating(number, lease);
    EXPECT_EQ(start(id, "host").go, Go::go);
    EXPECT_TRUE(finish_step(id).done());
    EXPECT_TRUE(conclude_isolated(id).done());
    return id;
  }
  // One whose step was found in force: nothing of it was written.
  std::string found_isolated(int number, Duration lease) {
    const std::string id = isolating(number, lease);
    EXPECT_TRUE(conclude_isolated(id).done());
    return id;
  }
  Answer conclude_isolated(const std::string& id) {
    return commit(Conclude{id, Move::isolate, ledger().head(), {{0, captured("cut off")}}, "it is cut off", {}});
  }
  std::string open_of_other_rule(int number) {
    Finding finding = sample_finding(number, "host", clock.now());
    finding.plan.rule.id = "another";
    EXPECT_TRUE(commit(batch_of({finding})).done());
    return finding.remediation;
  }
  Answer release(const std::string& id) {
    return commit(MoveRemediation{id, Move::release, "", "the lease is over", {}, std::nullopt});
  }
  Answer released_by_person(const std::string& id) {
    return commit(PersonalMove{id, Move::release, "alice", "it is clean"});
  }
};

TEST_P(StandingIsolation, LetsOthersWorkOnWhatIsIsolated) {
  const std::string isolation = isolating(1, hours(1));
  EXPECT_EQ(start(isolation, "host").go, Go::go);
  const std::string waits = open_of_other_rule(2);
  EXPECT_EQ(start(waits, "host").guard, "locks") << "while it is at work";
  EXPECT_TRUE(finish_step(isolation).done());
  const Answer stands = conclude_isolated(isolation);
  ASSERT_EQ(stands.runnable.size(), 1U) << "who waited goes on as soon as it stands";
  EXPECT_EQ(stands.runnable[0].id, waits);
  EXPECT_EQ(start(waits, "host").go, Go::go);
  EXPECT_TRUE(finish_step(waits).done());
  EXPECT_EQ(conclude(waits, Move::confirm, ledger().head()).go->go, Go::go);
  EXPECT_EQ(state_of(isolation), State::isolated);
}

TEST_P(StandingIsolation, IsNotReleasedWhileAnotherWorksOnIt) {
  const std::string isolation = isolated(1);
  const std::string other = open_of_other_rule(2);
  EXPECT_EQ(start(other, "host").go, Go::go);
  clock.advance(minutes(10));
  restart();
  const Answer waits = release(isolation);
  ASSERT_TRUE(waits.done() && waits.go) << waits.error.message;
  EXPECT_EQ(waits.go->go, Go::wait);
  EXPECT_EQ(waits.go->guard, "locks");
  EXPECT_NE(waits.go->reason.find(other), std::string::npos) << waits.go->reason;
  EXPECT_EQ(released_by_person(isolation).error.code, ErrorCode::refused);
  EXPECT_EQ(commit(PersonalMove{isolation, Move::undo, "alice", "it is clean"}).error.code, ErrorCode::refused);

  EXPECT_TRUE(finish_step(other).done());
  EXPECT_EQ(conclude(other, Move::confirm, ledger().head()).go->go, Go::go);
  EXPECT_FALSE(release(isolation).go);
  EXPECT_EQ(state_of(isolation), State::releasing);
}

TEST_P(StandingIsolation, IsReleasedAtOnceWhereAPersonSaysSo) {
  const std::string isolation = isolated(1);
  const Answer released = released_by_person(isolation);
  ASSERT_TRUE(released.done()) << released.error.message;
  ASSERT_EQ(released.runnable.size(), 1U) << "the executor has put it off until its time is over";
  EXPECT_EQ(released.runnable[0].id, isolation);
  EXPECT_EQ(released.runnable[0].state, State::releasing);
}

TEST_P(StandingIsolation, HoldsItsLocksAgainWhileItIsReleased) {
  const std::string isolation = isolated(1);
  clock.advance(minutes(10));
  EXPECT_FALSE(release(isolation).go);
  EXPECT_EQ(start(open_of_other_rule(2), "host").guard, "locks");
}

// The second has nothing to take back when its own is over, and must not be left without what it found.
TEST_P(StandingIsolation, StandsForAsLongAsAnotherFoundItStanding) {
  const std::string first = isolated(1);
  const std::string second = found_isolated(2, minutes(30));
  clock.advance(minutes(10));
  restart();
  const Answer waits = release(first);
  ASSERT_TRUE(waits.go) << waits.error.message;
  EXPECT_EQ(waits.go->go, Go::wait);
  EXPECT_NE(waits.go->reason.find(second + " needs the same isolation until"), std::string::npos) << waits.go->reason;
  const Answer refused = released_by_person(first);
  EXPECT_EQ(refused.error.code, ErrorCode::refused);
  EXPECT_NE(refused.error.message.find("release " + first + " when it has been released"), std::string::npos)
      << refused.error.message;
  EXPECT_TRUE(released_by_person(second).done()) << "the second stands on nobody's";
  EXPECT_FALSE(release(first).go);
}

// Somebody had lifted the first one, so the second wrote it again: to take back the first would end the second.
TEST_P(StandingIsolation, StandsForAsLongAsAnotherThatWroteItAgain) {
  const std::string first = isolated(1);
  const std::string second = isolated(2, minutes(30));
  clock.advance(minutes(10));
  ASSERT_TRUE(release(first).go);
  EXPECT_EQ(release(first).go->go, Go::wait);
  clock.advance(minutes(20));
  EXPECT_FALSE(release(second).go);
  EXPECT_EQ(state_of(second), State::releasing);
}

TEST_P(StandingIsolation, IsReleasedByAPersonAlsoWhereAnotherWroteItAgain) {
  const std::string first = isolated(1);
  const std::string second = isolated(2, minutes(30));
  EXPECT_TRUE(released_by_person(second).done());
  EXPECT_EQ(state_of(first), State::isolated);
}

TEST_P(StandingIsolation, IsReleasedWhenWhatLeansOnItIsOverToo) {
  const std::string first = isolated(1);
  const std::string second = found_isolated(2, minutes(30));
  clock.advance(minutes(30));
  EXPECT_FALSE(release(first).go) << "no two wait for each other";
  EXPECT_EQ(state_of(first), State::releasing);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ledger, StandingIsolation, kAllLedgers, name_of_ledger);

}  // namespace kedge
