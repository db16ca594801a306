#include "app/remote_hosts_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/engine_room.h"
#include "app/hosts_by_name.h"
#include "audit/key_file.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RemoteHostsSettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"kedge.example.com", "web-1", "web-2"}) {
      ASSERT_TRUE(make_key_file((place.path() / (std::string(name) + ".key")).string(), name));
    }
  }
  LoadedConfiguration load(const std::string& hosts) const {
    const std::string text = "version: 1\ndata: data\nrules: {directory: rules}\naws: {region: us-east-1}\n" + hosts;
    auto loaded = load_configuration(place.write("kedge.yaml", text).string(), {{"PASSWORD", "secret"}});
    EXPECT_TRUE(loaded) << loaded.error().message;
    return *std::move(loaded);
  }
  std::vector<std::string> mistakes(const std::string& hosts) const {
    std::vector<std::string> lines;
    for (const Mistake& mistake : load(hosts).mistakes) lines.push_back(to_string("kedge.yaml", mistake));
    return lines;
  }

  const TemporaryDirectory place;
  const std::string least = R"(hosts:
  brokers: ["127.0.0.1:9092"]
  key: kedge.example.com.key
  keys: [web-1.key.pub]
)";
};

TEST_F(RemoteHostsSettingsTest, NeedsNoMoreThanBrokersAndKeys) {
  EXPECT_THAT(mistakes(least), IsEmpty());
  const RemoteHostsOptions hosts = load(least).configuration.remote_hosts;
  EXPECT_EQ(hosts.key, (place.path() / "kedge.example.com.key").string());
  EXPECT_EQ(hosts.commands.topic, "host-commands");
  EXPECT_EQ(hosts.outcomes, "host-outcomes");
  ASSERT_EQ(hosts.hosts.size(), 1U);
  EXPECT_EQ(hosts.hosts[0].name(), "web-1");
}

TEST_F(RemoteHostsSettingsTest, IsReadIntoTheOptionsOfBothTopics) {
  const auto loaded = load(R"(hosts:
  brokers: [a:1, b:2]
  commands: c
  outcomes: o
  timeout: 7s
  properties: {sasl.password: "${env:PASSWORD}"}
  key: kedge.example.com.key
  keys: [web-1.key.pub, web-2.key.pub]
)");
  ASSERT_THAT(loaded.mistakes, IsEmpty());
  const RemoteHostsOptions& hosts = loaded.configuration.remote_hosts;
  EXPECT_EQ(hosts.commands.brokers, "a:1,b:2");
  EXPECT_EQ(hosts.commands.topic, "c");
  EXPECT_EQ(hosts.commands.timeout, std::chrono::seconds(7));
  EXPECT_EQ(hosts.commands.properties.at("sasl.password"), "secret");
  const ConsumerOptions outcomes = outcomes_of(hosts);
  EXPECT_EQ(outcomes.brokers, "a:1,b:2");
  EXPECT_THAT(outcomes.topics, ElementsAre("o"));
  EXPECT_EQ(outcomes.properties.at("sasl.password"), "secret");
  EXPECT_EQ(hosts.hosts.size(), 2U);
}

TEST_F(RemoteHostsSettingsTest, SaysOfEachMistakeWhereItStandsAndWhatWouldBeRight) {
  EXPECT_THAT(mistakes(R"(host: {name: web-2, allow: [host.quarantine]}
hosts:
  brokers: ["a:1"]
  commands: "^all"
  outcomes: "a topic"
  properties: {acks: "1"}
  timeout: 2h
  key: kedge.example.com.key
  keys: [none.pub, web-2.key.pub, web-1.key.pub, web-1.key.pub]
  hots: 1
)"),
              ElementsAre(HasSubstr("kedge.yaml:8: hosts.commands: "), HasSubstr("kedge.yaml:9: hosts.outcomes: "),
                          HasSubstr("kedge.yaml:10: hosts.properties.acks: "),
                          HasSubstr("kedge.yaml:11: hosts.timeout: "), HasSubstr("kedge.yaml:13: hosts.keys[0]: "),
                          HasSubstr("kedge.yaml:13: hosts.keys[1]: 'web-2' is this machine itself"),
                          HasSubstr("kedge.yaml:13: hosts.keys[3]: is listed already"),
                          HasSubstr("kedge.yaml:14: hosts.hots: is not a known key")));
}

TEST_F(RemoteHostsSettingsTest, SaysWhatIsMissing) {
  EXPECT_THAT(
      mistakes("hosts: {commands: c}\n"),
      ElementsAre(HasSubstr("'brokers' is missing"), HasSubstr("'key' is missing"), HasSubstr("'keys' is missing")));
  EXPECT_THAT(mistakes("hosts: {brokers: [\"a:1\"], key: kedge.example.com.key, keys: []}\n"),
              ElementsAre(HasSubstr("hosts.keys: names no host")));
}

TEST_F(RemoteHostsSettingsTest, TheEnginesKeyIsReadByWhoeverCallsHostsAlone) {
  std::filesystem::remove(place.path() / "kedge.example.com.key");
  const auto loaded = load(least);
  ASSERT_THAT(loaded.mistakes, IsEmpty()) << "who asks about the past needs no key";
  const Configuration& configuration = loaded.configuration;
  auto room = open_engine_room(configuration, {}).value();
  const auto opened = open_remote_hosts(*room, configuration);
  ASSERT_FALSE(opened);
  EXPECT_THAT(to_string("kedge.yaml", mistake_from(configuration, opened.error())),
              HasSubstr("kedge.yaml:7: hosts.key: cannot open "));
}

TEST_F(RemoteHostsSettingsTest, AHostWithoutAKeyEndsAtOnceAndTheReasonNamesTheSetting) {
  const Configuration configuration = load(least).configuration;
  auto room = open_engine_room(configuration, {}).value();
  ASSERT_TRUE(open_remote_hosts(*room, configuration));
  HostCommand command;
  command.host = "web-9";
  command.action = "host.quarantine";
  const auto answer = room->hosts->call(command);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ActionError::Kind::refused);
  EXPECT_THAT(answer.error().message, HasSubstr("for the host 'web-9', and no key of a host of this name is listed "
                                                "(hosts.keys"));
}

class Named final : public Hosts {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  ActionResult<nlohmann::json> call(const HostCommand&) override { return nlohmann::json(name_); }

 private:
  const std::string name_;
};

std::string who_answers(Hosts&& hosts, const std::string& host) {
  HostCommand command;
  command.host = host;
  const auto answer = hosts.call(command);
  return answer ? answer->get<std::string>() : answer.error().message;
}

TEST(HostsByName, ThisMachineAnswersForItselfAndAllOthersAreCalledOverKafka) {
  Named local("local"), remote("remote");
  EXPECT_EQ(who_answers(HostsByName("web-1", &local, &remote), "web-1"), "local");
  EXPECT_EQ(who_answers(HostsByName("web-1", &local, &remote), "web-2"), "remote");
  EXPECT_EQ(who_answers(HostsByName("web-1", &local, nullptr), "web-2"), "local") << "which refuses, and names itself";
  EXPECT_EQ(who_answers(HostsByName("", nullptr, &remote), ""), "remote");
  EXPECT_THAT(who_answers(HostsByName("", nullptr, nullptr), "web-1"), HasSubstr("can call none"));
}

}  // namespace
}  // namespace kedge
