// What becomes of a remediation, Change by Change.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ledger/ledger_pair.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class RemediationTest : public LedgerTest {
 protected:
  // Starts the remediation of a target; gives the answer.
  GoAnswer start(const std::string& id, const std::string& target = "bucket", size_t steps = 1) {
    const Answer answer = commit(sample_start(id, target, ledger().head(), steps));
    EXPECT_TRUE(answer.done()) << answer.error.message;
    return answer.go.value_or(GoAnswer{Go::refused, "", "no answer", {}});
  }
  void start_so_many(int number) {
    for (int i = 0; i < number; ++i) {
      EXPECT_EQ(start(open(i, "b" + std::to_string(i)), "b" + std::to_string(i)).go, Go::go);
    }
  }
  static BudgetLimits no_budgets() {
    const Budget ample{100, minutes(1)};
    return {ample, ample, ample, ample};
  }
  void allow_mass_matches() {
    options.gate.mass_match.reset();
    remake();
  }
  Go start_of_other_rule() {
    LoadRules rules = sample_rules();
    rules.rules.push_back(sample_rules(Mode::enforce, "another").rules[0]);
    EXPECT_TRUE(commit(rules).done());
    Finding finding = sample_finding(9'000, "of-another", clock.now());
    finding.plan.rule.id = "another";
    EXPECT_TRUE(commit(batch_of({finding})).done());
    return start(finding.remediation, "of-another").go;
  }
  std::string mark_of(const std::string& id) { return "mark-of-" + id; }
  Answer finish_step(const std::string& id, size_t step = 0, Move move = Move::apply_all) {
    return commit(RecordOutcome{id, sample_outcome(step, 1, mark_of(id), clock.now()), move, ""});
  }
  Answer conclude(const std::string& id, Move move, int64_t observed_from) {
    return commit(Conclude{id, move, observed_from, {{0, captured("private")}}, "", Json::object()});
  }
  // From finding to confirmed.
  std::string confirmed(int number, const std::string& target = "bucket") {
    const std::string id = open(number, target);
    EXPECT_EQ(start(id, target).go, Go::go);
    EXPECT_TRUE(finish_step(id).done());
    EXPECT_EQ(conclude(id, Move::confirm, ledger().head()).go->go, Go::go);
    return id;
  }
  State state_of(const std::string& id) { return reader().remediation(id)->state; }
  std::vector<std::string> notice_types() {
    std::vector<std::string> types;
    const std::vector<Notice> notices = *reader().due_notices(clock.now(), 100);
    for (const Notice& notice : notices) types.push_back(notice.type);
    return types;
  }
};

// ---- findings ------------------------------------------------------------------------------------------------------

TEST_P(RemediationTest, OpensOnceForAKey) {
  const Finding finding = sample_finding(1, "bucket", clock.now());
  const Answer first = commit(batch_of({finding}));
  ASSERT_TRUE(first.done());
  EXPECT_EQ(first.dispositions.at(0).kind, Disposition::Kind::opened);
  ASSERT_EQ(first.runnable.size(), 1U);
  EXPECT_EQ(first.runnable[0].state, State::planned);

  Finding again = finding;
  again.remediation = sample_id(2);
  EXPECT_EQ(commit(batch_of({again})).dispositions.at(0).kind, Disposition::Kind::duplicate);
  EXPECT_EQ(reader().open_remediations()->size(), 1U);
  EXPECT_EQ(reader().counts(Time{}, clock.now() + hours(1))->at(0).reason, "duplicate");
}

TEST_P(RemediationTest, RemembersAKeyForItsTimeAndForgetsItAfterwards) {
  confirmed(1);
  Finding again = sample_finding(1, "bucket", clock.now());
  again.remediation = sample_id(2);
  clock.advance(options.seen_for);
  EXPECT_EQ(commit(batch_of({again})).dispositions.at(0).kind, Disposition::Kind::duplicate);
  clock.advance(hours(48));
  EXPECT_EQ(commit(batch_of({again})).dispositions.at(0).kind, Disposition::Kind::opened);
}

TEST_P(RemediationTest, JoinsOneWithTheSamePlanWhichMustThenBeObservedAgain) {
  const std::string id = open(1, "bucket");
  start(id);
  finish_step(id);
  const int64_t observed_from = ledger().head();
  const Answer joined = commit(batch_of({sample_finding(2, "bucket", clock.now())}));
  EXPECT_EQ(joined.dispositions.at(0), (Disposition{Disposition::Kind::joined, id}));
  EXPECT_EQ(conclude(id, Move::confirm, observed_from).go->go, Go::observe_again);
  EXPECT_EQ(state_of(id), State::confirming);
  EXPECT_EQ(conclude(id, Move::confirm, ledger().head()).go->go, Go::go);
}

TEST_P(RemediationTest, GivesWayToANewerPlanBeforeItHasWritten) {
  const std::string id = open(1, "bucket");
  Finding newer = sample_finding(2, "bucket", clock.now(), 2);
  const Answer answer = commit(batch_of({newer}));
  EXPECT_EQ(answer.dispositions.at(0), (Disposition{Disposition::Kind::superseding, sample_id(2)}));
  EXPECT_EQ(state_of(id), State::superseded);
  EXPECT_EQ(answer.runnable.at(0).id, sample_id(2));
}

