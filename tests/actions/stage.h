// An action on stage: called as the executor calls it, with the gate in front of a fake AWS.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "actions/table.h"
#include "remediate/gated_client.h"
#include "tests/actions/fake_aws.h"
#include "tests/support/fake_clock.h"

namespace kedge {

// A world in which this built-in action has something to do, and the arguments for it.
inline nlohmann::json set_up_for(const std::string& action, FakeAws& aws) {
  aws.bucket.policy = policy_text({kPublicStatement, kPartnerStatement});
  aws.trail.logging = false;
  aws.rules = {{"sgr-1", "sg-1", false, "tcp", 22, 22, "0.0.0.0/0", "", "", "", "", "ssh", {}}};
  if (action.starts_with("aws.ec2")) return {{"group", "sg-1"}, {"rules", {"sgr-1"}}, {"account", "111122223333"}};
  if (action.starts_with("aws.cloudtrail")) return {{"trail", "main"}, {"account", "111122223333"}};
  return {{"bucket", "photos"}, {"account", "111122223333"}};
}

// Of a client of FakeAws.
inline AwsOptions options_of_stage() {
  AwsOptions options;
  options.access_key_id = "AK";
  options.secret_access_key = "secret";
  options.region = "eu-west-1";
  options.endpoint_urls = {
      {"s3", "http://s3.test"}, {"ec2", "http://ec2.test"}, {"cloudtrail", "http://cloudtrail.test"}};
  return options;
}

class Stage : public testing::Test {
 public:
  explicit Stage(const char* action) {
    aws.bucket.acl = acl_xml();
    client = *AwsClient::create(options_of_stage(), {}, clock, aws);
    actions = std::make_unique<ActionTable>(built_in_actions(*client));
    subject = actions->find(action);
    args = {{"bucket", "photos"}, {"account", "111122223333"}};
  }

  ActionResult<Observation> observe() {
    GatedClient gate(aws, clock, effects, {false, clock.elapsed() + std::chrono::seconds(20), {}});
    NoHosts hosts;
    Context context{gate, hosts, clock, "r", "", "kedge/1", clock.elapsed() + std::chrono::seconds(20)};
    auto seen = subject->observe(context, args);
    EXPECT_FALSE(gate.misused()) << "an observation wrote";
    return seen;
  }
  // An observation that must work.
  Observation look() {
    auto seen = observe();
    EXPECT_TRUE(seen.ok()) << (seen ? "" : seen.error().message);
    return seen ? *seen : Observation{};
  }
  ActionResult<Applied> apply(const Observation& now) {
    return call([&](Context& context) { return subject->apply(context, args, now); });
  }
  ActionResult<Applied> apply() { return apply(look()); }
  ActionResult<Applied> undo(const nlohmann::json& before, const nlohmann::json& after) {
    return call([&](Context& context) { return subject->undo(context, args, before, after); });
  }

  FakeClock clock;
  FakeAws aws;
  EffectsStopped effects = [] { return std::optional<Stop>(); };
  std::unique_ptr<AwsClient> client;
  std::unique_ptr<ActionTable> actions;
  const Action* subject = nullptr;
  nlohmann::json args;

 private:
  template <class Call>
  ActionResult<Applied> call(Call action) {
    GatedClient gate(aws, clock, effects, {true, clock.elapsed() + std::chrono::seconds(20), {}});
    NoHosts hosts;
    Context context{gate, hosts, clock, "r", "abc", "kedge/1 (mark abc)", clock.elapsed() + std::chrono::seconds(20)};
    auto result = action(context);
    for (const std::string& agent : aws.agents) EXPECT_EQ(agent, "kedge/1 (mark abc)");
    return result;
  }
};

}  // namespace kedge
