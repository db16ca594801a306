// From the event of a mutated host to its isolation by its own agent: `kedge run` and `kedge agent` as programs, a real
// broker between them, all in a network namespace with real packets around it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/key_file.h"
#include "base/clock.h"
#include "tests/e2e/engine.h"
#include "tests/host/network_stage.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_client.h"
#include "tests/support/needs.h"

namespace kedge {
namespace {

using testing::HasSubstr;

class HostsOverKafka : public testing::Test {
 protected:
  void SetUp() override {
    auto made = NetworkStage::make();
    KEDGE_NEEDS(made);
    stage_ = *std::move(made);
    ASSERT_TRUE(make_key_file(at("engine.key"), "kedge.example.com"));
    ASSERT_TRUE(make_key_file(at("agent.key"), "web-1"));
  }
  void TearDown() override {
    if (!HasFailure()) return;
    std::cerr << "---- the engine said:\n" << engine_.output();
    if (agent_ != nullptr) std::cerr << "---- the agent said:\n" << agent_->output();
  }

  std::string at(const std::string& name) const { return (engine_.directory().path() / name).string(); }

  // The broker, the engine and the agent share the host's network: a real host shares none of them, and reaches its
  // broker by the lifeline.
  void configure() {
    const std::string broker = broker_->address(KafkaListener::plain);
    for (const char* topic : {"host-events", "host-commands", "host-outcomes"}) {
      ASSERT_TRUE(create_topic(broker_->properties(), topic, 1));
    }
    engine_.directory().write("rules/lib/host/isolation.json",
                              R"({"lifeline": ["10.9.1.2:9092"], "management": ["10.9.1.0/24"], "roots": {}})");
    engine_.configuration["rules"]["modes"] = {{"host.binary-replaced", "enforce"}};
    engine_.configuration["sources"] = {{{"name", "sensors"},
                                         {"brokers", {broker}},
                                         {"topics", {"host-events"}},
                                         {"group", "g"},
                                         {"start", "earliest"},
                                         {"properties", {{"session.timeout.ms", "6000"}}}}};
    engine_.configuration["aws"] = {{"region", "us-east-1"}, {"principals", {"arn:aws:iam::123456789012:user/kedge"}}};
    engine_.configuration["hosts"] = {{"brokers", {broker}}, {"key", "engine.key"}, {"keys", {"agent.key.pub"}}};
    const Json agent = {
        {"version", 1},
        {"host", "web-1"},
        {"data", "agent"},
        {"key", "agent.key"},
        {"engines", {{{"key", "engine.key.pub"}, {"allow", {"host.quarantine", "host.capture_evidence"}}}}},
        {"kafka", {{"brokers", {broker}}}},
        {"heartbeat", "1s"}};
    engine_.directory().write("agent.yaml", agent.dump());
  }
  void start_agent() {
    auto started = ChildProcess::start({.command = {kedge_program(), "agent", "-c", at("agent.yaml")}});
    ASSERT_TRUE(started) << started.error().message;
    agent_ = *std::move(started);
  }

  // As the host's sensor tells it.
  void tell_of_a_mutation(const std::string& host) {
    const std::string path = "/usr/sbin/sshd";
    const Json event = {{"specversion", "1.0"},
                        {"id", unique("event")},
                        {"source", "kedge.sensor"},
                        {"type", "host.mutation"},
                        {"time", format_time(clock_.now())},
                        {"subject", "host:" + host + path},
                        {"datacontenttype", "application/json"},
                        {"data",
                         {{"host", host},
                          {"root", "/"},
                          {"path", path},
                          {"kind", "modified"},
                          {"category", "binary"},
                          {"severity", "high"},
                          {"techniques", {"T1554"}}}}};
    auto producer = KafkaProducer::make(broker_->properties());
    ASSERT_TRUE(producer) << producer.error().message;
    ASSERT_TRUE((*producer)->produce({.topic = "host-events", .value = event.dump(), .key = host}));
    ASSERT_TRUE((*producer)->flush());
  }
  std::string remediation_of(const std::string& host) {
    const auto planned = [&] { return engine_.records({"--kind", "plan", "--target", "host:" + host}); };
    EXPECT_TRUE(comes_true([&] { return !planned().empty(); })) << engine_.records({}).dump(1);
    return planned().at(0).at("remediation");
  }
  std::string state_of(const std::string& id) const {
    return engine_.ask({"remediation", "show", id}).value("state", "");
  }
  std::string story_of(const std::string& id) const { return engine_.run({"audit", "show", id}).output; }
  bool comes_to(const std::string& id, const std::string& state) {
    return comes_true([&] { return state_of(id) == state; });
  }
  bool world_gets_in(int patience_ms = kSoonMs) {
    return connect_from(*stage_->world, "10.9.2.1:80", patience_ms).has_value();
  }

