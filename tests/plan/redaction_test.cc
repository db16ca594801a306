#include "plan/redaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::Not;

ActionSpec spec_with_secret() {
  ActionSpec spec;
  spec.name = "test.login";
  spec.arguments = {{"token", ArgumentType::string, true, true, ""}, {"name", ArgumentType::string, true, false, ""}};
  spec.sensitive_state = {"password"};
  return spec;
}

TEST(RedactedState, ShowsNoSecretAndAllElse) {
  const Json args = {{"token", "s3cr3t"}, {"name", "x"}};
  const Json state = {{"headers", {"s3cr3t", "plain"}}, {"password", {{"current", "hunter2"}}}, {"name", "x"}};
  const Json shown = redacted_state(spec_with_secret(), args, state, "salt");
  EXPECT_THAT(shown.dump(), Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(shown.dump(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(shown.dump(), HasSubstr("plain"));
  EXPECT_EQ(shown["name"], "x");
}

TEST(RedactedState, ShowsThatAMemberIsAbsent) {
  EXPECT_EQ(redacted_state(spec_with_secret(), Json::object(), {{"password", nullptr}}, "s")["password"], nullptr);
  EXPECT_EQ(redacted_state(spec_with_secret(), Json::object(), nullptr, "s"), nullptr);
}

TEST(Redacted, GivesEqualValuesEqualDigestsAndOthersUnderAnotherSalt) {
  EXPECT_EQ(redacted("a", "salt"), redacted("a", "salt"));
  EXPECT_NE(redacted("a", "salt"), redacted("b", "salt"));
  EXPECT_NE(redacted("a", "salt"), redacted("a", "pepper"));
}

Plan plan_of(Json args) {
  Plan plan;
  plan.rule = {"r", "1"};
  plan.target = "t";
  Step step;
  step.action = "test.login";
  step.args = std::move(args);
  plan.confirm = {step};
  plan.revert = {std::move(step)};
  return plan;
}

TEST(RedactedPlan, ShowsNoSensitiveArgumentInAnyOfItsLists) {
  const ActionCatalog catalog({spec_with_secret()});
  const Plan plan = plan_of({{"token", "s3cr3t"}, {"name", "x"}});
  const Json shown = redacted_plan(plan, catalog, "salt");
  EXPECT_THAT(shown.dump(), Not(HasSubstr("s3cr3t")));
  EXPECT_EQ(shown["revert"][0]["args"]["token"], redacted("s3cr3t", "salt"));
  EXPECT_EQ(shown["revert"][0]["args"]["name"], "x");
  EXPECT_EQ(shown["target"], "t");
}

TEST(RedactedPlan, IsThePlanItselfWhereNothingIsSensitive) {
  const ActionCatalog catalog({spec_with_secret()});
  EXPECT_EQ(redacted_plan(plan_of({{"name", "x"}}), catalog, "salt"), nullptr);
  EXPECT_EQ(redacted_plan(plan_of({{"token", "s"}}), ActionCatalog({}), "salt"), nullptr);
}

}  // namespace
}  // namespace kedge
