// From an event to an isolated host and back: the program in a network namespace, with real packets around it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/engine.h"
#include "tests/host/network_stage.h"
#include "tests/support/kafka_client.h"
#include "tests/support/needs.h"

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

}  // namespace
}  // namespace kedge