TEST_P(RemediationTest, LetsANewerPlanWaitOnceItHasWritten) {
  const std::string id = open(1, "bucket");
  start(id);
  const Answer answer = commit(batch_of({sample_finding(2, "bucket", clock.now(), 2)}));
  EXPECT_EQ(answer.dispositions.at(0).kind, Disposition::Kind::opened);
  const GoAnswer newer = start(sample_id(2), "bucket", 2);
  EXPECT_EQ(newer.go, Go::wait);
  EXPECT_EQ(newer.guard, "locks");

  finish_step(id);
  const Answer ended = conclude(id, Move::confirm, ledger().head());
  ASSERT_EQ(ended.runnable.size(), 1U);  // it goes on in the very commit that frees its lock
  EXPECT_EQ(ended.runnable[0].id, sample_id(2));
  EXPECT_EQ(start(sample_id(2), "bucket", 2).go, Go::go);
}

// ---- from start to end ---------------------------------------------------------------------------------------------

TEST_P(RemediationTest, RunsFromFindingToConfirmation) {
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).go, Go::go);
  clock.advance(seconds(1));
  ASSERT_TRUE(finish_step(id).done());
  clock.advance(seconds(1));
  EXPECT_EQ(conclude(id, Move::confirm, ledger().head()).go->go, Go::go);

  const Remediation ended = *reader().remediation(id);
  EXPECT_EQ(ended.state, State::confirmed);
  EXPECT_EQ(ended.steps[0].status, StepStatus::applied);
  EXPECT_EQ(ended.steps[0].before, captured("public"));
  EXPECT_TRUE(reader().open_remediations()->empty());
  EXPECT_EQ(last_record()["kind"], "confirmation");
  EXPECT_EQ(last_record()["phases"], Json({{"detection", 1'000'000},
                                           {"evaluation", 1'000'000},
                                           {"response", 1'000'000},
                                           {"recovery", 0},
                                           {"confirmation", 1'000'000}}));
  EXPECT_EQ(notice_types(), std::vector<std::string>{"kedge.remediation.confirmed"});
}

TEST_P(RemediationTest, ConfirmsWithoutEffectAndWithoutNoticeWhatHeldAlready) {
  const std::string id = open(1, "bucket");
  EXPECT_EQ(conclude(id, Move::confirm, ledger().head()).go->go, Go::go);
  EXPECT_EQ(reader().remediation(id)->steps[0].status, StepStatus::already);
  EXPECT_TRUE(notice_types().empty());
}

TEST_P(RemediationTest, AnnouncesAPlanWithoutAStepAndTellsPeople) {
  ASSERT_TRUE(commit(batch_of({sample_finding(1, "bucket", clock.now(), 0)})).done());
  const std::string id = sample_id(1);
  EXPECT_EQ(conclude(id, Move::confirm, ledger().head()).outcome, Outcome::refused) << "nothing was proven";
  ASSERT_TRUE(commit(Conclude{id, Move::announce, ledger().head(), {}, "", Json::object()}).done());
  EXPECT_EQ(state_of(id), State::announced);
  EXPECT_EQ(last_record()["kind"], "announcement");
  EXPECT_EQ(notice_types(), std::vector<std::string>{"kedge.remediation.announced"});
  EXPECT_TRUE(reader().open_remediations()->empty());
}

TEST_P(RemediationTest, AnnouncesNothingThatHasSteps) {
  const std::string id = open(1, "bucket");
  EXPECT_EQ(conclude(id, Move::announce, ledger().head()).outcome, Outcome::refused);
  EXPECT_EQ(state_of(id), State::planned);
}

TEST_P(RemediationTest, StartsALaterPartWithBeforesAndLocksOfItsOwn) {
  ASSERT_TRUE(commit(batch_of({sample_finding(1, "bucket", clock.now(), 3)})).done());
  const std::string id = sample_id(1);
  Start first = sample_start(id, "bucket", ledger().head(), 3);
  first.befores.resize(1);
  ASSERT_EQ(commit(first).go->go, Go::go);
  ASSERT_TRUE(finish_step(id, 0, Move::outcome).done());
  EXPECT_EQ(commit(Attempt{id, std::nullopt, 1, 1, "mark"}).outcome, Outcome::refused) << "it was never observed";

  Start rest = sample_start(id, "bucket", ledger().head(), 3);
  rest.step = 2;
  rest.mark = "mark-of-the-rest";
  rest.touches = {"another key"};
  EXPECT_EQ(commit(rest).outcome, Outcome::refused) << "step 0 was started already";
  rest.befores.erase(rest.befores.begin());
  rest.befores[0].holds = true;
  ASSERT_EQ(commit(rest).go->go, Go::go);
  const Remediation r = *reader().remediation(id);
  EXPECT_EQ(r.steps[0].status, StepStatus::applied);
  EXPECT_EQ(r.steps[1].status, StepStatus::already);
  EXPECT_EQ(r.steps[2].status, StepStatus::attempted);
  EXPECT_EQ(r.steps[2].before, captured("public"));
  EXPECT_EQ(r.touches, (std::vector<std::string>{"another key", "s3:bucket"}));
  EXPECT_EQ(last_record()["befores"].size(), 2U);
}

