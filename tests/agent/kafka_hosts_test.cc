// The engine's end and a host's agent, with the mock cluster between them.
#include "agent/kafka_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <thread>

#include "agent/agent.h"
#include "base/id.h"
#include "kafka/mock_cluster.h"
#include "tests/agent/lamp.h"
#include "tests/agent/some_keys.h"
#include "tests/support/kafka_client.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = ActionError::Kind;

class KafkaHostsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto cluster = MockCluster::start({{"commands", 3}, {"outcomes", 2}});
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster_ = *std::move(cluster);
    start_engine();
  }
  void TearDown() override {
    const bool ended = agent_ == nullptr || agent_->stop(seconds(10));
    EXPECT_TRUE(ended);
    const bool closed = hosts_ == nullptr || hosts_->stop(seconds(10));
    EXPECT_TRUE(closed);
  }

  WriterOptions writer(const std::string& topic) const {
    return {.brokers = cluster_->bootstrap_servers(), .topic = topic, .properties = {}, .timeout = seconds(10)};
  }
  ConsumerOptions consumer(const std::string& topic) const {
    return {.brokers = cluster_->bootstrap_servers(),
            .group = "place",
            .instance = "",
            .topics = {topic},
            .properties = {{"fetch.wait.max.ms", "10"}}};
  }
  void start_engine() {
    KafkaHosts::Options options;
    options.commands = writer("commands");
    options.outcomes = consumer("outcomes");
    options.hosts = {host_key_.verifier(), some_key("web-2", '2').verifier()};
    hosts_ = std::make_unique<KafkaHosts>(std::move(options), key_, clock_, random_);
    hosts_->start();
    wait_until([](const auto& status) { return status.reads; });
  }
  void start_agent() {
    CommandHandler::Options handling;
    handling.rules = {"web-1", {{key_.verifier(), {"host.lamp"}}}};
    handling.directory = place_.path().string();
    handler_ = CommandHandler::open(std::move(handling), host_key_, actions_, clock_).value();
    Agent::Options options;
    options.host = "web-1";
    options.actions = {"host.lamp"};
    options.commands = consumer("commands");
    options.outcomes = writer("outcomes");
    options.heartbeat = milliseconds(200);
    agent_ = std::make_unique<Agent>(std::move(options), host_key_, *handler_, clock_, random_);
    agent_->start();
    // The mock cluster does not know times: a topic is read from its end.
    wait_until([this](const auto&) { return agent_->status().reads; });
  }
  static HostCommand asking(HostOperation operation = HostOperation::apply) {
    HostCommand command;
    command.host = "web-1";
    command.action = "host.lamp";
    command.operation = operation;
    command.body = {{"args", {{"lit", true}}}, {"now", {{"lit", false}}}};
    command.timeout = seconds(60);
    command.remediation = "r";
    command.mark = "mark-1";
    return command;
  }
  // What somebody writes to a topic.
  void write(const std::string& topic, const std::string& key, const std::string& value) {
    TopicWriter writer(this->writer(topic));
    ASSERT_TRUE(writer.write({key, value, {}}, seconds(10), {}));
  }
  void wait_until(const std::function<bool(const KafkaHosts::Status&)>& so) const {
    Mailbox<bool> never(1);
    for (int i = 0; i < 3'000; ++i) {
      if (so(hosts_->status())) return;
      never.take(milliseconds(20));
    }
    FAIL() << "it did not become so";
  }
  // The command that a call has written, for whoever plays the host.
  CommandMessage written_command(std::string* whole) const {
    const auto records =
        read_topic({{"bootstrap.servers", cluster_->bootstrap_servers()}, {"fetch.wait.max.ms", "10"}}, "commands", 1);
    *whole = *records->at(0).value;
    EXPECT_EQ(records->at(0).key, "web-1");
    return read_command(parse_signed_json(*whole).value()).value();
  }

  SystemClock clock_;
  Random random_;
  const TemporaryDirectory place_;
  const SigningKey key_ = some_key("kedge.example.com");
  const SigningKey host_key_ = some_key("web-1");
  Lamp::State lamp_;
  HostActions actions_ = lamps(lamp_);
  std::unique_ptr<MockCluster> cluster_;
  std::unique_ptr<CommandHandler> handler_;
  std::unique_ptr<KafkaHosts> hosts_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(KafkaHostsTest, HasAHostObserveAndApply) {
  start_agent();
  const auto before = hosts_->call(asking(HostOperation::observe));
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(*before, Json({{"holds", false}, {"state", {{"lit", false}}}, {"summary", "dark"}}));
  const auto done = hosts_->call(asking());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*done, Json({{"notes", {"switched for mark-1"}}}));
  EXPECT_EQ(lamp_.applied, 1);
  wait_until(
      [](const auto& status) { return status.heard.contains("web-1") && status.heard.at("web-1").executed == 2; });
}

