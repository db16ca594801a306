#include "app/agent_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/configuration.h"
#include "audit/key_file.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AgentConfigurationTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_key_file((place.path() / "agent.key").string(), "web-1"));
    ASSERT_TRUE(make_key_file((place.path() / "engine.key").string(), "kedge.example.com"));
  }

  LoadedAgentConfiguration load(const std::string& text) const {
    auto loaded = load_agent_configuration(place.write("agent.yaml", text).string(), {{"PASSWORD", "secret"}}, "web-1");
    EXPECT_TRUE(loaded) << loaded.error().message;
    return *std::move(loaded);
  }
  std::vector<std::string> mistakes(const std::string& text) const {
    std::vector<std::string> lines;
    for (const Mistake& mistake : load(text).mistakes) lines.push_back(to_string("agent.yaml", mistake));
    return lines;
  }

  const TemporaryDirectory place;
  const std::string least = R"(version: 1
data: data
key: agent.key
engines:
  - key: engine.key.pub
    allow: [host.quarantine]
kafka:
  brokers: ["127.0.0.1:9092"]
)";
};

TEST_F(AgentConfigurationTest, NeedsNoMoreThanKeysAndBrokers) {
  EXPECT_THAT(mistakes(least), IsEmpty());
  const AgentConfiguration c = load(least).configuration;
  EXPECT_EQ(c.agent.host, "web-1");
  EXPECT_EQ(c.rules.host, "web-1");
  EXPECT_EQ(c.data, (place.path() / "data").string());
  EXPECT_EQ(c.key->verifier().name(), "web-1");
  ASSERT_EQ(c.rules.keys.size(), 1U);
  EXPECT_EQ(c.rules.keys[0].key.name(), "kedge.example.com");
  EXPECT_THAT(c.rules.keys[0].actions, ElementsAre("host.quarantine"));
  EXPECT_THAT(c.host.allow, ElementsAre("host.quarantine"));
  EXPECT_THAT(c.agent.commands.topics, ElementsAre("host-commands"));
  EXPECT_EQ(c.agent.commands.group, "kedge-agent-web-1");
  EXPECT_EQ(c.agent.outcomes.topic, "host-outcomes");
}

TEST_F(AgentConfigurationTest, IsReadIntoTheOptionsOfTheParts) {
  const auto loaded = load(R"(version: 1
host: web-1
data: /var/lib/kedge-agent
key: agent.key
engines:
  - {key: engine.key.pub, allow: []}
kafka: {brokers: [a:1, b:2], commands: c, outcomes: o, timeout: 5s, properties: {sasl.password: "${env:PASSWORD}"}}
lifetime_max: 2m
ahead_max: 1s
heartbeat: 10s
check_every: 7s
)");
  std::string all;
  for (const Mistake& mistake : loaded.mistakes) all += to_string("agent.yaml", mistake) + "\n";
  ASSERT_EQ(all, "");
  const AgentConfiguration& c = loaded.configuration;
  EXPECT_EQ(c.agent.commands.brokers, "a:1,b:2");
  EXPECT_EQ(c.agent.commands.properties.at("sasl.password"), "secret");
  EXPECT_THAT(c.agent.commands.topics, ElementsAre("c"));
  EXPECT_EQ(c.agent.outcomes.topic, "o");
  EXPECT_EQ(c.agent.outcomes.timeout, seconds(5));
  EXPECT_EQ(c.rules.lifetime_max, minutes(2));
  EXPECT_EQ(c.rules.ahead_max, seconds(1));
  EXPECT_EQ(c.agent.heartbeat, seconds(10));
  EXPECT_EQ(c.host.check_every, seconds(7));
  EXPECT_THAT(c.host.allow, IsEmpty());
}

TEST_F(AgentConfigurationTest, SaysOfEachMistakeWhereItStandsAndWhatWouldBeRight) {
  EXPECT_THAT(
      mistakes(R"(version: 2
host: a/b
data: data
key: none.key
engines:
  - {key: engine.key, allow: [host.quarantine]}
  - {key: engine.key.pub, allow: [host.quarantin]}
kafka: {brokers: ["a:1"], commands: "^all", outcomes: "a topic", properties: {acks: "1"}}
heartbeet: 1s
)"),
      ElementsAre("agent.yaml:1: version: '2' is no version that this agent reads: it reads 1",
                  HasSubstr("agent.yaml:2: host: must be the host's name"), HasSubstr("agent.yaml:4: key: cannot open"),
                  HasSubstr("agent.yaml:6: engines[0].key: /"),
                  HasSubstr("agent.yaml:7: engines[1].allow[0]: no action on hosts is called 'host.quarantin'"),
                  HasSubstr("agent.yaml:8: kafka.outcomes: "), HasSubstr("agent.yaml:8: kafka.properties.acks: "),
                  HasSubstr("agent.yaml:8: kafka.commands: "),
                  HasSubstr("agent.yaml:9: heartbeet: is not a known key (did you mean 'heartbeat'?)")));
}

TEST_F(AgentConfigurationTest, HasRootsThatCanBeReplaced) {
  const std::string root = R"(roots:
  - {name: web, image: golden, manifest: golden.manifest, keys: [engine.key.pub], start: [/init], health: [/check]}
)";
  EXPECT_THAT(mistakes(least + root), IsEmpty());
  const auto roots = load(least + root).configuration.host.roots;
  ASSERT_EQ(roots.size(), 1U);
  EXPECT_EQ(roots[0].directory, (place.path() / "data/host/roots/web").string());
  EXPECT_THAT(mistakes(least + "roots: [{name: web}]\n"), testing::Contains(HasSubstr("agent.yaml:9: roots[0]")));
}

TEST_F(AgentConfigurationTest, SaysWhatIsMissing) {
  EXPECT_THAT(mistakes("host: x\n"), ElementsAre(HasSubstr("'version' is missing"), HasSubstr("'data' is missing"),
                                                 HasSubstr("'key' is missing"), HasSubstr("'engines' is missing"),
                                                 HasSubstr("'kafka' is missing")));
}

TEST_F(AgentConfigurationTest, TheKeyHasTheHostsName) {
  EXPECT_THAT(mistakes("host: web-2\n" + least),
              ElementsAre(HasSubstr("agent.yaml:4: key: is the key of 'web-1', and this host is 'web-2'")));
}

TEST_F(AgentConfigurationTest, AnEngineIsListedOnce) {
  std::string twice = least;
  twice.insert(twice.find("kafka:"), "  - {key: engine.key.pub, allow: []}\n");
  EXPECT_THAT(mistakes(twice), ElementsAre(HasSubstr("agent.yaml:7: engines[1].key: is listed already")));
}

}  // namespace
}  // namespace kedge