TEST_P(RemediationTest, HoldsALaterPartThatAGuardRefusesAndLetsItWaitForALock) {
  ASSERT_TRUE(commit(batch_of({sample_finding(1, "bucket", clock.now(), 2)})).done());
  const std::string id = sample_id(1);
  Start first = sample_start(id, "bucket", ledger().head(), 2);
  first.befores.resize(1);
  ASSERT_EQ(commit(first).go->go, Go::go);
  ASSERT_TRUE(finish_step(id, 0, Move::outcome).done());
  const std::string other = open(2, "other");
  ASSERT_EQ(start(other, "other").go, Go::go);

  Start rest = sample_start(id, "other", ledger().head(), 2);
  rest.befores.erase(rest.befores.begin());
  rest.step = 1;
  EXPECT_EQ(commit(rest).go->go, Go::wait);
  EXPECT_EQ(state_of(id), State::waiting);
  ASSERT_TRUE(finish_step(other).done());
  EXPECT_EQ(conclude(other, Move::confirm, ledger().head()).runnable.at(0).id, id);
  EXPECT_EQ(state_of(id), State::planned);

  AddException exception{{"e1", "*", "bucket", "web team", "meant", clock.now() + hours(1), "alice", clock.now()}};
  ASSERT_TRUE(commit(exception).done());
  rest.observed_from = ledger().head();
  EXPECT_EQ(commit(rest).go->go, Go::held) << "what is half done is no end";
  EXPECT_EQ(state_of(id), State::held);
  EXPECT_EQ(reader().remediation(id)->guard, "exception");
}

TEST_P(RemediationTest, IsUndoneFromAHoldAndFromACancellationWhereSomethingWasDone) {
  const std::string untouched = open(1, "bucket-1");
  ASSERT_TRUE(commit(MoveRemediation{untouched, Move::hold, "observation", "unclear", {}, {}}).done());
  EXPECT_EQ(commit(PersonalMove{untouched, Move::undo, "alice", ""}).outcome, Outcome::refused);

  const std::string half = open(2, "bucket-2");
  ASSERT_EQ(start(half, "bucket-2").go, Go::go);
  ASSERT_TRUE(finish_step(half, 0, Move::hold).done());
  ASSERT_TRUE(commit(PersonalMove{half, Move::cancel, "alice", "enough"}).done());
  const Answer undone = commit(PersonalMove{half, Move::undo, "alice", "all of it"});
  ASSERT_EQ(undone.runnable.size(), 1U);
  EXPECT_EQ(state_of(half), State::undoing);
}

TEST_P(RemediationTest, FindsItsAttemptsByMarkAndByRequest) {
  const std::string id = open(1, "bucket");
  start(id);
  finish_step(id);
  const AttemptTrace trace{id, "bucket", mark_of(id), {"s3:bucket"}};
  EXPECT_EQ(*reader().attempts_by_mark(mark_of(id)), std::vector<AttemptTrace>{trace});
  EXPECT_EQ(*reader().attempts_by_request("request-of-" + mark_of(id)), std::vector<AttemptTrace>{trace});
  EXPECT_TRUE(reader().attempts_by_mark("another")->empty());
}

TEST_P(RemediationTest, IsObservedAgainWhenAnAttemptOnItsKeysEndedSinceItWasLookedAt) {
  const std::string second = open(2, "bucket-2");
  const int64_t observed_from = ledger().head();
  confirmed(1);
  Start stale = sample_start(second, "bucket", observed_from);  // it touches the first one's key
  EXPECT_EQ(commit(stale).go->go, Go::observe_again);
  stale.observed_from = ledger().head();
  EXPECT_EQ(commit(stale).go->go, Go::go);
}

TEST_P(RemediationTest, KeepsTheBeforesOfItsFirstAttempt) {
  const std::string id = open(1, "bucket");
  start(id);
  StepOutcome unknown = sample_outcome(0, 1, mark_of(id), clock.now());
  unknown.result = StepOutcome::Result::unknown;
  ASSERT_TRUE(commit(RecordOutcome{id, unknown, Move::hold, "may not be repeated"}).done());
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "try again"}).done());
  Start again = sample_start(id, "bucket", ledger().head());
  again.befores[0].state = captured("something in between");
  ASSERT_EQ(commit(again).go->go, Go::go);
  EXPECT_EQ(reader().remediation(id)->steps[0].before, captured("public"));
}

TEST_P(RemediationTest, TakesTheBeforesAnewAsLongAsNothingWasWritten) {
  ASSERT_TRUE(commit(AddPause{{"all", "a storm", "alice", clock.now()}}).done());
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).go, Go::held);
  ASSERT_TRUE(commit(RemovePause{"all", "alice"}).done());
  Start again = sample_start(id, "bucket", ledger().head());
  again.befores[0].state = captured("public in another way");
  ASSERT_EQ(commit(again).go->go, Go::go);
  EXPECT_EQ(reader().remediation(id)->steps[0].before, captured("public in another way"));
}

TEST_P(RemediationTest, CountsItsAttempts) {
  const std::string id = open(1, "bucket", 2);
  start(id, "bucket", 2);
  StepOutcome failed = sample_outcome(0, 1, mark_of(id), clock.now());
  failed.result = StepOutcome::Result::retry;
  EXPECT_EQ(commit(Attempt{id, failed, 0, 1, "m2"}).error.code, ErrorCode::conflict);
  EXPECT_EQ(commit(Attempt{id, failed, 0, 2, "m2"}).go->go, Go::go);
  EXPECT_EQ(commit(Attempt{id, sample_outcome(0, 2, "m2", clock.now()), 1, 1, "m3"}).go->go, Go::go);
  const Remediation r = *reader().remediation(id);
  EXPECT_EQ(r.steps[0].attempts, 2);
  EXPECT_EQ(r.steps[0].status, StepStatus::applied);
  EXPECT_EQ(r.steps[1].status, StepStatus::attempted);
}

TEST_P(RemediationTest, RefusesAnOutcomeThatIsNotOfTheLatestAttempt) {
  const std::string id = open(1, "bucket");
  start(id);
  const int64_t head = ledger().head();
  EXPECT_EQ(commit(RecordOutcome{id, sample_outcome(0, 1, "another", clock.now()), Move::apply_all, ""}).error.code,
            ErrorCode::conflict);
  EXPECT_EQ(ledger().head(), head);
  EXPECT_EQ(state_of(id), State::running);
}

