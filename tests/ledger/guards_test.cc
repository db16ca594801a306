// What guards let pass, hold, let wait and refuse, with the figures that a ledger keeps for them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ledger/remediation_fixture.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class GuardsTest : public RemediationTest {
 protected:
  void hold_more_by_their_rule_than_one_commit_lets_go() {
    allow_mass_matches();
    ASSERT_TRUE(commit(sample_rules(Mode::shadow)).done());
    constexpr int kHeld = static_cast<int>(kResumedAtOnce) + 20;
    for (int i = 0; i < kHeld; ++i) {
      EXPECT_EQ(start(open(i, "t" + std::to_string(i)), "t" + std::to_string(i)).guard, "rule");
    }
  }
  void pause_with_more_than_one_commit_lets_go() {
    options.gate.mass_match.reset();
    remake();
    ASSERT_TRUE(commit(AddPause{{"all", "", "alice", clock.now()}}).done());
    constexpr int kHeld = static_cast<int>(kResumedAtOnce) + 20;
    for (int i = 0; i < kHeld; ++i) {
      EXPECT_EQ(start(open(i, "t" + std::to_string(i)), "t" + std::to_string(i)).guard, "pause");
    }
  }
};

TEST_P(GuardsTest, GoesOnWhenItsPauseIsOver) {
  commit(AddPause{{"account:123456789012", "a storm", "alice", clock.now()}});
  commit(AddPause{{"all", "a storm", "alice", clock.now()}});
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).guard, "pause");
  EXPECT_EQ(state_of(id), State::held);
  EXPECT_TRUE(commit(RemovePause{"all", "alice"}).runnable.empty());  // the account is still paused
  EXPECT_EQ(commit(RemovePause{"account:123456789012", "alice"}).runnable.at(0).id, id);
  EXPECT_EQ(start(id).go, Go::go);
}

// As a restoration leaves it: what happened before it is asked about.
TEST_P(GuardsTest, HoldsWhatARestoredLedgerReadsAgainUntilItIsLetGo) {
  allow_mass_matches();
  ASSERT_TRUE(commit(AddPause{{"all", "restored", "alice", clock.now()}}).done());
  ASSERT_TRUE(commit(AddPause{{"restored", "restored", "alice", clock.now()}}).done());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(start(open(i, "t" + std::to_string(i)), "t" + std::to_string(i)).guard, "restored");
  Finding old = sample_finding(3, "t3", clock.now());
  old.times.happened = clock.now() - hours(2);
  ASSERT_TRUE(commit(batch_of({old})).done());
  EXPECT_EQ(start(old.remediation, "t3").guard, "restored");
  EXPECT_TRUE(commit(RemovePause{"all", "alice"}).runnable.empty()) << "it lets none of them go";

  ASSERT_TRUE(commit(PersonalMove{sample_id(0), Move::resume, "alice", ""}).done());
  EXPECT_EQ(start(sample_id(0), "t0").go, Go::go);
  ASSERT_TRUE(commit(PersonalMove{sample_id(1), Move::cancel, "alice", "meant"}).done());
  clock.advance(minutes(2));
  EXPECT_EQ(start(open(7, "t7"), "t7").go, Go::go) << "it happened after the restoration";
  const Answer let_go = commit(RemovePause{"restored", "alice"});
  ASSERT_TRUE(let_go.done()) << let_go.error.message;
  EXPECT_EQ(let_go.runnable.size(), 2U);
  EXPECT_TRUE(reader().pauses()->empty());
  EXPECT_EQ(start(sample_id(2), "t2").go, Go::go);
  EXPECT_EQ(start(old.remediation, "t3").go, Go::go) << "who lets them go knows that they are old";
  EXPECT_EQ(commit(RemovePause{"restored", "alice"}).error.code, ErrorCode::not_found);
}