  SystemClock clock_;
  Engine engine_;
  std::unique_ptr<NetworkStage> stage_;
  std::unique_ptr<KafkaBroker> broker_;
  std::unique_ptr<ChildProcess> agent_;
};

TEST_F(HostsOverKafka, AMutatedHostIsIsolatedByItsAgentAndReleasedAndOneWithoutAKeyIsNotAsked) {
  const Listener manager(*stage_->admin, "10.9.1.2:9092"), web(*stage_->host, "10.9.2.1:80");
  stage_->host->in([&] {
    auto broker = KafkaBroker::start({});
    KEDGE_NEEDS(broker);
    broker_ = *std::move(broker);
    configure();
    engine_.start();
    EXPECT_THAT(engine_.run({"check", "--connect"}).output, HasSubstr("hosts: topic host-outcomes, 1 partitions"));
    start_agent();
    ASSERT_TRUE(world_gets_in(kPatienceMs));

    tell_of_a_mutation("web-1");
    const std::string id = remediation_of("web-1");
    ASSERT_TRUE(comes_to(id, "isolated")) << story_of(id);
    EXPECT_FALSE(world_gets_in());
    EXPECT_TRUE(std::filesystem::exists(engine_.directory().path() / "agent/host/evidence" / id)) << story_of(id);
    EXPECT_THAT(story_of(id), HasSubstr("host.quarantine"));
    EXPECT_THAT(story_of(id), HasSubstr("host.capture_evidence"));
    EXPECT_THAT(engine_.directory().read("agent/commands.jsonl"), HasSubstr(id)) << "the host's own record";
    EXPECT_FALSE(engine_.metric("kedge_hosts_outcomes_total").empty());

    ASSERT_TRUE(kedge::run({.command = {"nft", "flush", "ruleset"}}).ok());  // as an intruder would
    EXPECT_TRUE(comes_true([&] { return !engine_.records({"--kind", "alarm"}).empty(); }));
    EXPECT_THAT(engine_.records({"--kind", "alarm"}).dump(), HasSubstr("web-1: "));
    EXPECT_THAT(engine_.records({"--kind", "alarm"}).dump(), HasSubstr("isolation-changed"));
    EXPECT_FALSE(world_gets_in());

    tell_of_a_mutation("web-9");
    const std::string unknown = remediation_of("web-9");
    EXPECT_TRUE(comes_true([&] {
      return story_of(unknown).find("no key of a host of this name is listed") != std::string::npos;
    })) << story_of(unknown);
    EXPECT_NE(state_of(unknown), "isolated");

    const Ran released = engine_.run({"remediation", "release", id, "--reason", "it was examined"});
    EXPECT_EQ(released.exit, Exit{}) << released.output;
    EXPECT_TRUE(comes_to(id, "confirmed")) << story_of(id);
    EXPECT_TRUE(world_gets_in(kPatienceMs));
    EXPECT_EQ(kedge::run({.command = {"nft", "list", "ruleset"}})->output, "");
    EXPECT_EQ(engine_.stop()->code, 0);
    agent_->signal(SIGTERM);
    EXPECT_EQ(agent_->wait().value(), Exit{});
  });
}

}  // namespace
}  // namespace kedge