TEST_P(RemediationTest, RefusesEveryMoveThatTheTableDoesNotHave) {
  const std::string id = open(1, "bucket");
  const Remediation before = *reader().remediation(id);
  const int64_t head = ledger().head();
  for (int number = 0; number <= static_cast<int>(Move::supersede); ++number) {
    const Move move = static_cast<Move>(number);
    if (!transition(State::planned, move)) {
      EXPECT_FALSE(conclude(id, move, head).done()) << to_string(move);
      EXPECT_FALSE(commit(PersonalMove{id, move, "alice", ""}).done()) << to_string(move);
      EXPECT_FALSE(commit(MoveRemediation{id, move, "", "", {}, clock.now()}).done()) << to_string(move);
      EXPECT_FALSE(finish_step(id, 0, move).done()) << to_string(move);
    }
  }
  EXPECT_FALSE(commit(Attempt{id, std::nullopt, 0, 1, "m"}).done());
  EXPECT_FALSE(commit(AttemptUndo{id, std::nullopt, 0, 1, "m"}).done());
  EXPECT_FALSE(commit(Start{"nobody", 0, {}, {}, 0, "m"}).done());
  EXPECT_EQ(ledger().head(), head);
  EXPECT_EQ(*reader().remediation(id), before);
}

// ---- guards --------------------------------------------------------------------------------------------------------

TEST_P(RemediationTest, GoesOnWhenItsPauseIsOver) {
  commit(AddPause{{"account:123456789012", "a storm", "alice", clock.now()}});
  commit(AddPause{{"all", "a storm", "alice", clock.now()}});
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).guard, "pause");
  EXPECT_EQ(state_of(id), State::held);
  EXPECT_TRUE(commit(RemovePause{"all", "alice"}).runnable.empty());  // the account is still paused
  EXPECT_EQ(commit(RemovePause{"account:123456789012", "alice"}).runnable.at(0).id, id);
  EXPECT_EQ(start(id).go, Go::go);
}

TEST_P(RemediationTest, IsHeldBetweenTwoAttemptsByAPause) {
  const std::string id = open(1, "bucket", 2);
  start(id, "bucket", 2);
  commit(AddPause{{"all", "a storm", "alice", clock.now()}});
  const Answer held = commit(Attempt{id, sample_outcome(0, 1, mark_of(id), clock.now()), 1, 1, "m2"});
  EXPECT_EQ(held.go->go, Go::held);
  const Remediation r = *reader().remediation(id);
  EXPECT_EQ(r.state, State::held);
  EXPECT_EQ(r.steps[0].status, StepStatus::applied);  // what was done stays on record
  EXPECT_EQ(r.steps[1].attempts, 0);
}

TEST_P(RemediationTest, GoesOnWhenItsRuleActsAgain) {
  const std::string id = open(1, "bucket");
  commit(sample_rules(Mode::off));
  EXPECT_EQ(start(id).guard, "rule");
  EXPECT_TRUE(commit(sample_rules(Mode::shadow)).runnable.empty());
  EXPECT_EQ(commit(sample_rules(Mode::enforce)).runnable.at(0).id, id);
}

TEST_P(RemediationTest, EndsRefusedWhereAnExceptionCoversIt) {
  const Exception exception{"E1",    "*",        "buck*", "web team", "a public site", clock.now() + hours(1),
                            "alice", clock.now()};
  ASSERT_TRUE(commit(AddException{exception}).done());
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).go, Go::refused);
  EXPECT_EQ(state_of(id), State::refused);
  EXPECT_EQ(notice_types(), std::vector<std::string>{"kedge.remediation.refused"});

  clock.advance(hours(1));
  const std::string later = open(2, "bucket");
  EXPECT_EQ(start(later).go, Go::go);
}

TEST_P(RemediationTest, IsHeldForAnOldEventUntilAPersonApproves) {
  Finding old = sample_finding(1, "bucket", clock.now());
  old.times.happened = clock.now() - hours(2);
  commit(batch_of({old}));
  EXPECT_EQ(start(sample_id(1)).guard, "stale");
  EXPECT_EQ(notice_types(), (std::vector<std::string>{"kedge.remediation.held", "kedge.remediation.held"}));
  EXPECT_EQ(commit(PersonalMove{sample_id(1), Move::resume, "alice", "still wanted"}).runnable.at(0).id, sample_id(1));
  EXPECT_EQ(start(sample_id(1)).go, Go::go);
}

TEST_P(RemediationTest, WaitsForTheBudgetOfItsRuleWithinAnyFiveMinutes) {
  allow_mass_matches();
  start_so_many(options.gate.budgets.rule.most);
  const std::string id = open(100, "late");
  const GoAnswer waits = start(id, "late");
  EXPECT_EQ(waits.go, Go::wait);
  EXPECT_EQ(waits.guard, "budget");
  ASSERT_TRUE(waits.due.has_value());
  EXPECT_GE(*waits.due - clock.now(), minutes(5));
  EXPECT_LE(*waits.due - clock.now(), minutes(5) + seconds(6));
  EXPECT_EQ(last_record()["figures"], (Json{{"scope", "rule aws.s3.public-bucket"},
                                            {"spent", 5},
                                            {"most", 5},
                                            {"within_us", Duration(minutes(5)).count()}}));
  clock.advance(*waits.due - clock.now() - seconds(1));
  ASSERT_TRUE(commit(MoveRemediation{id, Move::resume, "", "", {}, {}}).done());
  EXPECT_EQ(start(id, "late").go, Go::wait);
  clock.advance(seconds(1));
  ASSERT_TRUE(commit(MoveRemediation{id, Move::resume, "", "", {}, {}}).done());
  EXPECT_EQ(start(id, "late").go, Go::go);
}