TEST_F(KafkaHostsTest, GivesEachOfManyCallsItsOwnAnswer) {
  start_agent();
  std::vector<std::thread> callers;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, i] {
      HostCommand command = asking();
      command.mark = "mark-" + std::to_string(i);
      const auto done = hosts_->call(command);
      if (done && *done == Json({{"notes", {"switched for " + command.mark}}})) ++right;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(lamp_.applied, 8);
}

TEST_F(KafkaHostsTest, SaysWhatTheHostSaid) {
  start_agent();
  HostCommand command = asking();
  command.body["args"]["broken"] = true;
  auto answer = hosts_->call(command);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::retry);
  EXPECT_EQ(answer.error().message, "the lamp is broken");
  command = asking(HostOperation::undo);
  answer = hosts_->call(command);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "changed_meanwhile");
  command = asking();
  command.action = "host.siren";
  answer = hosts_->call(command);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::refused);
  EXPECT_EQ(answer.error().code, "not_allowed");
}

TEST_F(KafkaHostsTest, AHostThatDoesNotAnswerIsSilent) {
  HostCommand command = asking();
  command.host = "web-2";
  command.timeout = seconds(2);
  const auto answer = hosts_->call(command);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, kHostSilent) << answer.error().message;
  EXPECT_EQ(answer.error().kind, Kind::unknown);
  command.operation = HostOperation::observe;
  EXPECT_EQ(hosts_->call(command).error().kind, Kind::retry) << "to look again does no harm";
}

TEST_F(KafkaHostsTest, AHostWithoutAKeyIsNotCalled) {
  HostCommand command = asking();
  command.host = "web-3";
  const auto answer = hosts_->call(command);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::refused);
  EXPECT_THAT(answer.error().message, HasSubstr("no key of a host of this name"));
}

TEST_F(KafkaHostsTest, WhatKafkaSurelyHasNotIsUnreachable) {
  rd_kafka_mock_push_request_errors(cluster_->handle(), 0 /* Produce */, 1,
                                    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const auto answer = hosts_->call(asking());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, kHostUnreachable) << answer.error().message;
  EXPECT_EQ(answer.error().kind, Kind::retry);
  EXPECT_THAT(answer.error().message, HasSubstr("grant WRITE and DESCRIBE"));
}

TEST_F(KafkaHostsTest, IsStoppedWhileItWaits) {
  std::stop_source stop;
  HostCommand command = asking();
  command.stop = stop.get_token();
  std::thread caller([&] {
    const auto answer = hosts_->call(command);
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().code == kHostSilent || answer.error().code == kHostUnreachable);
  });
  stop.request_stop();
  caller.join();
}

TEST_F(KafkaHostsTest, TakesOnlyTheOutcomeOfThisVeryCommandSignedByThisVeryHost) {
  std::thread caller([&] {
    const auto answer = hosts_->call(asking());
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, Json({{"notes", {"the true one"}}}));
  });
  std::string whole;
  const CommandMessage command = written_command(&whole);
  EXPECT_EQ(command.host, "web-1");
  EXPECT_LT(command.expires - command.issued, seconds(60)) << "the host has less time than we";
  OutcomeMessage outcome;
  outcome.command = command.id;
  outcome.digest = message_digest(whole);
  outcome.host = "web-1";
  outcome.kind = OutcomeMessage::Kind::done;
  outcome.answer = {{"notes", {"a false one"}}};
  outcome.at = clock_.now();
  write("outcomes", "web-1", "nonsense");
  write("outcomes", "web-1", sign_outcome(outcome, some_key("web-1", 'm')));  // by a stranger
  OutcomeMessage wrong = outcome;
  wrong.host = "web-2";
  write("outcomes", "web-1", sign_outcome(wrong, some_key("web-2", '2')));  // by another host, which is known
  wrong = outcome;
  wrong.digest = std::string(64, 'a');
  write("outcomes", "web-1", sign_outcome(wrong, host_key_));  // of another command with its id
  wrong = outcome;
  wrong.command = kSomeId;
  write("outcomes", "web-1", sign_outcome(wrong, host_key_));  // of one that nobody waits for
  wait_until([](const auto& status) { return status.unreadable == 1 && status.foreign == 3 && status.late == 1; });
  outcome.answer = {{"notes", {"the true one"}}};
  write("outcomes", "web-1", sign_outcome(outcome, host_key_));
  caller.join();
  EXPECT_EQ(hosts_->status().outcomes, 1U);
}

