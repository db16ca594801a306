#include "guard/gate.h"

#include <gtest/gtest.h>

#include <string>

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + std::chrono::hours(12);

class GateTest : public testing::Test {
 protected:
  GateTest() {
    facts.now = kNow;
    facts.time_of_day = kNow;
    facts.remediation = "R1";
    facts.rule = "aws.s3.public-bucket";
    facts.target = "arn:aws:s3:::customer-uploads";
    facts.policy.mode = Mode::enforce;
    facts.loaded = true;
    facts.age = seconds(5);
  }
  Verdict ask() { return gate(facts, limits); }

  static BudgetFigures budget(int spent, std::optional<Duration> room_in) {
    return {"all", {10, minutes(1)}, spent, room_in ? std::optional(kNow + *room_in) : std::nullopt};
  }

  // What the gate does, by whom, and whether its reason says what to type.
  void expect(Verdict::Kind kind, const std::string& guard, const std::string& command) {
    const Verdict verdict = ask();
    EXPECT_EQ(static_cast<int>(verdict.kind), static_cast<int>(kind)) << verdict.reason;
    EXPECT_EQ(verdict.guard, guard);
    EXPECT_NE(verdict.reason.find(command), std::string::npos) << verdict.reason;
  }

  GateFacts facts;
  GateLimits limits;
};

using Kind = Verdict::Kind;

TEST_F(GateTest, LetsPassWhatNoGuardMinds) { EXPECT_EQ(ask(), Verdict{}); }

TEST_F(GateTest, HoldsForARuleThatIsGone) {
  facts.loaded = false;
  expect(Kind::hold, "rule", "kedge remediation cancel R1");
}

TEST_F(GateTest, HoldsWhatReconcileFoundUnlessTheRuleSaysOtherwise) {
  facts.reconciled = true;
  facts.age.reset();
  facts.policy.reconcile = Reconcile::off;
  expect(Kind::hold, "reconcile", "kedge remediation reject R1");
  facts.policy.reconcile = Reconcile::hold;
  expect(Kind::hold, "reconcile", "kedge remediation approve R1");
  facts.policy.reconcile = Reconcile::enforce;
  EXPECT_EQ(ask(), Verdict{}) << "and it is never too old";
  facts.policy.reconcile = Reconcile::hold;
  facts.approvals = 1;
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsUntilAsManyPeopleHaveApprovedAsTheRuleAsksFor) {
  facts.policy.approvals = 2;
  expect(Kind::hold, "approval", "kedge remediation approve R1");
  facts.approvals = 1;
  expect(Kind::hold, "approval", "the approval of 2 people, and 1 gave it");
  facts.approvals = 2;
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, SaysWhenAnApprovalIsTooLateAndThatOthersAreVoid) {
  facts.policy.approvals = 1;
  facts.approvals_void = 1;
  expect(Kind::hold, "approval", "1 approved what is no longer so");
  EXPECT_EQ(ask().due, kNow + limits.approval_within);
  facts.charged = true;
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, WaitsUntilTheChangeWindowOpens) {
  Window window;
  window.from = minutes(22 * 60);
  window.to = minutes(6 * 60);
  limits.windows["nights"] = window;
  facts.policy.window = "nights";
  expect(Kind::wait, "window", "kedge remediation approve R1");
  expect(Kind::wait, "window",
         "change window nights only (daily 22:00 to 06:00 UTC), which opens at 2026-01-01T22:00:00");
  EXPECT_EQ(ask().due, kNow + std::chrono::hours(10));
  facts.charged = true;
  EXPECT_EQ(ask(), Verdict{}) << "what has begun is not left half done";
  facts.charged = false;
  facts.time_of_day = kNow + std::chrono::hours(10);
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsForAChangeWindowThatNobodyKnows) {
  facts.policy.window = "nights";
  expect(Kind::hold, "window", "kedge remediation approve R1");
  facts.approvals = 1;
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsForARuleThatDoesNotAct) {
  for (const Mode mode : {Mode::off, Mode::shadow}) {
    facts.policy.mode = mode;
    expect(Kind::hold, "rule", std::string(to_string(mode)));
  }
}