TEST_P(RemediationTest, WaitsForEachBudgetThatItIsChargedTo) {
  for (const char* scope : {"all", "account 123456789012", "action test.step0"}) {
    SCOPED_TRACE(scope);
    options.gate = {};
    options.gate.budgets.rule.most = 100;
    BudgetLimits& budgets = options.gate.budgets;
    (std::string(scope) == "all"              ? budgets.all
     : std::string(scope).starts_with("acco") ? budgets.account
                                              : budgets.action)
        .most = 1;
    remake();
    start_so_many(1);
    EXPECT_EQ(start(open(100, "late"), "late").guard, "budget");
    EXPECT_EQ(last_record()["figures"]["scope"], scope);
  }
}

TEST_P(RemediationTest, CountsByAccountWhereTheTargetNamesOne) {
  options.gate.budgets.account.most = 1;
  remake();
  const auto in_account = [&](int number, const std::string& account) {
    const std::string target = "arn:aws:sns:eu-west-1:" + account + ":topic-" + std::to_string(number);
    return start(open(number, target), target).go;
  };
  EXPECT_EQ(in_account(1, "111111111111"), Go::go);
  EXPECT_EQ(in_account(2, "222222222222"), Go::go);
  EXPECT_EQ(in_account(3, "111111111111"), Go::wait);
}

TEST_P(RemediationTest, IsLimitedByItsOwnRuleBesidesTheEngine) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.limits.per_hour = 1;
  commit(batch_of({finding}));
  EXPECT_EQ(start(sample_id(1)).go, Go::go);
  finding = sample_finding(2, "other", clock.now());
  finding.policy.limits.per_hour = 1;
  commit(batch_of({finding}));
  const GoAnswer waits = start(sample_id(2), "other");
  EXPECT_EQ(waits.guard, "budget");
  EXPECT_GE(*waits.due - clock.now(), hours(1));
}

TEST_P(RemediationTest, IsLimitedByItsRuleAsItIsLoadedNow) {
  LoadRules rules = sample_rules();
  rules.rules[0].limits.per_minute = 0;
  commit(rules);
  EXPECT_EQ(start(open(1, "bucket")).go, Go::held) << "no minute will have room";
  EXPECT_EQ(last_record()["guard"], "budget");
}

TEST_P(RemediationTest, IsChargedOnceHoweverOftenItIsTried) {
  options.gate.budgets.rule.most = 2;
  remake();
  const std::string id = open(1, "bucket", 2);
  Start part = sample_start(id, "bucket", ledger().head(), 2);
  part.befores.resize(1);
  EXPECT_EQ(commit(part).go->go, Go::go);
  EXPECT_EQ(commit(Attempt{id, std::nullopt, 0, 2, "again"}).go->go, Go::go);
  ASSERT_TRUE(commit(RecordOutcome{id, sample_outcome(0, 2, "again", clock.now()), Move::outcome, ""}).done());
  Start rest = sample_start(id, "bucket", ledger().head(), 2);
  rest.befores.erase(rest.befores.begin());
  rest.step = 1;
  EXPECT_EQ(commit(rest).go->go, Go::go);
  EXPECT_EQ(start(open(2, "other"), "other").go, Go::go);
  EXPECT_EQ(start(open(3, "third"), "third").go, Go::wait);
}

TEST_P(RemediationTest, GivesItsPlaceBackWhereNothingHadToBeDone) {
  options.gate.budgets.rule.most = 1;
  remake();
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).go, Go::go);
  StepOutcome outcome = sample_outcome(0, 1, mark_of(id), clock.now());
  outcome.result = StepOutcome::Result::already;
  outcome.writes = 0;
  ASSERT_TRUE(commit(RecordOutcome{id, outcome, Move::apply_all, ""}).done());
  EXPECT_EQ(start(open(2, "other"), "other").go, Go::wait) << "nothing is proven before it is read back";
  EXPECT_TRUE(conclude(id, Move::confirm, ledger().head()).done());
  EXPECT_EQ(start(open(3, "third"), "third").go, Go::go);
}

TEST_P(RemediationTest, KeepsItsPlaceWhereItFailed) {
  options.gate.budgets.rule.most = 1;
  remake();
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).go, Go::go);
  StepOutcome outcome = sample_outcome(0, 1, mark_of(id), clock.now());
  outcome.result = StepOutcome::Result::refused;
  ASSERT_TRUE(commit(RecordOutcome{id, outcome, Move::fail, "no permission"}).done());
  EXPECT_EQ(start(open(2, "other"), "other").go, Go::wait);
}

TEST_P(RemediationTest, ComesBackInTurnWhereManyWaitForABudget) {
  allow_mass_matches();
  const int limit = options.gate.budgets.rule.most;
  std::vector<Time> dues;
  for (int i = 0; i < 3 * limit; ++i) {
    const GoAnswer answer = start(open(i, "b" + std::to_string(i)), "b" + std::to_string(i));
    if (answer.go == Go::wait) dues.push_back(*answer.due);
  }
  ASSERT_EQ(dues.size(), static_cast<size_t>(2 * limit));
  EXPECT_EQ(dues[limit] - dues[0], minutes(5));
}