TEST_P(GuardsTest, LetsGoWhatARestoredLedgerHoldsInParts) {
  allow_mass_matches();
  ASSERT_TRUE(commit(AddPause{{"restored", "restored", "alice", clock.now()}}).done());
  constexpr int kHeld = static_cast<int>(kResumedAtOnce) + 20;
  for (int i = 0; i < kHeld; ++i) start(open(i, "t" + std::to_string(i)), "t" + std::to_string(i));
  const Answer first = commit(RemovePause{"restored", "alice"});
  EXPECT_EQ(first.runnable.size(), kResumedAtOnce);
  EXPECT_EQ(go_on(first).runnable.size(), 20U);
}

TEST_P(GuardsTest, IsHeldBetweenTwoAttemptsByAPause) {
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

TEST_P(GuardsTest, GoesOnWhenItsRuleActsAgain) {
  const std::string id = open(1, "bucket");
  commit(sample_rules(Mode::off));
  EXPECT_EQ(start(id).guard, "rule");
  EXPECT_TRUE(commit(sample_rules(Mode::shadow)).runnable.empty());
  EXPECT_EQ(commit(sample_rules(Mode::enforce)).runnable.at(0).id, id);
}

TEST_P(GuardsTest, GoesOnInPartsWhenItsRuleActsAgain) {
  hold_more_by_their_rule_than_one_commit_lets_go();
  const Answer first = commit(sample_rules(Mode::enforce));
  EXPECT_EQ(first.runnable.size(), kResumedAtOnce);
  EXPECT_EQ(last_record()["cause"], "rules_loaded");
  const Answer second = go_on(first);
  EXPECT_EQ(second.runnable.size(), 20U);
  EXPECT_EQ(last_record()["cause"], "rules_loaded");
  EXPECT_TRUE(second.more.empty());
}

TEST_P(GuardsTest, LeavesTheRestHeldWhoseRuleIsOffAgain) {
  hold_more_by_their_rule_than_one_commit_lets_go();
  const Answer first = commit(sample_rules(Mode::enforce));
  ASSERT_TRUE(commit(sample_rules(Mode::shadow)).more.empty());
  const Answer second = go_on(first);
  ASSERT_TRUE(second.done());
  EXPECT_TRUE(second.runnable.empty());
}

// The engine died after the first part: its next start loads the rules.
TEST_P(GuardsTest, GoesOnWithTheRulesOfTheNextStartWhereThisOneLetOnlyAPartGo) {
  hold_more_by_their_rule_than_one_commit_lets_go();
  ASSERT_EQ(commit(sample_rules(Mode::enforce)).runnable.size(), kResumedAtOnce);
  restart();
  EXPECT_EQ(commit(sample_rules(Mode::enforce)).runnable.size(), 20U);
  EXPECT_TRUE(commit(sample_rules(Mode::enforce)).runnable.empty());
}

TEST_P(GuardsTest, GoesOnInPartsHoweverManyRulesActAgain) {
  allow_mass_matches();
  LoadRules rules = sample_rules();
  rules.rules.push_back(sample_rules(Mode::enforce, "another").rules[0]);
  constexpr int kOfEach = static_cast<int>(kResumedAtOnce) / 2 + 10;
  for (int i = 0; i < 2 * kOfEach; ++i) {
    Finding finding = sample_finding(i, "t" + std::to_string(i), clock.now());
    if (i % 2 == 1) finding.plan.rule.id = "another";
    ASSERT_TRUE(commit(batch_of({finding})).done());
  }
  ASSERT_TRUE(commit(LoadRules{"none", "/rules", {}}).done());
  for (int i = 0; i < 2 * kOfEach; ++i) EXPECT_EQ(start(sample_id(i), "t" + std::to_string(i)).guard, "rule");
  const Answer first = commit(rules);
  EXPECT_EQ(first.runnable.size(), kResumedAtOnce);
  EXPECT_EQ(go_on(first).runnable.size(), 20U);
}

TEST_P(GuardsTest, EndsRefusedWhereAnExceptionCoversIt) {
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

TEST_P(GuardsTest, IsHeldForAnOldEventUntilAPersonApproves) {
  Finding old = sample_finding(1, "bucket", clock.now());
  old.times.happened = clock.now() - hours(2);
  commit(batch_of({old}));
  EXPECT_EQ(start(sample_id(1)).guard, "stale");
  EXPECT_EQ(notice_types(), (std::vector<std::string>{"kedge.remediation.held", "kedge.remediation.held"}));
  EXPECT_EQ(commit(PersonalMove{sample_id(1), Move::resume, "alice", "still wanted"}).runnable.at(0).id, sample_id(1));
  EXPECT_EQ(start(sample_id(1)).go, Go::go);
}

TEST_P(GuardsTest, WaitsForTheBudgetOfItsRuleWithinAnyFiveMinutes) {
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

TEST_P(GuardsTest, WaitsForEachBudgetThatItIsChargedTo) {
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

TEST_P(GuardsTest, CountsByAccountWhereTheTargetNamesOne) {
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

TEST_P(GuardsTest, IsLimitedByItsOwnRuleBesidesTheEngine) {
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

TEST_P(GuardsTest, IsLimitedByItsRuleAsItIsLoadedNow) {
  LoadRules rules = sample_rules();
  rules.rules[0].policy.limits.per_minute = 0;
  commit(rules);
  EXPECT_EQ(start(open(1, "bucket")).go, Go::held) << "no minute will have room";
  EXPECT_EQ(last_record()["guard"], "budget");
}

TEST_P(GuardsTest, AsksForAsManyPeopleAsItsRuleDoesNow) {
  LoadRules rules = sample_rules();
  rules.rules[0].policy.approvals = 1;
  const std::string id = open(1, "bucket");
  commit(rules);
  EXPECT_EQ(start(id).go, Go::held) << "when it was found, the rule asked for nobody's yes";
  EXPECT_EQ(last_record()["guard"], "approval");
}

TEST_P(GuardsTest, ActsInTheChangeWindowOfItsRuleAsItIsLoadedNow) {
  LoadRules rules = sample_rules();
  rules.rules[0].policy.window = "nights";
  const std::string id = open(1, "bucket");
  commit(rules);
  EXPECT_EQ(start(id).go, Go::held) << "no window has that name";
  EXPECT_EQ(last_record()["guard"], "window");
}

TEST_P(GuardsTest, KeepsItsOwnPolicyWhenItsRuleIsLooserNow) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.approvals = 1;
  commit(batch_of({finding}));
  commit(sample_rules());
  EXPECT_EQ(start(sample_id(1)).go, Go::held);
  EXPECT_EQ(last_record()["guard"], "approval");
}

TEST_P(GuardsTest, IsChargedOnceHoweverOftenItIsTried) {
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

TEST_P(GuardsTest, GivesItsPlaceBackWhereNothingHadToBeDone) {
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

TEST_P(GuardsTest, KeepsItsPlaceWhereItFailed) {
  options.gate.budgets.rule.most = 1;
  remake();
  const std::string id = open(1, "bucket");
  EXPECT_EQ(start(id).go, Go::go);
  StepOutcome outcome = sample_outcome(0, 1, mark_of(id), clock.now());
  outcome.result = StepOutcome::Result::refused;
  ASSERT_TRUE(commit(RecordOutcome{id, outcome, Move::fail, "no permission"}).done());
  EXPECT_EQ(start(open(2, "other"), "other").go, Go::wait);
}

TEST_P(GuardsTest, ComesBackInTurnWhereManyWaitForABudget) {
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

TEST_P(GuardsTest, PassesTheBudgetWhenAPersonApproves) {
  allow_mass_matches();
  start_so_many(options.gate.budgets.rule.most);
  const std::string id = open(100, "late");
  start(id, "late");
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "now"}).done());
  EXPECT_EQ(start(id, "late").go, Go::go);
}

TEST_P(GuardsTest, DoesNotPassTheBudgetByARetry) {
  allow_mass_matches();
  start_so_many(options.gate.budgets.rule.most);
  const std::string id = open(100, "late");
  start(id, "late");
  ASSERT_EQ(state_of(id), State::waiting);
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "look again", false}).done());
  EXPECT_EQ(start(id, "late").go, Go::wait);
}

// ---- self-protection -----------------------------------------------------------------------------------------------

TEST_P(GuardsTest, IsRefusedWhereTheWorldTellsThatItWouldTouchTheEngine) {
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

TEST_P(GuardsTest, WaitsForTheWindowOfItsRule) {
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

TEST_P(GuardsTest, IsNotFoughtOverAndNamesWhoChangesItBack) {
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

TEST_P(GuardsTest, IsPutRightAgainADayAfterAFlap) {
  for (int i = 0; i < options.gate.flap->most; ++i) {
    if (i > 0) clock.advance(minutes(15));
    confirmed(i);
  }
  clock.advance(hours(23));
  const std::string held = open(10, "bucket");
  EXPECT_EQ(start(held).guard, "flap");
  ASSERT_TRUE(commit(PersonalMove{held, Move::cancel, "alice", "settled"}).done());
  clock.advance(hours(1));
  EXPECT_EQ(start(open(11, "bucket")).go, Go::go);
}

TEST_P(GuardsTest, IsFoughtOverNoMoreOftenThanItsRuleSays) {
  options.gate.budgets.rule.most = 100;
  remake();
  confirmed(0);
  Finding finding = sample_finding(10, "bucket", clock.now());
  finding.policy.limits.flap = 1;
  commit(batch_of({finding}));
  EXPECT_EQ(start(finding.remediation).guard, "flap");
  EXPECT_EQ(last_record()["figures"]["most"], 1);
}

TEST_P(GuardsTest, IsNoFlapWhereNothingHadToBePutRight) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(conclude(open(i, "bucket"), Move::confirm, ledger().head()).done());
  EXPECT_EQ(start(open(10, "bucket")).go, Go::go);
}

// ---- share of a fleet ----------------------------------------------------------------------------------------------

struct FleetGuard : GuardsTest {
  void use(Fleets fleets) {
    options.gate.budgets = no_budgets();
    options.gate.fleets = std::move(fleets);
    allow_mass_matches();
  }
  GoAnswer start_on(int number, const std::string& target) { return start(open(number, target), target); }
};

TEST_P(FleetGuard, IsAskedBeforeMoreOfItIsOutOfService) {
  use({{"web", {{"host:web-*"}, 20, 0}}});
  EXPECT_EQ(start_on(1, "host:web-1").go, Go::go);
  EXPECT_EQ(start_on(2, "host:web-2").go, Go::go);
  const std::string third = open(3, "host:web-3");
  EXPECT_EQ(start(third, "host:web-3").go, Go::held);
  EXPECT_EQ(last_record()["guard"], "share");
  EXPECT_EQ(last_record()["figures"]["out"], 2);
  EXPECT_EQ(start_on(4, "host:db-1").go, Go::go) << "of another fleet";
  EXPECT_EQ(start_on(5, "bucket").go, Go::go) << "of none";
  ASSERT_TRUE(commit(PersonalMove{third, Move::resume, "alice", "it is compromised, too"}).done());
  EXPECT_EQ(start(third, "host:web-3").go, Go::go);
}

TEST_P(FleetGuard, CountsAsOneWhereItsSizeIsUnknown) {
  use({});
  EXPECT_EQ(start_on(1, "host:a").go, Go::go);
  restart();
  EXPECT_EQ(start_on(2, "host:b").guard, "share");
}

TEST_P(FleetGuard, HasRoomAgainAnHourAfterOneBeganThatHasEnded) {
  use({});
  const std::string first = open(1, "host:a");
  EXPECT_EQ(start(first, "host:a").go, Go::go);
  clock.advance(hours(2));
  EXPECT_EQ(start_on(2, "host:b").guard, "share") << "it has not ended";
  ASSERT_TRUE(finish_step(first).done());
  ASSERT_EQ(conclude(first, Move::confirm, ledger().head()).go->go, Go::go);
  EXPECT_EQ(start_on(3, "host:c").go, Go::go) << "an hour has gone by since it began";
  clock.advance(minutes(59));
  EXPECT_EQ(start_on(4, "host:d").guard, "share");
}

INSTANTIATE_TEST_SUITE_P(Ledger, FleetGuard, kAllLedgers, name_of_ledger);

// ---- mass match ----------------------------------------------------------------------------------------------------

TEST_P(GuardsTest, IsHeldWithAllThatFollowOnceItsRuleWantsTooManyTargets) {
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

TEST_P(GuardsTest, IsHeldWhereItsRuleMayWantFewerTargetsThanTheEngineSays) {
  start_so_many(2);
  Finding finding = sample_finding(100, "third", clock.now());
  finding.policy.limits.mass_match = 2;
  commit(batch_of({finding}));
  EXPECT_EQ(start(finding.remediation, "third").guard, "mass-match");
}

TEST_P(GuardsTest, GoesOnWhenAPersonLetsItsRuleGoOn) {
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

TEST_P(GuardsTest, LetsTheRuleGoOnInPartsOfWhichTheLastEndsTheMassMatch) {
  options.gate.budgets = no_budgets();
  options.gate.mass_match = Budget{0, minutes(10)};
  remake();
  constexpr int kHeld = static_cast<int>(kResumedAtOnce) + 20;
  for (int i = 0; i < kHeld; ++i) {
    EXPECT_EQ(start(open(i, "t" + std::to_string(i)), "t" + std::to_string(i)).guard, "mass-match");
  }
  const RemovePause let_go{"rule:aws.s3.public-bucket", "alice"};
  const Answer first = commit(let_go);
  EXPECT_EQ(first.runnable.size(), kResumedAtOnce);
  EXPECT_EQ(start(sample_id(0), "t0").go, Go::go) << "it was let go";
  EXPECT_EQ(start(open(9'000, "found meanwhile"), "found meanwhile").guard, "mass-match");
  const Answer last = go_on(first);
  EXPECT_TRUE(last.more.empty());
  EXPECT_EQ(last.runnable.size(), 21U);
  EXPECT_TRUE(go_on(first).runnable.empty());
  EXPECT_EQ(commit(RemovePause{let_go.scope, "alice"}).error.code, ErrorCode::not_found);
}

TEST_P(GuardsTest, EndsAPauseAtOnceAndWhatItHeldInParts) {
  pause_with_more_than_one_commit_lets_go();
  const Answer first = commit(RemovePause{"all", "alice"});
  EXPECT_TRUE(reader().pauses()->empty());
  EXPECT_EQ(first.runnable.size(), kResumedAtOnce);
  ASSERT_TRUE(commit(AddPause{{"rule:aws.s3.public-bucket", "", "bob", clock.now()}}).done());
  const Answer rest = go_on(first);
  ASSERT_TRUE(rest.done());
  EXPECT_TRUE(rest.runnable.empty()) << "another pause holds them now";
  EXPECT_EQ(reader().pauses()->size(), 1U);
  EXPECT_EQ(commit(RemovePause{"rule:aws.s3.public-bucket", "bob"}).runnable.size(), 20U);
}

TEST_P(GuardsTest, LetsGoByAPersonsWordWhatACrashLeftHeld) {
  pause_with_more_than_one_commit_lets_go();
  ASSERT_EQ(commit(RemovePause{"all", "alice"}).more.size(), 1U);  // and nobody asks for more
  EXPECT_EQ(commit(RemovePause{"all", "alice"}).runnable.size(), 20U);
}

TEST_P(GuardsTest, CountsATargetOnceAndForgetsItAfterTheTime) {
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

TEST_P(GuardsTest, MayBeUndoneWhileItsRuleIsHeldForAMassMatch) {
  options.gate.mass_match = Budget{1, minutes(10)};
  remake();
  const std::string id = confirmed(1);
  EXPECT_EQ(start(open(2, "other"), "other").guard, "mass-match");
  ASSERT_TRUE(commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
  EXPECT_EQ(commit(AttemptUndo{id, std::nullopt, 0, 1, "undo-mark"}).go->go, Go::go);
}

// ---- leases --------------------------------------------------------------------------------------------------------

TEST_P(GuardsTest, ReleasesNoMoreLeasesAMinuteThanMayBe) {
  options.gate.budgets = no_budgets();
  options.gate.mass_match.reset();
  options.gate.releases = {2, minutes(1)};
  remake();
  std::vector<std::string> ids;
  for (int i = 1; i <= 3; ++i) {
    const std::string target = "host-" + std::to_string(i);
    Finding finding = sample_finding(i, target, clock.now());
    finding.plan.isolate = std::exchange(finding.plan.revert, {});
    finding.policy.lease = minutes(10);
    ASSERT_TRUE(commit(batch_of({finding})).done());
    ASSERT_EQ(start(finding.remediation, target).go, Go::go);
    ASSERT_TRUE(finish_step(finding.remediation).done());
    ASSERT_TRUE(commit(Conclude{finding.remediation, Move::isolate, ledger().head(), {}, "it is cut off", {}}).done());
    EXPECT_EQ(reader().remediation(finding.remediation)->due, ledger().now() + minutes(10));
    ids.push_back(finding.remediation);
  }
  const auto release = [&](const std::string& id) {
    return commit(MoveRemediation{id, Move::release, "", "the lease is over", {}, std::nullopt});
  };
  EXPECT_EQ(release(ids[0]).outcome, Outcome::refused) << "before its time";
  clock.advance(minutes(10));
  EXPECT_FALSE(release(ids[0]).go);
  EXPECT_FALSE(release(ids[1]).go);
  restart();
  const Answer later = release(ids[2]);
  ASSERT_TRUE(later.go);
  EXPECT_EQ(later.go->go, Go::wait);
  EXPECT_EQ(reader().remediation(ids[2])->state, State::isolated);
  clock.advance(*later.go->due - ledger().now());
  EXPECT_FALSE(release(ids[2]).go);
  EXPECT_EQ(reader().remediation(ids[2])->state, State::releasing);
}

// ---- a rule's breaker ----------------------------------------------------------------------------------------------

// ---- approval ------------------------------------------------------------------------------------------------------

TEST_P(GuardsTest, IsHeldUntilAsManyPeopleApproveAsItsRuleAsksFor) {
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

TEST_P(GuardsTest, IsApprovedForTheStateThatWasThereAndForNoOther) {
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

TEST_P(GuardsTest, IsNotApprovedBeforeItWasObserved) {
  Finding finding = sample_finding(1, "bucket", clock.now());
  finding.policy.approvals = 1;
  commit(batch_of({finding}));
  const std::string id = finding.remediation;
  ASSERT_TRUE(commit(MoveRemediation{id, Move::hold, "observation", "it cannot be seen", {}, {}}).done());
  ASSERT_TRUE(commit(PersonalMove{id, Move::resume, "alice", "whatever it is"}).done());
  EXPECT_EQ(start(id).guard, "approval");
}

TEST_P(GuardsTest, ExpiresUndoneWhereNobodyApprovesInTime) {
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

TEST_P(GuardsTest, HoldsNothingThatHasNotBegunForEver) {
  const std::string id = open(1, "bucket");
  const MoveRemediation hold{id, Move::hold, "observation", "witnesses disagree", {}, {}};
  EXPECT_EQ(commit(hold).go->due, clock.now() + options.gate.held_most);
  const MoveRemediation expire{id, Move::expire, "observation", "nobody let it go on in time", {}, {}};
  clock.advance(options.gate.held_most - seconds(1));
  EXPECT_EQ(commit(expire).error.code, ErrorCode::refused) << "not before its time";
  clock.advance(seconds(1));
  ASSERT_TRUE(commit(expire).done());
  EXPECT_EQ(state_of(id), State::expired);
}

TEST_P(GuardsTest, IsNotLetGoByAYesThatIsTooOld) {
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

TEST_P(GuardsTest, IsNotApprovedByWhoAskedForIt) {
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

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ledger, GuardsTest, kAllLedgers, name_of_ledger);

}  // namespace kedge