TEST_F(GateTest, ActsOnTheCanarysShare) {
  facts.policy.mode = Mode::canary;
  facts.policy.canary_percent = 100;
  EXPECT_EQ(ask(), Verdict{});
  facts.policy.canary_percent = 0;
  expect(Kind::hold, "rule", "canary");
}

TEST_F(GateTest, HoldsWhilePaused) {
  facts.pauses = {{"all", "alice", "maintenance"}};
  expect(Kind::hold, "pause", "to go on: kedge resume. Paused by alice: maintenance");
  facts.pauses = {{"rule:aws.s3.public-bucket", "alice", ""}};
  expect(Kind::hold, "pause", "kedge resume --scope rule:aws.s3.public-bucket");
  facts.pauses = {{"file:/data/pause", "", "the file is there"}};
  expect(Kind::hold, "pause", "to go on: rm /data/pause");
  facts.pauses = {{"all", "alice", "maintenance"}, {"rule:a", "bob", "it is wrong"}};
  expect(Kind::hold, "pause", "kedge resume; kedge resume --scope rule:a. Paused by alice: maintenance; by bob: it is");
}

TEST_F(GateTest, RefusesWhatAnExceptionCovers) {
  facts.exception = "exception-1";
  facts.exception_reason = "a public site";
  expect(Kind::refuse, "exception", "kedge exception revoke exception-1");
}

TEST_F(GateTest, HoldsAnOldEventUntilAPersonApproves) {
  facts.age = limits.stale_after;
  EXPECT_EQ(ask(), Verdict{});
  facts.age = limits.stale_after + Duration(1);
  expect(Kind::hold, "stale", "kedge remediation approve R1");
  facts.approvals = 1;
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsWhatHasWaitedForLongUntilAPersonApproves) {
  facts.waited = limits.waited_most;
  EXPECT_EQ(ask(), Verdict{});
  facts.waited += Duration(1);
  expect(Kind::hold, "stale", "kedge remediation approve R1");
  facts.charged = true;
  EXPECT_EQ(ask(), Verdict{}) << "it has begun";
  facts.charged = false;
  facts.let_go = true;
  EXPECT_EQ(ask(), Verdict{}) << "somebody let it go, and all that was held with it";
  facts.let_go = false;
  facts.approvals = 1;
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsWhatARestoredLedgerReadsAgainUntilAPersonSaysYes) {
  facts.pauses = {{"restored", "alice", "restored from a backup"}, {"all", "alice", ""}};
  expect(Kind::hold, "restored", "kedge remediation approve R1");
  expect(Kind::hold, "restored", "resume --scope restored");
  facts.approvals = 1;
  expect(Kind::hold, "pause", "to go on: kedge resume. Paused by alice");
  facts.pauses.pop_back();
  EXPECT_EQ(ask(), Verdict{});
  EXPECT_EQ(gate_again(facts), Verdict{}) << "what was let pass goes on to its end";
  EXPECT_EQ(gate_undo(facts), Verdict{});
}

TEST_F(GateTest, HoldsNoOldEventThatARestoredLedgersPersonLetGo) {
  facts.age = limits.stale_after * 2;
  facts.let_go = true;
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsAnEventFromTheFuture) {
  facts.age = -limits.future_most;
  EXPECT_EQ(ask(), Verdict{});
  facts.age = -limits.future_most - Duration(1);
  expect(Kind::hold, "stale", "kedge remediation approve R1");
}

TEST_F(GateTest, HoldsWhatItCannotTellTheAgeOf) {
  facts.age.reset();
  expect(Kind::hold, "stale", "kedge remediation approve R1");
  facts.age = seconds(1);
  facts.redriven = true;
  expect(Kind::hold, "stale", "redriven");
}

TEST_F(GateTest, RefusesToTurnAgainstTheEngineWhoeverApproves) {
  facts.own = OwnThing{"host:here", "the host that the engine runs on", false};
  facts.approvals = 2;
  expect(Kind::refuse, "self-protection", "it would write host:here, which is the host that the engine runs on");
}

TEST_F(GateTest, WaitsForLocksAndNamesTheHolder) {
  facts.locked_by = {"R0"};
  expect(Kind::wait, "locks", "kedge remediation show R0");
  EXPECT_FALSE(ask().due.has_value());
}