TEST_P(RemediationTest, PassesTheBudgetWhenAPersonApproves) {
  allow_mass_matches();
  start_so_many(options.gate.budgets.rule.most);
  const std::string id = open(100, "late");
  start(id, "late");
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "now"}).done());
  EXPECT_EQ(start(id, "late").go, Go::go);
}

TEST_P(RemediationTest, DoesNotPassTheBudgetByARetry) {
  allow_mass_matches();
  start_so_many(options.gate.budgets.rule.most);
  const std::string id = open(100, "late");
  start(id, "late");
  ASSERT_EQ(state_of(id), State::waiting);
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "look again", false}).done());
  EXPECT_EQ(start(id, "late").go, Go::wait);
}

// ---- self-protection -----------------------------------------------------------------------------------------------

TEST_P(RemediationTest, IsRefusedWhereTheWorldTellsThatItWouldTouchTheEngine) {
  std::vector<OwnThing> own;
  options.own_things = [&] { return own; };
  remake();
  EXPECT_EQ(start(open(1, "bucket"), "bucket").go, Go::go);
  own = {{"host:here", "our host", false}};  // found out meanwhile
  const std::string id = open(2, "instance");
  Start aliased = sample_start(id, "instance", ledger().head());
  aliased.touches.push_back("host:here");
  EXPECT_EQ(commit(aliased).go->go, Go::refused);
  EXPECT_EQ(last_record()["guard"], "self-protection");
  EXPECT_EQ(last_record()["figures"], (Json{{"key", "host:here"}, {"what", "our host"}}));
  EXPECT_EQ(state_of(id), State::refused);
}

// ---- window --------------------------------------------------------------------------------------------------------

TEST_P(RemediationTest, WaitsForTheWindowOfItsRule) {
  Window afternoon;  // the clock stands at noon
  afternoon.from = minutes(13 * 60);
  afternoon.to = minutes(14 * 60);
  options.gate.windows["afternoon"] = afternoon;
  remake();
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.window = "afternoon";
  commit(batch_of({finding}));
  const GoAnswer waits = start(finding.remediation);
  EXPECT_EQ(waits.go, Go::wait);
  EXPECT_EQ(waits.due, clock.now() + hours(1));
  clock.advance(hours(1));
  ASSERT_TRUE(commit(MoveRemediation{finding.remediation, Move::resume, "", "", {}, {}}).done());
  EXPECT_EQ(start(finding.remediation).go, Go::go);
}

// ---- flap ----------------------------------------------------------------------------------------------------------

TEST_P(RemediationTest, IsNotFoughtOverAndNamesWhoChangesItBack) {
  options.gate.budgets.rule.most = 100;
  remake();
  for (int i = 0; i < options.gate.flap->most; ++i) {
    confirmed(i);
    clock.advance(minutes(10));
  }
  Finding finding = sample_finding(10, "bucket", clock.now());
  finding.event.agent = "HashiCorp/1.0 Terraform/1.9.5";
  commit(batch_of({finding}));
  EXPECT_EQ(start(finding.remediation).guard, "flap");
  EXPECT_EQ(last_record()["figures"]["put_right"], 3);
  EXPECT_EQ(last_record()["figures"]["opponents"].size(), 2U);
  const std::string told = reader().due_notices(clock.now(), 100)->back().data["reason"];
  EXPECT_NE(told.find("arn:aws:iam::123456789012:user/alice (Terraform)"), std::string::npos) << told;
  EXPECT_EQ(start(open(11, "another-bucket"), "another-bucket").go, Go::go);
}

TEST_P(RemediationTest, IsPutRightAgainOnceTheHourIsOver) {
  for (int i = 0; i < options.gate.flap->most; ++i) {
    confirmed(i);
    clock.advance(minutes(15));
  }
  clock.advance(minutes(15) + seconds(1));
  EXPECT_EQ(start(open(10, "bucket")).go, Go::go);
}

TEST_P(RemediationTest, IsNoFlapWhereNothingHadToBePutRight) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(conclude(open(i, "bucket"), Move::confirm, ledger().head()).done());
  EXPECT_EQ(start(open(10, "bucket")).go, Go::go);
}

// ---- mass match ----------------------------------------------------------------------------------------------------

TEST_P(RemediationTest, IsHeldWithAllThatFollowOnceItsRuleWantsTooManyTargets) {
  options.gate.budgets = no_budgets();
  remake();
  start_so_many(options.gate.mass_match->most);
  const std::string sixth = open(100, "sixth");
  EXPECT_EQ(start(sixth, "sixth").go, Go::held);
  EXPECT_EQ(last_record()["guard"], "mass-match");
  EXPECT_EQ(last_record()["figures"]["targets"], 6);
  const size_t told = notice_types().size();
  EXPECT_EQ(told, 2U) << "its channel, and that of alarms";
  for (int i = 101; i < 110; ++i) {
    EXPECT_EQ(start(open(i, "t" + std::to_string(i)), "t" + std::to_string(i)).guard, "mass-match");
  }
  EXPECT_EQ(notice_types().size(), told) << "one notice, not one each";
  clock.advance(hours(5));
  EXPECT_EQ(start(open(110, "late"), "late").guard, "mass-match") << "until a person lets the rule go on";
  EXPECT_EQ(start_of_other_rule(), Go::go);
}