TEST_F(KafkaHostsTest, OfACommandThatHadBegunBeforeARestartItIsToldThatItIsNotKnown) {
  // A journal as a killed agent leaves it.
  std::thread caller([&] {
    const auto answer = hosts_->call(asking());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Kind::unknown);
    EXPECT_EQ(answer.error().code, "begun_before_a_restart");
  });
  std::string whole;
  const CommandMessage command = written_command(&whole);
  {
    auto journal = CommandJournal::open((place_.path() / "journal").string(), {}).value();
    ASSERT_TRUE(journal->begin({command.id, message_digest(whole), command.expires, {}}, clock_.now()));
  }
  start_agent();
  caller.join();
  EXPECT_EQ(lamp_.applied, 0);
}

TEST_F(KafkaHostsTest, AnAgentGoesOnWhereItWasAndAnswersWhatComesAgain) {
  start_agent();
  ASSERT_TRUE(hosts_->call(asking()));
  EXPECT_TRUE(agent_->stop(seconds(10)));
  agent_.reset();
  start_agent();
  std::string whole;
  written_command(&whole);
  write("commands", "web-1", whole);
  write("commands", "web-2", whole);  // which the agent of web-1 does not even look at
  wait_until([](const auto& status) { return status.late == 1; });
  EXPECT_EQ(lamp_.applied, 1);
  EXPECT_EQ(handler_->counts().repeated, 1);
}

HostAlarmMessage changed(const std::string& message) {
  HostAlarmMessage alarm;
  alarm.kind = "isolation-changed";
  alarm.message = message;
  alarm.remediation = "r";
  alarm.difference = {"+ table inet other"};
  return alarm;
}

TEST_F(KafkaHostsTest, HearsWhatAnAgentTellsByItself) {
  start_agent();
  agent_->tell(changed("somebody has changed it"));
  wait_until([](const auto& status) { return status.alarms == 1; });
  const auto alarms = hosts_->take_alarms();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].host, "web-1");
  EXPECT_EQ(alarms[0].kind, "isolation-changed");
  EXPECT_EQ(alarms[0].message, "somebody has changed it");
  EXPECT_EQ(alarms[0].difference, std::vector<std::string>{"+ table inet other"});
  EXPECT_TRUE(hosts_->take_alarms().empty()) << "each once";
}

TEST_F(KafkaHostsTest, TakesFewAlarmsOfOneHostEachOnceAndNoneOfAStranger) {
  HostAlarmMessage alarm = changed("again");
  alarm.host = "web-1";
  alarm.at = clock_.now();
  alarm.id = kSomeId;
  write("outcomes", "web-1", sign_host_alarm(alarm, some_key("web-1", 'm')).value());  // by a stranger
  write("outcomes", "web-1", sign_host_alarm(alarm, host_key_).value());
  write("outcomes", "web-1", sign_host_alarm(alarm, host_key_).value());  // come again
  for (int i = 0; i < 12; ++i) {
    alarm.id = make_uuid7(clock_.now(), random_);
    write("outcomes", "web-1", sign_host_alarm(alarm, host_key_).value());
  }
  alarm.host = "web-2";
  write("outcomes", "web-2", sign_host_alarm(alarm, some_key("web-2", '2')).value());
  wait_until([](const auto& status) { return status.alarms + status.alarms_beyond == 14; });
  EXPECT_EQ(hosts_->status().alarms_beyond, 3U);
  EXPECT_EQ(hosts_->status().foreign, 1U);
  EXPECT_EQ(hosts_->take_alarms().size(), 11U);
}

TEST_F(KafkaHostsTest, AnAgentStopsWhileACommandIsCarriedOut) {
  Mailbox<bool> applying(1);
  lamp_.while_applying = [&](HostCall& call) {
    applying.close();
    Mailbox<bool> stopped(1);
    const std::stop_callback on_stop(call.stop, [&] { stopped.close(); });
    stopped.wait_closed(seconds(60));
  };
  start_agent();
  std::thread caller([&] { EXPECT_TRUE(hosts_->call(asking())) << "what was done is told"; });
  ASSERT_TRUE(applying.wait_closed(seconds(60)));
  EXPECT_TRUE(agent_->stop(seconds(10)));
  agent_.reset();
  caller.join();
}

}  // namespace
}  // namespace kedge