TEST_F(GateTest, WaitsForABudgetUntilItHasRoom) {
  facts.budgets = {budget(9, seconds(20))};
  EXPECT_EQ(ask(), Verdict{});
  facts.budgets = {budget(10, seconds(20))};
  expect(Kind::wait, "budget", "kedge remediation approve R1");
  EXPECT_EQ(ask().due, kNow + seconds(20));
  EXPECT_NE(ask().reason.find("10 remediations of all rules started within 1m, and 10 may; there is room"),
            std::string::npos)
      << ask().reason;
  EXPECT_EQ(ask().figures["scope"], "all");
}

TEST_F(GateTest, WaitsForTheBudgetThatHasRoomLast) {
  facts.budgets = {budget(10, seconds(20)), budget(10, seconds(50)), budget(10, seconds(30)), budget(9, seconds(90))};
  EXPECT_EQ(ask().due, kNow + seconds(50));
}

TEST_F(GateTest, HoldsWhereABudgetNeverHasRoom) {
  facts.budgets = {budget(10, seconds(20)), budget(10, std::nullopt), budget(10, seconds(30))};
  expect(Kind::hold, "budget", "kedge remediation approve R1");
}

TEST_F(GateTest, DoesNotChargeTwiceWhatHasStarted) {
  facts.budgets = {budget(10, seconds(20))};
  facts.charged = true;
  EXPECT_EQ(ask(), Verdict{});
  facts.charged = false;
  facts.approvals = 1;
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsWhatIsChangedBackAgainAndAgainAndNamesTheOpponent) {
  facts.actor = {"arn:aws:iam::1:role/ci", "HashiCorp/1.0 Terraform/1.9.5"};
  facts.put_right = {{facts.now - minutes(50), facts.actor}, {facts.now - minutes(20), facts.actor}};
  EXPECT_EQ(ask(), Verdict{});
  facts.put_right.push_back({facts.now - minutes(1), {"arn:aws:iam::1:user/bob", ""}});
  expect(Kind::hold, "flap", "kedge remediation approve R1");
  expect(Kind::hold, "flap",
         "Within 1h that was done 3 times, and it is changed back by arn:aws:iam::1:role/ci (Terraform), "
         "arn:aws:iam::1:user/bob: settle it with them");
  EXPECT_EQ(ask().figures["put_right"], 3);
  EXPECT_EQ(ask().figures["opponents"][0]["times"], 3);
  facts.approvals = 1;
  EXPECT_EQ(ask(), Verdict{});
  facts.approvals = 0;
  limits.flap.reset();
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsARuleThatWantsToActOnTooManyTargets) {
  facts.targets = limits.mass_match->most;
  EXPECT_EQ(ask(), Verdict{});
  facts.targets = limits.mass_match->most + 1;
  expect(Kind::hold, "mass-match", "kedge resume --scope rule:aws.s3.public-bucket lets the rule go on");
  expect(Kind::hold, "mass-match", "it wanted to act on 6 targets within 10m, and 5 may");
  EXPECT_EQ(ask().figures, (nlohmann::json{{"targets", 6}, {"most", 5}, {"within_us", 600'000'000}}));
}

TEST_F(GateTest, HoldsARuleThatIsHeldForAMassMatchHoweverFewItWantsNow) {
  facts.mass_since = kNow - minutes(90);
  facts.targets = 1;
  expect(Kind::hold, "mass-match", "it is held since 2026-01-01T10:30:00");
  EXPECT_TRUE(ask().figures.contains("since"));
}

