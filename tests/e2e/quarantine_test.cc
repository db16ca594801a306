// From an event to an isolated host and back: the program in a network namespace, with real packets around it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/clock.h"
#include "host/quarantine_lease.h"
#include "tests/e2e/engine.h"
#include "tests/host/network_stage.h"
#include "tests/support/kafka_client.h"
#include "tests/support/needs.h"
#include "tests/support/notify_socket.h"

namespace kedge {
namespace {

using testing::HasSubstr;

constexpr const char* kRule = R"(
rule "host.isolate" {
  title    = "A host is isolated",
  severity = "critical",
  mode     = "enforce",
  on       = { detail = { verdict = { "isolate" } } },
  target   = function(event) return "host:" .. event.detail.host end,
  respond  = function(event)
    return { isolate = { action.host.quarantine {
      host = event.detail.host, lifeline = { "10.9.1.2:9092" }, management = { "10.9.1.0/24" } } } }
  end,
}
)";

class QuarantineOfTheEnginesHost : public testing::Test {
 protected:
  void SetUp() override {
    auto made = NetworkStage::make();
    KEDGE_NEEDS(made);
    stage = *std::move(made);
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << "---- the engine said:\n" << engine.output();
  }

  void configure(const std::string& broker) {
    engine.directory().write("rules/isolate.lua", kRule);
    engine.configuration["sources"] = {{{"name", "verdicts"},
                                        {"brokers", {broker}},
                                        {"topics", {"verdicts"}},
                                        {"group", "g"},
                                        {"start", "earliest"},
                                        {"format", "json"},
                                        {"properties", {{"session.timeout.ms", "6000"}}}}};
    engine.configuration["aws"] = {{"region", "us-east-1"}, {"principals", {"arn:aws:iam::123456789012:user/kedge"}}};
    engine.configuration["host"] = {{"name", "web-1"}, {"allow", {"host.quarantine"}}};
  }
  bool has_records(const std::string& kind, size_t count) {
    return comes_true([&] { return engine.records({"--kind", kind}).size() >= count; });
  }
  bool world_gets_in(int patience_ms = kSoonMs) {
    return connect_from(*stage->world, "10.9.2.1:80", patience_ms).has_value();
  }

  Engine engine;
  std::unique_ptr<NetworkStage> stage;
};

TEST_F(QuarantineOfTheEnginesHost, StandsAgainstWhoeverChangesItOutlivesTheEngineAndIsReleased) {
  const Listener manager(*stage->admin, "10.9.1.2:9092"), web(*stage->host, "10.9.2.1:80");
  stage->host->in([&] {
    const auto address = engine.directory().path() / "address";
    const auto broker = ChildProcess::start(
        {.command = {kedge_program(), "dev-kafka", "--topic", "verdicts", "--address-file", address}});
    ASSERT_TRUE(broker) << broker.error().message;
    ASSERT_TRUE(
        comes_true([&] { return std::filesystem::exists(address) && std::filesystem::file_size(address) > 0; }));
    std::string at = engine.directory().read("address");
    at.erase(at.find_last_not_of(" \n") + 1);
    configure(at);
    engine.start();
    ASSERT_TRUE(world_gets_in());

    auto producer = KafkaProducer::make({{"bootstrap.servers", at}});
    ASSERT_TRUE(producer) << producer.error().message;
    ASSERT_TRUE((*producer)->produce({.topic = "verdicts", .value = R"({"verdict":"isolate","host":"web-1"})"}));
    ASSERT_TRUE((*producer)->flush());
    ASSERT_TRUE(has_records("hold", 1)) << engine.records({}).dump(1);  // what it was told has no time
    const std::string id = engine.records({"--kind", "plan"}).at(0).at("remediation");
    ASSERT_EQ(engine.run({"remediation", "approve", id}).exit, Exit{});
    ASSERT_TRUE(has_records("confirmation", 1)) << engine.records({}).dump(1);
    EXPECT_EQ(engine.ask({"remediation", "show", id}).at("state"), "isolated");
    EXPECT_FALSE(world_gets_in());

    ASSERT_TRUE(kedge::run({.command = {"nft", "flush", "ruleset"}}).ok());
    ASSERT_TRUE(has_records("alarm", 1));
    EXPECT_THAT(engine.records({"--kind", "alarm"}).dump(), HasSubstr("isolation-changed"));
    EXPECT_FALSE(world_gets_in());

    engine.kill();
    EXPECT_FALSE(world_gets_in());
    engine.start();
    EXPECT_EQ(engine.ask({"remediation", "show", id}).at("state"), "isolated");
    const Ran released = engine.run({"remediation", "release", id, "--reason", "it was examined"});
    EXPECT_EQ(released.exit, Exit{}) << released.output;
    EXPECT_TRUE(comes_true([&] {
      return engine.ask({"remediation", "show", id}).at("state") == "confirmed";
    })) << engine.run({"remediation", "show", id}).output;
    EXPECT_TRUE(world_gets_in(kPatienceMs));
    EXPECT_EQ(kedge::run({.command = {"nft", "list", "ruleset"}})->output, "");
    EXPECT_EQ(engine.stop()->code, 0);
  });
}

// The agent of a host that was isolated when it went down, at its start anew: there is no network yet, and no broker.
TEST(AgentBeforeTheNetwork, IsReadyWhenWhatSurvivesStands) {
  auto made = NetworkStage::make();
  KEDGE_NEEDS(made);
  const NetworkStage& stage = **made;
  const TemporaryDirectory place;
  const auto at = [&](const std::string& name) { return (place.path() / name).string(); };
  ASSERT_EQ(
      run({.command = {kedge_program(), "agent", "keygen", "--host", "web-1", "--output", at("agent.key")}})->exit,
      Exit{});
  place.write("agent.yaml", R"({"version": 1, "host": "web-1", "data": "data", "key": "agent.key", "engines": [],
                               "kafka": {"brokers": ["10.9.1.2:9092"]}, "check_every": "1s"})");
  QuarantineLease lease;
  lease.args = {{"lifeline", {"10.9.1.2:9092"}}, {"survives_reboot", true}};
  lease.quarantine = *Quarantine::read(lease.args);
  lease.phase = QuarantineLease::Phase::standing;
  lease.boot_id = "the boot before";
  lease.until_wall = SystemClock().now() + std::chrono::hours(1);
  ASSERT_TRUE(QuarantineLeases(at("data/host/quarantine")).keep(lease).ok());
  for (const char* link : {"admin", "world"}) stage.host->run({"ip", "link", "set", link, "down"});

  NotifySocket service_manager;
  stage.host->in([&] {
    auto started = ChildProcess::start({.command = {kedge_program(), "agent", "-c", at("agent.yaml")},
                                        .environment = {{"NOTIFY_SOCKET", service_manager.path()}}});
    ASSERT_TRUE(started) << started.error().message;
    service_manager.wait_for("READY=1");
    EXPECT_THAT(stage.host->run({"nft", "list", "ruleset"}), HasSubstr("table inet kedge_quarantine"));
    for (const char* link : {"admin", "world"}) stage.host->run({"ip", "link", "set", link, "up"});
    const Listener broker(*stage.admin, "10.9.1.2:9092"), web(*stage.host, "10.9.2.1:80");
    EXPECT_FALSE(connect_from(*stage.world, "10.9.2.1:80"));
    EXPECT_TRUE((*started)->wait_for_line("that is proven; the lifeline answers: 10.9.1.2:9092"))
        << (*started)->output();
    (*started)->signal(SIGTERM);
    EXPECT_TRUE((*started)->wait()) << (*started)->output();
  });
}

}  // namespace
}  // namespace kedge
