// What becomes of a remediation, Change by Change.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ledger/remediation_fixture.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

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

TEST_P(RemediationTest, TellsWhatHasToBeCarriedOnAndWhen) {
  const std::string planned = open(1, "b1");
  Finding isolating = sample_finding(2, "b2", clock.now());
  isolating.plan.isolate = isolating.plan.revert;
  ASSERT_TRUE(commit(batch_of({isolating})).done());
  const std::string held = open(3, "b3");
  const std::string expiring = open(4, "b4");
  const std::string waiting = open(5, "b5");
  const std::string behind_a_lock = open(6, "b6");
  const Time later = clock.now() + minutes(5);
  const Time at_last = clock.now() + options.gate.held_most;
  const auto move = [&](const std::string& id, Move to, const std::string& guard, std::optional<Time> due) {
    EXPECT_TRUE(commit(MoveRemediation{id, to, guard, "", Json::object(), due}).done());
  };
  move(held, Move::hold, "mass-match", {});
  move(expiring, Move::hold, "approval", later);
  move(waiting, Move::wait, "budget", later);
  move(behind_a_lock, Move::wait, "locks", {});
  using Unfinished = LedgerReader::Unfinished;
  const std::vector<Unfinished> expected = {{planned, {}, false},
                                            {isolating.remediation, {}, true},
                                            {held, at_last, false},
                                            {expiring, later, false},
                                            {waiting, later, false}};
  EXPECT_EQ(*reader().unfinished(at_last), expected);
  EXPECT_EQ(*reader().due(at_last), std::vector<Unfinished>(expected.begin() + 2, expected.end()));
  std::vector<Unfinished> soon = expected;
  std::erase_if(soon, [&](const Unfinished& one) { return one.due == at_last; });
  EXPECT_EQ(*reader().unfinished(later), soon);
  EXPECT_EQ(*reader().due(later), std::vector<Unfinished>(soon.begin() + 2, soon.end()));
  EXPECT_TRUE(reader().due(later - std::chrono::milliseconds(1))->empty());
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

TEST_P(RemediationTest, StaysBesideANewerPlanThatDoesNotDoAllThatItWould) {
  const std::string id = open(1, "bucket");
  Finding newer = sample_finding(2, "bucket", clock.now());
  newer.plan.revert[0].args["statement"] = "another";
  const Answer answer = commit(batch_of({newer}));
  EXPECT_EQ(answer.dispositions.at(0), (Disposition{Disposition::Kind::opened, sample_id(2)}));
  EXPECT_EQ(state_of(id), State::planned);
  EXPECT_EQ(commit(batch_of({sample_finding(3, "bucket", clock.now())})).dispositions.at(0),
            (Disposition{Disposition::Kind::joined, id}))
      << "a later event that asks for the same joins it";
}

TEST_P(RemediationTest, StaysBesideANewerPlanWhenItOnlyTellsPeople) {
  Finding words = sample_finding(1, "bucket", clock.now(), 0);
  commit(batch_of({words}));
  const Answer answer = commit(batch_of({sample_finding(2, "bucket", clock.now())}));
  EXPECT_EQ(answer.dispositions.at(0).kind, Disposition::Kind::opened);
  EXPECT_EQ(state_of(words.remediation), State::planned);
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
  const AttemptTrace trace{id, "bucket", mark_of(id), {"s3:bucket"}, true};
  EXPECT_EQ(*reader().attempts_by_mark(mark_of(id)), std::vector<AttemptTrace>{trace});
  EXPECT_EQ(*reader().attempts_by_request("request-of-" + mark_of(id)), std::vector<AttemptTrace>{trace});
  EXPECT_TRUE(reader().attempts_by_mark("another")->empty());
}

TEST_P(RemediationTest, KnowsOfItsAttemptsWhetherAllOfTheirRequestsAreNamed) {
  const std::string id = open(1, "bucket", 2);
  start(id, "bucket", 2);
  const auto settled = [&](const std::string& mark) { return reader().attempts_by_mark(mark)->at(0).settled; };
  EXPECT_FALSE(settled(mark_of(id))) << "it is on its way";
  clock.advance(hours(30));
  StepOutcome lost = sample_outcome(0, 1, mark_of(id), clock.now());
  lost.writes = 2;
  ASSERT_TRUE(commit(Attempt{id, lost, 1, 1, "m2"}).done());
  EXPECT_FALSE(settled(mark_of(id))) << "of one there was no answer";
  ASSERT_TRUE(commit(RecordOutcome{id, sample_outcome(1, 1, "m2", clock.now()), Move::apply_all, ""}).done());
  EXPECT_TRUE(settled("m2"));
  EXPECT_FALSE(settled(mark_of(id)));
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
  EXPECT_EQ(last_record()["guard"], "outcome");
  EXPECT_EQ(last_record()["figures"]["result"], "unknown");
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