TEST_P(RemediationTest, GoesOnWhenAPersonLetsItsRuleGoOn) {
  options.gate.budgets = no_budgets();
  remake();
  start_so_many(options.gate.mass_match->most);
  std::vector<std::string> held;
  for (int i = 100; i < 108; ++i) {
    held.push_back(open(i, "t" + std::to_string(i)));
    EXPECT_EQ(start(held.back(), "t" + std::to_string(i)).guard, "mass-match");
  }
  EXPECT_EQ(commit(RemovePause{"rule:another", "alice"}).error.code, ErrorCode::not_found);
  const Answer resumed = commit(RemovePause{"rule:aws.s3.public-bucket", "alice"});
  ASSERT_TRUE(resumed.done()) << resumed.error.message;
  EXPECT_EQ(resumed.runnable.size(), held.size());
  for (int i = 100; i < 108; ++i) EXPECT_EQ(start(held[i - 100], "t" + std::to_string(i)).go, Go::go);
  for (int i = 200; i < 205; ++i) {
    EXPECT_EQ(start(open(i, "n" + std::to_string(i)), "n" + std::to_string(i)).go, Go::go) << "counted anew";
  }
  EXPECT_EQ(start(open(300, "again"), "again").guard, "mass-match");
}

TEST_P(RemediationTest, CountsATargetOnceAndForgetsItAfterTheTime) {
  options.gate.budgets = no_budgets();
  options.gate.mass_match = Budget{2, minutes(10)};
  remake();
  for (int i = 0; i < 3; ++i) confirmed(i);
  EXPECT_EQ(start(open(10, "a"), "a").go, Go::go);
  clock.advance(minutes(10) + seconds(1));
  EXPECT_EQ(start(open(11, "b"), "b").go, Go::go);
  EXPECT_EQ(start(open(12, "c"), "c").go, Go::go);
  EXPECT_EQ(start(open(13, "d"), "d").guard, "mass-match");
}

TEST_P(RemediationTest, MayBeUndoneWhileItsRuleIsHeldForAMassMatch) {
  options.gate.mass_match = Budget{1, minutes(10)};
  remake();
  const std::string id = confirmed(1);
  EXPECT_EQ(start(open(2, "other"), "other").guard, "mass-match");
  ASSERT_TRUE(commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  EXPECT_EQ(commit(AttemptUndo{id, std::nullopt, 0, 1, "undo-mark"}).go->go, Go::go);
}

// ---- approval ------------------------------------------------------------------------------------------------------

TEST_P(RemediationTest, IsHeldUntilAsManyPeopleApproveAsItsRuleAsksFor) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.approvals = 2;
  commit(batch_of({finding}));
  const std::string id = finding.remediation;
  EXPECT_EQ(start(id).go, Go::held);
  const Answer retried = commit(PersonalMove{id, Move::resume, "alice", "", false});
  EXPECT_EQ(retried.outcome, Outcome::refused) << "a retry is nobody's yes";
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "yes, and yes again"}).done());
    EXPECT_EQ(start(id).go, Go::held) << "one person is one";
  }
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "bob", "I agree"}).done());
  EXPECT_EQ(start(id).go, Go::go);
}

TEST_P(RemediationTest, IsApprovedForTheStateThatWasThereAndForNoOther) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.approvals = 1;
  commit(batch_of({finding}));
  const std::string id = finding.remediation;
  EXPECT_EQ(start(id).go, Go::held);
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "yes"}).done());
  EXPECT_TRUE(last_record().contains("plan_sha256"));
  EXPECT_TRUE(last_record().contains("befores_sha256"));
  Start changed = sample_start(id, "bucket", ledger().head());
  changed.befores[0].state = captured("public in another way");
  EXPECT_EQ(commit(changed).go->go, Go::held);
  EXPECT_EQ(last_record()["figures"], (Json{{"approvals", 0}, {"approvals_wanted", 1}, {"approvals_void", 1}}));
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "bob", "yes"}).done());
  EXPECT_EQ(start(id).go, Go::held) << "and what is as it was is another change";
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "bob", "yes"}).done());
  EXPECT_EQ(start(id).go, Go::go);
}

TEST_P(RemediationTest, IsNotApprovedBeforeItWasObserved) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.approvals = 1;
  commit(batch_of({finding}));
  const std::string id = finding.remediation;
  ASSERT_TRUE(commit(MoveRemediation{id, Move::hold, "observation", "it cannot be seen", {}, {}}).done());
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "whatever it is"}).done());
  EXPECT_EQ(start(id).guard, "approval");
}

TEST_P(RemediationTest, ExpiresUndoneWhereNobodyApprovesInTime) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.approvals = 1;
  commit(batch_of({finding}));
  const std::string id = finding.remediation;
  EXPECT_EQ(start(id).due, clock.now() + options.gate.approval_within);
  const MoveRemediation expire{id, Move::expire, "approval", "nobody approved it in time", {}, {}};
  clock.advance(options.gate.approval_within - seconds(1));
  EXPECT_EQ(commit(expire).error.code, ErrorCode::refused) << "not before its time";
  clock.advance(seconds(1));
  ASSERT_TRUE(commit(expire).done());
  EXPECT_EQ(state_of(id), State::expired);
  const auto types = notice_types();
  EXPECT_EQ(std::count(types.begin(), types.end(), "kedge.remediation.expired"), 2) << "the alarm channel, too";
}

TEST_P(RemediationTest, IsNotLetGoByAYesThatIsTooOld) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.approvals = 2;
  commit(batch_of({finding}));
  const std::string id = finding.remediation;
  start(id);
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "yes"}).done());
  start(id);
  clock.advance(options.gate.approval_within);
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "bob", "yes"}).done());
  EXPECT_EQ(start(id).guard, "approval");
  EXPECT_EQ(last_record()["figures"]["approvals"], 1);
  EXPECT_EQ(last_record()["figures"]["approvals_void"], 1);
}

