// What a rule's failures on an account do to what it wants there.
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "tests/ledger/remediation_fixture.h"

namespace kedge {
namespace {

using std::chrono::minutes;

class RuleBreakerTest : public RemediationTest {
 protected:
  RuleBreakerTest() {
    options.gate.budgets = no_budgets();
    options.gate.mass_match.reset();
  }
  std::string target(int number) { return "b" + std::to_string(number); }
  GoAnswer start_one(int number) { return start(open(number, target(number)), target(number)); }
  // One that waited looks again.
  GoAnswer start_again(int number) {
    EXPECT_TRUE(commit(MoveRemediation{sample_id(number), Move::resume, "", "", {}, {}}).done());
    return start(sample_id(number), target(number));
  }
  void end_failed(int number, const std::string& code) {
    const std::string id = sample_id(number);
    StepOutcome outcome = sample_outcome(0, 1, mark_of(id), clock.now());
    outcome.result = StepOutcome::Result::failed;
    outcome.code = code;
    EXPECT_TRUE(commit(RecordOutcome{id, outcome, Move::fail, "it did not work"}).done());
  }
  void fail(int number, const std::string& code = "Busy") {
    EXPECT_EQ(start_one(number).go, Go::go);
    end_failed(number, code);
  }
  Answer end_well(int number) {
    EXPECT_TRUE(finish_step(sample_id(number)).done());
    return conclude(sample_id(number), Move::confirm, ledger().head());
  }
  void open_it() {
    for (int i = 1; i <= 3; ++i) fail(i);
  }
  void let_more_wait_than_one_commit_lets_go() {
    open_it();
    constexpr int kWaiting = static_cast<int>(kResumedAtOnce) + 20;
    for (int i = 100; i < 100 + kWaiting; ++i) EXPECT_EQ(start_one(i).guard, "rule-breaker");
    clock.advance(minutes(15));
    EXPECT_EQ(start_one(10).go, Go::go);
  }
  size_t alarms() {
    const auto types = notice_types();
    return static_cast<size_t>(std::count(types.begin(), types.end(), "kedge.alarm"));
  }
};

TEST_P(RuleBreakerTest, LetsWhatItsRuleFindsWaitAfterThreeThatFailedAndTellsOnce) {
  open_it();
  EXPECT_EQ(alarms(), 1U);
  for (int i = 10; i < 13; ++i) {
    const GoAnswer answer = start_one(i);
    EXPECT_EQ(answer.go, Go::wait);
    EXPECT_EQ(answer.guard, "rule-breaker");
    EXPECT_NE(answer.reason.find("kedge resume --scope rule:aws.s3.public-bucket"), std::string::npos);
    EXPECT_EQ(last_record()["figures"]["failed"], 3);
    EXPECT_EQ(state_of(sample_id(i)), State::waiting);
  }
  EXPECT_EQ(alarms(), 1U);
  EXPECT_EQ(start_of_other_rule(), Go::go);
}

TEST_P(RuleBreakerTest, LetsThoseWhoWaitAskOneAfterTheOther) {
  open_it();
  for (int i = 0; i < 12; ++i) EXPECT_EQ(start_one(10 + i).due, clock.now() + minutes(15) + i * minutes(3)) << i;
  clock.advance(minutes(15));
  EXPECT_EQ(start_again(10).go, Go::go);
  clock.advance(minutes(3));
  EXPECT_EQ(start_again(11).due, clock.now() - minutes(3) + 12 * minutes(3)) << "behind the others";
  end_failed(10, "Busy");
  clock.advance(minutes(12));
  EXPECT_EQ(start_again(12).guard, "rule-breaker") << "it is open for another quarter of an hour";
  clock.advance(minutes(3));
  EXPECT_EQ(start_again(13).go, Go::go);
}

TEST_P(RuleBreakerTest, LetsNobodyWaitForMoreThanADayToAsk) {
  options.gate.rule_breaker = BreakerLimits{3, 5, std::chrono::hours(10), std::chrono::hours(10)};
  remake();
  open_it();
  std::map<Time, int> asked;
  for (int i = 10; i < 49; ++i) ++asked[*start_one(i).due];
  EXPECT_EQ(asked.size(), 13U) << "every two hours for a day, both ends included";
  EXPECT_EQ(asked.begin()->first, clock.now() + std::chrono::hours(10));
  EXPECT_EQ(asked.rbegin()->first, clock.now() + std::chrono::hours(34));
  for (const auto& [due, number] : asked) EXPECT_EQ(number, 3);
}

TEST_P(RuleBreakerTest, OpensAsSoonAsItsRuleSays) {
  Finding finding = sample_finding(1, target(1), clock.now());
  finding.policy.limits.failures_in_a_row = 1;
  commit(batch_of({finding}));
  EXPECT_EQ(start(finding.remediation, target(1)).go, Go::go);
  end_failed(1, "Busy");
  EXPECT_EQ(alarms(), 1U);
  EXPECT_EQ(start_one(2).guard, "rule-breaker");
}

TEST_P(RuleBreakerTest, LetsOneThroughAfterAWhileAndAllWhenThatWorks) {
  open_it();
  clock.advance(minutes(15));
  EXPECT_EQ(start_one(10).go, Go::go);
  EXPECT_EQ(start_one(11).guard, "rule-breaker");
  const Answer done = end_well(10);
  ASSERT_EQ(done.runnable.size(), 1U) << "who waited goes on at once";
  EXPECT_EQ(done.runnable[0].id, sample_id(11));
  EXPECT_EQ(start(sample_id(11), target(11)).go, Go::go);
  fail(12);
  fail(13);
  EXPECT_EQ(start_one(14).go, Go::go) << "what was before is forgotten";
}

TEST_P(RuleBreakerTest, LetsThoseWhoWaitedGoOnInParts) {
  let_more_wait_than_one_commit_lets_go();
  const Answer first = end_well(10);
  EXPECT_EQ(first.runnable.size(), kResumedAtOnce);
  const Answer second = go_on(first);
  EXPECT_EQ(second.runnable.size(), 20U);
  EXPECT_EQ(last_record()["cause"], "breaker_closed");
  EXPECT_TRUE(second.more.empty());
}

TEST_P(RuleBreakerTest, LetsTheRestWaitWhereItOpensAgainMeanwhile) {
  let_more_wait_than_one_commit_lets_go();
  const Answer first = end_well(10);
  for (int i = 100; i < 103; ++i) {
    EXPECT_EQ(start(sample_id(i), target(i)).go, Go::go);
    end_failed(i, "Busy");
  }
  const Answer second = go_on(first);
  ASSERT_TRUE(second.done());
  EXPECT_TRUE(second.runnable.empty());
  EXPECT_TRUE(second.more.empty());
}

// The engine died after the first part.
TEST_P(RuleBreakerTest, LetsTheRestGoOnWithTheNextStart) {
  let_more_wait_than_one_commit_lets_go();
  EXPECT_TRUE(commit(NoteStart{"0.1.0", "", "boot"}).runnable.empty()) << "it is open";
  end_well(10);
  restart();
  EXPECT_EQ(commit(NoteStart{"0.1.0", "", "boot"}).runnable.size(), 20U);
  EXPECT_EQ(last_record()["cause"], "breaker_closed");
}

TEST_P(RuleBreakerTest, WaitsAsLongAgainWhenTheOneFailsToo) {
  open_it();
  clock.advance(minutes(15));
  fail(10);
  clock.advance(minutes(14));
  EXPECT_EQ(start_one(11).guard, "rule-breaker");
  clock.advance(minutes(1));
  EXPECT_EQ(start_one(12).go, Go::go);
  EXPECT_EQ(alarms(), 1U);
}

TEST_P(RuleBreakerTest, LetsTheNextOneThroughWhereTheOneEndedWithoutAWord) {
  open_it();
  clock.advance(minutes(15));
  EXPECT_EQ(start_one(10).go, Go::go);
  EXPECT_TRUE(finish_step(sample_id(10)).done());
  EXPECT_TRUE(commit(PersonalMove{sample_id(10), Move::undo, "alice", "it was meant"}).done());
  EXPECT_EQ(conclude(sample_id(10), Move::finish_undo, ledger().head()).go->go, Go::go);
  EXPECT_EQ(start_one(11).go, Go::go);
  EXPECT_EQ(start_one(12).guard, "rule-breaker");
}

TEST_P(RuleBreakerTest, CountsWhatTheEngineTakesBackByItselfAsFailed) {
  for (int number = 1; number <= 3; ++number) {
    EXPECT_EQ(start_one(number).go, Go::go);
    RecordOutcome failed{sample_id(number), sample_outcome(0, 1, mark_of(sample_id(number)), clock.now()), Move::undo,
                         "the write was accepted, and nothing came of it"};
    failed.outcome.result = StepOutcome::Result::failed;
    ASSERT_TRUE(commit(failed).done());
    EXPECT_EQ(conclude(sample_id(number), Move::finish_undo, ledger().head()).go->go, Go::go);
  }
  EXPECT_EQ(start_one(4).guard, "rule-breaker");
}

TEST_P(RuleBreakerTest, IsNoReasonNotToTellWhatTheEngineTakesBack) {
  EXPECT_EQ(start_one(1).go, Go::go);
  ASSERT_TRUE(finish_step(sample_id(1), 0, Move::undo).done());
  const std::vector<Notice> notices = *reader().due_notices(clock.now(), 100);
  ASSERT_EQ(notices.size(), 2U) << "to the rule's channel, and to that of alarms";
  for (const Notice& notice : notices) EXPECT_EQ(notice.type, "kedge.remediation.undoing");
  EXPECT_EQ(notices[0].data["target"], target(1));
}

TEST_P(RuleBreakerTest, LetsTheNextOneThroughWhereTheOneWaitsForAPerson) {
  open_it();
  clock.advance(minutes(15));
  EXPECT_EQ(start_one(10).go, Go::go);
  EXPECT_EQ(start_one(11).guard, "rule-breaker");
  MoveRemediation hold;
  hold.remediation = sample_id(10);
  hold.move = Move::hold;
  hold.guard = "observation";
  hold.reason = "the target cannot be observed";
  ASSERT_TRUE(commit(hold).done());
  EXPECT_EQ(start_one(12).go, Go::go);
  EXPECT_EQ(end_well(12).runnable.size(), 1U) << "who waited goes on at once";
  EXPECT_EQ(state_of(sample_id(10)), State::held);
}

TEST_P(RuleBreakerTest, IsRememberedOverARestart) {
  open_it();
  restart();
  EXPECT_EQ(start_one(10).guard, "rule-breaker");
  clock.advance(minutes(15));
  EXPECT_EQ(start_one(11).go, Go::go);
  restart();
  EXPECT_EQ(start_one(12).guard, "rule-breaker") << "the one that was let through is under way";
  EXPECT_EQ(end_well(11).runnable.size(), 2U);
}

TEST_P(RuleBreakerTest, OpensAtOnceWhereAccessIsDenied) {
  fail(1, "AccessDenied");
  EXPECT_EQ(start_one(2).guard, "rule-breaker");
}

TEST_P(RuleBreakerTest, OpensWhenHalfOfTheLastTenFailed) {
  for (int i = 1; i < 10; ++i) {
    if (i % 2 == 0) {
      fail(i);
    } else {
      EXPECT_EQ(start_one(i).go, Go::go);
      end_well(i);
    }
  }
  fail(10);
  EXPECT_EQ(start_one(11).guard, "rule-breaker");
}

TEST_P(RuleBreakerTest, GoesOnWhenAPersonLetsTheRuleGoOnOrApprovesOne) {
  open_it();
  EXPECT_EQ(start_one(10).guard, "rule-breaker");
  EXPECT_EQ(start_one(11).guard, "rule-breaker");
  EXPECT_EQ(commit(PersonalMove{sample_id(10), Move::resume, "alice", "now"}).runnable.size(), 1U);
  EXPECT_EQ(start(sample_id(10), target(10)).go, Go::go);
  const Answer resumed = commit(RemovePause{"rule:aws.s3.public-bucket", "alice"});
  ASSERT_TRUE(resumed.done());
  ASSERT_EQ(resumed.runnable.size(), 1U);
  EXPECT_EQ(start(sample_id(11), target(11)).go, Go::go);
  EXPECT_EQ(commit(RemovePause{"rule:aws.s3.public-bucket", "alice"}).error.code, ErrorCode::not_found);
}

TEST_P(RuleBreakerTest, GoesOnInPartsWhenAPersonLetsTheRuleGoOn) {
  let_more_wait_than_one_commit_lets_go();
  const Answer first = commit(RemovePause{"rule:aws.s3.public-bucket", "alice"});
  EXPECT_EQ(first.runnable.size(), kResumedAtOnce);
  const Answer second = go_on(first);
  EXPECT_EQ(second.runnable.size(), 20U);
  EXPECT_EQ(last_record()["cause"], "resume");
  EXPECT_EQ(last_record()["actor"], "alice");
}

INSTANTIATE_TEST_SUITE_P(Ledger, RuleBreakerTest, kAllLedgers, name_of_ledger);

}  // namespace
}  // namespace kedge
