#include "guard/admission.h"

#include <gtest/gtest.h>

#include <string>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr const char* kRule = "aws.s3.public-bucket";
constexpr const char* kTarget = "arn:aws:s3:::customer-uploads";
constexpr const char* kRole = "arn:aws:iam::123456789012:role/kedge";
const Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + hours(12);

ExceptionView exception(std::string rule, std::string target, Time expires = kNow + hours(1)) {
  return {"exception-1", std::move(rule), std::move(target), "web team", "a public site", expires};
}

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() {
    plan.rule = {kRule, "version-1"};
    plan.target = kTarget;
    policy.mode = Mode::enforce;
    facts.now = kNow;
    facts.happened = kNow - minutes(1);
    facts.provenance.principal = "arn:aws:iam::123456789012:user/alice";
    facts.own_principals = {kRole};
  }
  Admission ask() { return admit(plan, policy, facts, limits); }
  std::string suppressed_by() {
    const Admission answer = ask();
    return answer.kind == Admission::Kind::suppress ? answer.guard : "admitted";
  }

  Plan plan;
  Policy policy;
  AdmissionFacts facts;
  AdmissionLimits limits;
};

TEST_F(AdmissionTest, AdmitsWhatNoGuardMinds) { EXPECT_EQ(ask(), Admission{}); }

TEST_F(AdmissionTest, SuppressesWhatWouldTouchTheEngineItself) {
  facts.own_things = {{kRole, "whom the engine acts as", false}};
  facts.touches = {kTarget};
  EXPECT_EQ(suppressed_by(), "admitted");
  facts.touches = {kTarget, kRole};
  EXPECT_EQ(suppressed_by(), "self-protection");
  EXPECT_EQ(ask().figures, (nlohmann::json{{"key", kRole}, {"what", "whom the engine acts as"}}));
}

TEST_F(AdmissionTest, SuppressesOurOwnChange) {
  facts.provenance.principal = kRole;
  facts.own_attempt = true;
  EXPECT_EQ(suppressed_by(), "own-change");
}

TEST_F(AdmissionTest, TellsPeopleWhenOurPrincipalActsWithoutAnAttemptOfOurs) {
  facts.provenance.principal = kRole;
  const Admission answer = ask();
  EXPECT_EQ(answer.kind, Admission::Kind::admit);
  ASSERT_TRUE(answer.alarm);
  EXPECT_NE(answer.alarm->find(kRole), std::string::npos);
}

TEST_F(AdmissionTest, TellsPeopleOfItAlsoWhereNothingIsMadeOfTheChange) {
  facts.provenance.principal = kRole;
  const auto told_and_suppressed_by = [&] { return ask().alarm ? suppressed_by() : "nobody was told"; };
  policy.mode = Mode::shadow;
  EXPECT_EQ(told_and_suppressed_by(), "mode");
  policy.mode = Mode::canary;
  policy.canary_percent = 0;
  EXPECT_EQ(told_and_suppressed_by(), "canary");
  policy.mode = Mode::enforce;
  facts.happened = kNow - hours(48);
  EXPECT_EQ(told_and_suppressed_by(), "stale");
  facts.happened = kNow;
  facts.own_things = {{kTarget, "ours", false}};
  facts.touches = {kTarget};
  EXPECT_EQ(told_and_suppressed_by(), "self-protection");
  facts.exceptions = {exception("*", "*")};
  EXPECT_EQ(told_and_suppressed_by(), "exception");
  facts.own_attempt = true;
  EXPECT_FALSE(ask().alarm);
}

TEST_F(AdmissionTest, DoesNotTakeAForgedMarkForOurs) {
  facts.own_attempt = true;  // somebody else copied our user agent
  EXPECT_EQ(suppressed_by(), "admitted");
}

TEST_F(AdmissionTest, SuppressesWhatAnExceptionCovers) {
  facts.exceptions = {exception(kRule, kTarget)};
  const Admission answer = ask();
  EXPECT_EQ(answer.guard, "exception");
  EXPECT_NE(answer.reason.find("kedge exception revoke exception-1"), std::string::npos);
  EXPECT_EQ(answer.figures["owner"], "web team");
}

TEST_F(AdmissionTest, ActsInModeEnforceOnly) {
  EXPECT_EQ(suppressed_by(), "admitted");
  policy.mode = Mode::shadow;
  EXPECT_EQ(suppressed_by(), "mode");
  policy.mode = Mode::off;
  EXPECT_EQ(suppressed_by(), "mode");
}

TEST_F(AdmissionTest, ActsOnTheCanarysShareOfTargets) {
  policy.mode = Mode::canary;
  policy.canary_percent = 0;
  EXPECT_EQ(suppressed_by(), "canary");
  policy.canary_percent = 100;
  EXPECT_EQ(suppressed_by(), "admitted");
}