TEST_P(RemediationTest, IsNotApprovedByWhoAskedForIt) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.approvals = 1;
  finding.requester = "alice";
  commit(batch_of({finding}));
  const std::string id = finding.remediation;
  start(id);
  const Answer refused = commit(PersonalMove{id, Move::resume, "alice", "I want it"});
  EXPECT_EQ(refused.error.code, ErrorCode::refused);
  EXPECT_NE(refused.error.message.find("somebody else has to approve it"), std::string::npos);
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "bob", "yes"}).done());
  EXPECT_EQ(start(id).go, Go::go);
}

// ---- undo ----------------------------------------------------------------------------------------------------------

TEST_P(RemediationTest, OpensAgainForAnUndoAndEndsUndone) {
  const std::string id = confirmed(1);
  const Answer undo = commit(PersonalMove{id, Move::undo, "alice", "it was meant"});
  ASSERT_TRUE(undo.done()) << undo.error.message;
  EXPECT_EQ(undo.runnable.at(0).state, State::undoing);
  EXPECT_EQ(undo.runnable.at(0).steps[0].before, captured("public"));
  EXPECT_EQ(commit(AttemptUndo{id, std::nullopt, 0, 1, "undo-mark"}).go->go, Go::go);
  ASSERT_TRUE(commit(RecordOutcome{id, sample_outcome(0, 1, "undo-mark", clock.now()), Move::outcome, ""}).done());
  EXPECT_EQ(reader().remediation(id)->steps[0].status, StepStatus::undone);
  EXPECT_TRUE(conclude(id, Move::finish_undo, ledger().head()).done());
  EXPECT_EQ(state_of(id), State::undone);
  EXPECT_EQ(last_record()["kind"], "undo");
}

TEST_P(RemediationTest, IsNotUndoneWhileAnotherHoldsItsLock) {
  const std::string id = confirmed(1);
  const std::string other = open(2, "bucket");
  start(other);
  const Answer refused = commit(PersonalMove{id, Move::undo, "alice", ""});
  EXPECT_EQ(refused.error.code, ErrorCode::refused);
  EXPECT_NE(refused.error.message.find(other), std::string::npos);
}

TEST_P(RemediationTest, IsNotUndoneWhereNothingWasDone) {
  const std::string id = open(1, "bucket");
  conclude(id, Move::confirm, ledger().head());
  EXPECT_EQ(commit(PersonalMove{id, Move::undo, "alice", ""}).error.code, ErrorCode::refused);
}

TEST_P(RemediationTest, IsNotUndoneBeyondTheHorizon) {
  const std::string id = confirmed(1);
  clock.advance(options.undo_horizon + hours(48));
  EXPECT_EQ(commit(PersonalMove{id, Move::undo, "alice", ""}).error.code, ErrorCode::not_found);
}

TEST_P(RemediationTest, TakesALateOutcomeOfAnEffectForWhatItIsWhileItIsUndone) {
  const std::string id = open(1, "bucket");
  start(id);
  ASSERT_TRUE(commit(PersonalMove{id, Move::undo, "alice", "stop"}).done());
  ASSERT_TRUE(commit(RecordOutcome{id, sample_outcome(0, 1, mark_of(id), clock.now()), Move::outcome, ""}).done());
  EXPECT_EQ(reader().remediation(id)->steps[0].status, StepStatus::applied);
}

TEST_P(RemediationTest, DefersAnUndoWhilePaused) {
  const std::string id = confirmed(1);
  commit(PersonalMove{id, Move::undo, "alice", ""});
  commit(AddPause{{"all", "a storm", "alice", clock.now()}});
  const Answer answer = commit(AttemptUndo{id, std::nullopt, 0, 1, "undo-mark"});
  EXPECT_EQ(answer.go->go, Go::wait);
  EXPECT_TRUE(answer.go->due.has_value());
  EXPECT_EQ(state_of(id), State::undoing);
}

TEST_P(RemediationTest, SaysOnceWhyAnUndoWaits) {
  const std::string id = confirmed(1);
  commit(PersonalMove{id, Move::undo, "alice", ""});
  commit(AddPause{{"all", "a storm", "bob", clock.now()}});
  for (int i = 0; i < 3; ++i) commit(AttemptUndo{id, std::nullopt, 0, 1, "undo-mark"});
  EXPECT_EQ(last_record()["kind"], "hold");
  EXPECT_EQ(last_record()["to"], "undoing");
  EXPECT_EQ(last_record()["seq"], *reader().journal_head());
  EXPECT_EQ(reader().remediation(id)->guard, "pause");
  EXPECT_NE(reader().remediation(id)->reason.find("kedge resume"), std::string::npos);
  const int64_t head = ledger().head();
  commit(AttemptUndo{id, std::nullopt, 0, 1, "undo-mark"});
  EXPECT_EQ(ledger().head(), head);

  ASSERT_TRUE(commit(RemovePause{"all", "bob"}).done());
  EXPECT_EQ(commit(AttemptUndo{id, std::nullopt, 0, 1, "undo-mark"}).go->go, Go::go);
  EXPECT_EQ(reader().remediation(id)->guard, "");
}

TEST_P(RemediationTest, IsPausedByAFileAsByAPerson) {
  ASSERT_TRUE(commit(AddPause{{"file:/data/pause", "the file is there", "alice", clock.now()}}).done());
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).guard, "pause");
  EXPECT_EQ(state_of(id), State::held);
  const Answer ended = commit(RemovePause{"file:/data/pause", ""});
  ASSERT_EQ(ended.runnable.size(), 1U);
  EXPECT_EQ(start(id).go, Go::go);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ledger, RemediationTest, kAllLedgers, name_of_ledger);

}  // namespace kedge