TEST_F(GateTest, LetsAPersonPassAMassMatch) {
  facts.targets = 100;
  facts.mass_since = kNow;
  for (const auto waive : {+[](GateFacts& f) { f.approvals = 1; }, +[](GateFacts& f) { f.let_go = true; },
                           +[](GateFacts& f) { f.charged = true; }}) {
    GateFacts waived = facts;
    waive(waived);
    EXPECT_EQ(gate(waived, limits), Verdict{});
  }
  limits.mass_match.reset();
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsWhatWouldTakeMoreOfAFleetOutOfService) {
  facts.fleet = FleetFigures{"web", 40, 3, 4};
  EXPECT_EQ(ask(), Verdict{});
  facts.fleet->out = 4;
  expect(Kind::hold, "share",
         "of the 40 targets of the fleet web, 4 are out of service or were within 1h, and 4 may be");
  EXPECT_EQ(
      ask().figures,
      (nlohmann::json{
          {"fleet", "web"}, {"size", 40}, {"out", 4}, {"most", 4}, {"percent", 10}, {"within_us", 3'600'000'000}}));
  facts.approvals = 1;
  EXPECT_EQ(ask(), Verdict{});
  facts.approvals = 0;
  facts.charged = true;
  EXPECT_EQ(ask(), Verdict{}) << "it is out of service already";
  facts.charged = false;
  limits.share.reset();
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, SaysWhereTheSizeOfAFleetBelongs) {
  facts.fleet = FleetFigures{"hosts", 0, 1, 1};
  expect(Kind::hold, "share", "Its size belongs into fleets.hosts.size");
  EXPECT_TRUE(ask().figures["size"].is_null());
}

TEST_F(GateTest, FightsNobodyForADayAfterAFlap) {
  const Time last = facts.now - std::chrono::hours(5);
  facts.put_right = {
      {last - minutes(60), {}}, {last - minutes(30), {}}, {last, {}}, {facts.now - std::chrono::hours(3), {}}};
  EXPECT_EQ(ask().guard, "flap");
  EXPECT_EQ(ask().figures["until"], format_time(last + std::chrono::hours(24)));
  facts.now = last + std::chrono::hours(24);
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, TakesForNoFlapWhatIsFurtherApart) {
  facts.put_right = {{facts.now - minutes(122), {}}, {facts.now - minutes(61), {}}, {facts.now, {}}};
  EXPECT_EQ(ask(), Verdict{});
}

TEST_F(GateTest, HoldsNothingForEverThatHasNotBegun) {
  facts.pauses = {{"all", "alice", ""}};
  EXPECT_EQ(ask().due, facts.now + limits.held_most);
  facts.charged = true;
  EXPECT_FALSE(ask().due.has_value()) << "what stands half done is somebody's to decide";
}

TEST_F(GateTest, AsksTheGuardsInTheirOrder) {
  facts.loaded = false;
  facts.pauses = {{"all", "alice", ""}};
  facts.exception = "exception-1";
  facts.age.reset();
  facts.put_right = {3, PutRight{facts.now, {}}};
  facts.targets = 100;
  facts.locked_by = {"R0"};
  facts.budgets = {budget(10, seconds(20))};
  EXPECT_EQ(ask().guard, "rule");
  facts.loaded = true;
  EXPECT_EQ(ask().guard, "pause");
  facts.pauses.clear();
  EXPECT_EQ(ask().guard, "exception");
  facts.exception.clear();
  EXPECT_EQ(ask().guard, "stale");
  facts.age = seconds(1);
  EXPECT_EQ(ask().guard, "flap");
  facts.put_right.clear();
  EXPECT_EQ(ask().guard, "mass-match");
  facts.targets = 0;
  EXPECT_EQ(ask().guard, "locks");
  facts.locked_by.clear();
  EXPECT_EQ(ask().guard, "budget");
}

TEST_F(GateTest, AsksOnlyForRuleAndPauseBeforeAFurtherAttempt) {
  facts.exception = "exception-1";
  facts.age.reset();
  facts.budgets = {budget(10, seconds(20))};
  EXPECT_EQ(gate_again(facts), Verdict{});
  facts.pauses = {{"all", "alice", ""}};
  EXPECT_EQ(gate_again(facts).guard, "pause");
  facts.policy.mode = Mode::off;
  EXPECT_EQ(gate_again(facts).guard, "rule");
}

TEST_F(GateTest, DefersAnUndoWhilePausedAndForNothingElse) {
  facts.loaded = false;
  EXPECT_EQ(gate_undo(facts), Verdict{});
  facts.pauses = {{"all", "alice", ""}};
  const Verdict verdict = gate_undo(facts);
  EXPECT_EQ(static_cast<int>(verdict.kind), static_cast<int>(Kind::wait));
  EXPECT_GT(*verdict.due, kNow);
}

TEST_F(GateTest, WaitsUntilTheBreakerLetsSomethingThroughWhoeverApproves) {
  facts.breaker = OpenBreaker{"aws.s3/1/eu-west-1", kNow - seconds(5), kNow + seconds(25), 3, 3, 1, "no answer"};
  facts.locked_by = {"R0"};
  for (facts.approvals = 0; facts.approvals < 2; ++facts.approvals) {
    expect(Kind::wait, "breaker", "kedge remediation cancel R1");
    EXPECT_EQ(ask().due, kNow + seconds(25));
    EXPECT_EQ(ask().figures.at("endpoint"), "aws.s3/1/eu-west-1");
  }
  EXPECT_EQ(gate_again(facts).guard, "breaker");
  EXPECT_EQ(gate_undo(facts).guard, "breaker");
  facts.breaker->until = kNow - seconds(1);
  EXPECT_EQ(ask().due, kNow) << "it has turned since it was looked at: it is asked again at once";
}

TEST_F(GateTest, AsksPeopleBeforeTheBreaker) {
  facts.breaker = OpenBreaker{"aws.s3/1/eu-west-1", kNow, kNow + seconds(30), 3, 3, 1, ""};
  facts.policy.approvals = 1;
  expect(Kind::hold, "approval", "kedge remediation approve R1");
}

TEST_F(GateTest, WaitsWhileItsRuleHasFailedOnTheAccountUntilAPersonLetsItGoOn) {
  facts.rule_breaker =
      OpenRuleBreaker{"123456789012", kNow - minutes(5), kNow + minutes(10), 3, 3, "AccessDenied", kNow + minutes(10)};
  expect(Kind::wait, "rule-breaker", "kedge resume --scope rule:aws.s3.public-bucket");
  EXPECT_EQ(ask().due, kNow + minutes(10));
  facts.charged = true;
  EXPECT_EQ(ask(), Verdict{}) << "what has begun goes on";
  facts.charged = false;
  facts.approvals = 1;
  EXPECT_EQ(ask(), Verdict{});
}

TEST(Tightened, TakesWhatIsStricterOfTheEnginesLimitAndTheRules) {
  GateLimits engine;
  engine.flap = Budget{3, std::chrono::hours(2)};
  Limits rule;
  EXPECT_EQ(tightened(engine, rule), engine);
  rule.flap = 1;
  rule.mass_match = 2;
  rule.share = 5;
  rule.failures_in_a_row = 2;
  rule.approval_within = minutes(5);
  rule.stale_after = minutes(1);
  const GateLimits tight = tightened(engine, rule);
  EXPECT_EQ(tight.flap, (Budget{1, std::chrono::hours(2)})) << "a number, within the engine's time";
  EXPECT_EQ(tight.mass_match, (Budget{2, minutes(10)}));
  EXPECT_EQ(tight.share, (Share{5, std::chrono::hours(1)}));
  EXPECT_EQ(tight.rule_breaker->in_a_row, 2);
  EXPECT_EQ(tight.rule_breaker->of_ten, engine.rule_breaker->of_ten);
  EXPECT_EQ(tight.approval_within, minutes(5));
  EXPECT_EQ(tight.stale_after, minutes(1));
}

TEST(Tightened, LoosensNothing) {
  const GateLimits engine;
  Limits rule;
  rule.flap = rule.mass_match = rule.share = rule.failures_in_a_row = rule.failures_of_ten = 1000;
  rule.approval_within = rule.stale_after = std::chrono::hours(24 * 365);
  EXPECT_EQ(tightened(engine, rule), engine);
}

TEST(Tightened, CountsWithinTheUsualTimeWhereTheEngineHasNoLimit) {
  GateLimits engine;
  engine.flap.reset();
  engine.mass_match.reset();
  engine.rule_breaker.reset();
  EXPECT_EQ(tightened(engine, {}), engine);
  Limits rule;
  rule.flap = 2;
  rule.mass_match = 4;
  rule.failures_of_ten = 4;
  const GateLimits tight = tightened(engine, rule);
  EXPECT_EQ(tight.flap, (Budget{2, std::chrono::hours(1)}));
  EXPECT_EQ(tight.mass_match, (Budget{4, minutes(10)}));
  EXPECT_EQ(tight.rule_breaker->of_ten, 4);
}

}  // namespace
}  // namespace kedge