TEST_F(AdmissionTest, RecordsOnlyWhatIsOlderThanADay) {
  facts.happened = kNow - limits.record_only_after;
  EXPECT_EQ(suppressed_by(), "admitted");
  facts.happened = kNow - limits.record_only_after - Duration(1);
  EXPECT_EQ(suppressed_by(), "stale");
}

TEST_F(AdmissionTest, RecordsOnlyWhatIsTooOldForItsRule) {
  policy.limits.record_only_after = hours(1);
  facts.happened = kNow - hours(1);
  EXPECT_EQ(suppressed_by(), "admitted");
  facts.happened = kNow - hours(1) - Duration(1);
  EXPECT_EQ(suppressed_by(), "stale");
  EXPECT_NE(ask().reason.find("older than 1h"), std::string::npos) << ask().reason;
  policy.limits.record_only_after = hours(48);
  facts.happened = kNow - hours(30);
  EXPECT_EQ(suppressed_by(), "stale") << "a rule loosens nothing";
}

TEST_F(AdmissionTest, LeavesAnEventWithoutATimeToTheGate) {
  facts.happened.reset();
  EXPECT_EQ(suppressed_by(), "admitted");
}

TEST_F(AdmissionTest, AsksTheGuardsInTheirOrder) {
  facts.provenance.principal = kRole;
  facts.own_attempt = true;
  facts.exceptions = {exception("*", "*")};
  policy.mode = Mode::shadow;
  facts.happened = kNow - hours(48);
  EXPECT_EQ(suppressed_by(), "own-change");
  facts.own_attempt = false;
  EXPECT_EQ(suppressed_by(), "exception");
  facts.exceptions.clear();
  EXPECT_EQ(suppressed_by(), "mode");
  policy.mode = Mode::enforce;
  EXPECT_EQ(suppressed_by(), "stale");
}

TEST(Covers, HoldsUntilTheExpiryAndNotAtIt) {
  const ExceptionView view = exception(kRule, kTarget, kNow);
  EXPECT_TRUE(covers(view, kRule, kTarget, kNow - Duration(1)));
  EXPECT_FALSE(covers(view, kRule, kTarget, kNow));
}

TEST(Covers, ComparesRuleAndTarget) {
  EXPECT_TRUE(covers(exception("*", kTarget), kRule, kTarget, kNow));
  EXPECT_FALSE(covers(exception("another", kTarget), kRule, kTarget, kNow));
  EXPECT_FALSE(covers(exception(kRule, "arn:aws:s3:::customer"), kRule, kTarget, kNow));
  EXPECT_TRUE(covers(exception(kRule, "arn:aws:s3:::customer*"), kRule, kTarget, kNow));
  EXPECT_TRUE(covers(exception(kRule, "*"), kRule, kTarget, kNow));
  EXPECT_FALSE(covers(exception(kRule, "*uploads"), kRule, kTarget, kNow));
}

TEST(Covers, NeedsAnOwnerAndAReason) {
  ExceptionView view = exception(kRule, kTarget);
  view.owner.clear();
  EXPECT_FALSE(covers(view, kRule, kTarget, kNow));
  view = exception(kRule, kTarget);
  view.reason.clear();
  EXPECT_FALSE(covers(view, kRule, kTarget, kNow));
}

TEST(CanaryShare, IsAboutAsLargeAsItSaysAndOnlyGrows) {
  int in_ten = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string target = "bucket-" + std::to_string(i);
    in_ten += in_canary_share(target, 10);
    EXPECT_TRUE(!in_canary_share(target, 10) || in_canary_share(target, 50));
  }
  EXPECT_NEAR(in_ten, 1'000, 150);
}

TEST(Mark, TravelsInTheUserAgent) {
  EXPECT_EQ(agent_with_mark("0.1.0", "0123abcd"), "kedge/0.1.0 (mark 0123abcd)");
  EXPECT_EQ(agent_with_mark("0.1.0", ""), "kedge/0.1.0");
  EXPECT_EQ(mark_in_agent(agent_with_mark("0.1.0", "0123abcd")), "0123abcd");
  EXPECT_EQ(mark_in_agent("[kedge/0.1.0 (mark 0123abcd)]"), "0123abcd");
  EXPECT_EQ(mark_in_agent("other/1 kedge/0.1.0 (mark 0123abcd) more"), "0123abcd");
}

TEST(Mark, IsEmptyInWhatIsNotOurAgent) {
  for (const char* agent : {"", "kedge/0.1.0", "aws-cli/2.0 (mark 0123)", "kedge/0.1.0 (mark )", "kedge/0.1.0 (mark 01",
                            "kedge/0.1.0 (mark XYZ)", "notkedge/0.1.0 (mark 0123)"}) {
    EXPECT_EQ(mark_in_agent(agent), "") << agent;
  }
}

}  // namespace
}  // namespace kedge
