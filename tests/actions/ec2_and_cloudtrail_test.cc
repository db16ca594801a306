// Rules of security groups, and trails.
#include <gmock/gmock.h>

#include "tests/actions/stage.h"

namespace kedge {
namespace {

using Kind = ActionError::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

SecurityGroupRule rule(const std::string& id, const std::string& cidr, int port = 22) {
  SecurityGroupRule made;
  made.id = id;
  made.protocol = "tcp";
  made.from_port = made.to_port = port;
  made.cidr_ipv4 = cidr;
  made.description = "made by hand";
  made.tags = {{"team", "blue"}};
  return made;
}

struct RevokeRules : Stage {
  RevokeRules() : Stage("aws.ec2.revoke_security_group_rules") {
    args = {{"group", "sg-1"}, {"rules", {"sgr-1", "sgr-2"}}, {"region", "eu-west-1"}};
    aws.rules = {rule("sgr-1", "0.0.0.0/0"), rule("sgr-2", "10.0.0.0/8"), rule("sgr-3", "0.0.0.0/0", 443)};
  }

  std::vector<std::string> ids() {
    std::vector<std::string> found;
    for (const SecurityGroupRule& one : aws.rules) found.push_back(one.id);
    return found;
  }
};

TEST_F(RevokeRules, RevokesOnlyRulesThatArePlannedAndOpenToTheWorld) {
  EXPECT_THAT(look().summary, HasSubstr("sgr-1 lets 0.0.0.0/0 in (tcp 22)"));
  EXPECT_TRUE(apply().ok());
  EXPECT_THAT(ids(), ElementsAre("sgr-2", "sgr-3"));
  EXPECT_TRUE(look().holds);
}

TEST_F(RevokeRules, HoldsAlreadyWhenTheRulesAreGone) {
  aws.rules.clear();
  EXPECT_TRUE(look().holds);
}

TEST_F(RevokeRules, MakesARuleAgainWithItsDescriptionAndTagsAndKnowsItByItsOldId) {
  const auto before = look().state;
  EXPECT_TRUE(apply().ok());
  EXPECT_TRUE(undo(before, look().state).ok());
  ASSERT_EQ(aws.rules.size(), 3U);
  EXPECT_EQ(aws.rules[2].id, "sgr-new1");
  EXPECT_EQ(aws.rules[2].description, "made by hand");
  EXPECT_EQ(aws.rules[2].tags.at("team"), "blue");
  EXPECT_EQ(look().state, before);
  EXPECT_TRUE(apply().ok()) << "and it can be revoked again";
  EXPECT_TRUE(look().holds);
}

TEST_F(RevokeRules, ObservesAgainWhenARuleWentInTheLastMoment) {
  const Observation seen = look();
  aws.before = [&](const std::string& operation) {
    if (operation == "RevokeSecurityGroupIngress") aws.rules.erase(aws.rules.begin());
  };
  const auto done = apply(seen);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::retry);
}

TEST_F(RevokeRules, TellsOfARuleThatStandsInThePlaceOfTheOldOne) {
  const auto before = look().state;
  EXPECT_TRUE(apply().ok());
  const auto after = look().state;
  aws.rules.push_back(rule("sgr-9", "0.0.0.0/0"));
  const auto done = undo(before, after);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::refused);
  EXPECT_THAT(done.error().message, HasSubstr("somebody has made a rule like sgr-1 since"));
}

TEST_F(RevokeRules, RefusesWhatAreNoIds) {
  const auto check = [&](const nlohmann::json& call) {
    return actions->catalog().check("aws.ec2.revoke_security_group_rules", call).ok();
  };
  EXPECT_FALSE(check({{"group", "web"}, {"rules", {"sgr-1"}}}));
  EXPECT_FALSE(check({{"group", "sg-1"}, {"rules", nlohmann::json::array()}}));
  EXPECT_FALSE(check({{"group", "sg-1"}, {"rules", {"0.0.0.0/0"}}}));
  EXPECT_TRUE(check({{"group", "sg-1"}, {"rules", {"sgr-1"}}}));
}

struct StartLogging : Stage {
  StartLogging() : Stage("aws.cloudtrail.start_logging") {
    args = {{"trail", "main"}, {"account", "111122223333"}, {"region", "eu-west-1"}};
    aws.trail.logging = false;
  }
};

TEST_F(StartLogging, DoesNotTakeADeletedTrailForAGoodEnd) {
  aws.trail.exists = false;
  const auto seen = observe();
  ASSERT_FALSE(seen.ok());
  EXPECT_EQ(seen.error().kind, Kind::refused);
  EXPECT_THAT(seen.error().message, HasSubstr("it must be made again"));
}

TEST_F(StartLogging, SaysThatTheTrailCannotDeliver) {
  aws.trail.delivery_error = "NoSuchBucket";
  EXPECT_THAT(look().summary, HasSubstr("its last delivery failed: NoSuchBucket"));
}

TEST_F(StartLogging, LocksATrailByOneNameHoweverItIsNamed) {
  const auto by_name = subject->spec().touches(args);
  args["trail"] = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";
  EXPECT_EQ(subject->spec().touches(args), by_name);
}

}  // namespace
}  // namespace kedge
