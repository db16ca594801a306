// kedge agent against a real broker: an engine's end in this process, and a host's agent as a program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <sstream>
#include <thread>

#include "agent/kafka_hosts.h"
#include "audit/key_file.h"
#include "base/descriptor.h"
#include "base/id.h"
#include "tests/support/child_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_client.h"
#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// A service that takes no connection and refuses none: whoever calls it waits until his patience is over.
class DeafService {
 public:
  DeafService() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    listen(socket_.get(), 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {  // fills its queue
      waiting_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      connect(waiting_.back().get(), reinterpret_cast<const sockaddr*>(&address), size);
    }
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  Descriptor socket_;
  std::vector<Descriptor> waiting_;
  int port_ = 0;
};

class AgentScene : public testing::Test {
 protected:
  void use(Result<std::unique_ptr<KafkaBroker>> broker) {
    KEDGE_NEEDS(broker);
    const bool can = geteuid() == 0 && (access("/usr/sbin/nft", X_OK) == 0 || access("/usr/bin/nft", X_OK) == 0);
    const Result<void> allowed =
        can ? Result<void>() : Error{ErrorCode::not_found, "a host's isolations are looked at with nft, as root"};
    KEDGE_NEEDS(allowed);
    broker_ = *std::move(broker);
    commands_ = unique("host-commands");
    outcomes_ = unique("host-outcomes");
    ASSERT_TRUE(create_topic(broker_->properties(), commands_, 2));
    ASSERT_TRUE(create_topic(broker_->properties(), outcomes_, 1));
    make_keys();
    engine_ = open_engine(*key_);
    engine_->start();
  }
  void TearDown() override {
    const bool closed = engine_ == nullptr || engine_->stop(seconds(10));
    EXPECT_TRUE(closed);
    if (HasFailure() && agent_ != nullptr) std::cerr << "---- the agent said:\n" << agent_->output();
  }

  std::string at(const std::string& name) const { return (place_.path() / name).string(); }
  void make_keys() {
    const auto made =
        run({.command = {kedge_program(), "agent", "keygen", "--host", "web-1", "--output", at("agent.key")}});
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_EQ(made->exit, Exit{}) << made->output;
    ASSERT_TRUE(make_key_file(at("engine.key"), "kedge.example.com"));
    ASSERT_TRUE(make_key_file(at("looker.key"), "looker.example.com"));
    key_ = read_signing_key(at("engine.key")).value();
  }
  std::unique_ptr<KafkaHosts> open_engine(const SigningKey& key) {
    const std::string address = broker_->address(KafkaListener::plain);
    KafkaHosts::Options options;
    options.commands = {.brokers = address, .topic = commands_, .properties = {}, .timeout = seconds(5)};
    options.outcomes = {.brokers = address, .group = "unused", .instance = "", .topics = {outcomes_}, .properties = {}};
    options.hosts = read_verifier_keys(at("agent.key.pub")).value();
    return std::make_unique<KafkaHosts>(std::move(options), key, clock_, random_);
  }

  void start(const Json& more = Json::object()) {
    Json settings = {{"version", 1},
                     {"host", "web-1"},
                     {"data", "data"},
                     {"key", "agent.key"},
                     {"engines",
                      {{{"key", "engine.key.pub"}, {"allow", {"host.quarantine"}}},
                       {{"key", "looker.key.pub"}, {"allow", Json::array()}}}},
                     {"kafka",
                      {{"brokers", {broker_->address(KafkaListener::plain)}},
                       {"commands", commands_},
                       {"outcomes", outcomes_},
                       {"timeout", "3s"}}},
                     {"heartbeat", "1s"}};
    settings.update(more);
    const auto file = place_.write("agent.yaml", settings.dump());
    auto started = ChildProcess::start({.command = {kedge_program(), "agent", "-c", file.string()}});
    ASSERT_TRUE(started) << started.error().message;
    agent_ = *std::move(started);
  }
  void stop() {
    agent_->signal(SIGTERM);
    const auto ended = agent_->wait();
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(*ended, Exit{}) << agent_->output();
  }

  HostCommand asking(HostOperation operation, const std::string& lifeline = "127.0.0.1:1") const {
    HostCommand command;
    command.host = "web-1";
    command.action = "host.quarantine";
    command.operation = operation;
    command.body = {{"args", {{"lifeline", {lifeline}}}}, {"now", {{"quarantine", nullptr}}}};
    command.timeout = seconds(40);
    command.remediation = "r";
    command.mark = operation == HostOperation::observe ? "" : "mark-1";
    return command;
  }
  CommandMessage message() {
    CommandMessage command;
    command.id = make_id();
    command.host = "web-1";
    command.action = "host.quarantine";
    command.operation = "observe";
    command.body = asking(HostOperation::observe).body;
    command.issued = clock_.now();
    command.expires = command.issued + seconds(60);
    return command;
  }
  std::string make_id() { return make_uuid7(clock_.now(), random_); }

  // What somebody who may write to the topic puts there.
  void put(const std::string& text) {
    const auto producer = KafkaProducer::make(broker_->properties());
    ASSERT_TRUE(producer);
    ASSERT_TRUE((*producer)->produce({.topic = commands_, .value = text, .key = "web-1"}));
    ASSERT_TRUE((*producer)->flush());
  }
  // The outcomes that stand in the topic, once there is one of this command.
  std::vector<OutcomeMessage> outcomes_of(const std::string& id, size_t count = 1) {
    for (size_t wanted = 1;; ++wanted) {
      const auto records = read_topic(broker_->properties(), outcomes_, wanted);
      if (!records) return ADD_FAILURE() << "no outcome of " << id, std::vector<OutcomeMessage>();
      std::vector<OutcomeMessage> found;
      for (const KafkaRecord& record : *records) {
        EXPECT_EQ(record.key, "web-1");
        auto outcome = read_outcome(parse_signed_json(*record.value).value());
        if (outcome && outcome->command == id) found.push_back(*std::move(outcome));
      }
      if (found.size() >= count) return found;
      wanted = records->size();
    }
  }
  std::string code_of_refusal(const std::string& text, const std::string& id) {
    put(text);
    for (size_t count = 1;; ++count) {
      const auto outcomes = outcomes_of(id, count);
      if (outcomes.size() < count) return "none";
      for (const OutcomeMessage& one : outcomes) {
        if (one.digest != message_digest(text)) continue;
        return one.kind == OutcomeMessage::Kind::refused ? one.code : std::string(to_string(one.kind));
      }
    }
  }
  std::vector<Json> recorded(const std::string& what) const {
    std::vector<Json> lines;
    std::istringstream text(place_.read("data/commands.jsonl"));
    for (std::string line; std::getline(text, line);) {
      if (line.empty()) continue;
      Json one = Json::parse(line);
      if (one["what"] == what) lines.push_back(std::move(one));
    }
    return lines;
  }

  const TemporaryDirectory place_;
  SystemClock clock_;
  Random random_;
  std::unique_ptr<KafkaBroker> broker_;
  std::string commands_, outcomes_;
  std::optional<SigningKey> key_;
  std::unique_ptr<KafkaHosts> engine_;
  std::unique_ptr<ChildProcess> agent_;
};

TEST_F(AgentScene, ObservesAndAnswersAndIsHeard) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start();
  const auto seen = engine_->call(asking(HostOperation::observe));
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ((*seen)["holds"], false);
  EXPECT_EQ((*seen)["state"], Json({{"quarantine", nullptr}}));
  const auto refused = engine_->call(asking(HostOperation::apply));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ActionError::Kind::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the lifeline does not answer even now"));
  Mailbox<bool> never(1);
  for (int i = 0; i < 300 && engine_->status().heard["web-1"].executed < 2; ++i) never.take(milliseconds(100));
  EXPECT_EQ(engine_->status().heard["web-1"].executed, 2);
  EXPECT_EQ(engine_->status().heard["web-1"].actions, std::vector<std::string>{"host.quarantine"});
  stop();
}

TEST_F(AgentScene, RefusesRecordsAndAnswersWhatItMustNotDo) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start();
  CommandMessage command = message();
  EXPECT_EQ(code_of_refusal(
                sign_command(command, SigningKey::from_seed("kedge.example.com", std::string(32, 'm')).value()).value(),
                command.id),
            "unknown_key");
  command = message();
  std::string changed = sign_command(command, *key_).value();
  changed.replace(changed.find("observe"), 7, "observ3");
  put(changed);  // no command, so that nobody can be answered
  command.host = "web-2";
  EXPECT_EQ(code_of_refusal(sign_command(command, *key_).value(), command.id), "other_host");
  command = message();
  command.issued -= seconds(120);
  command.expires -= seconds(120);
  EXPECT_EQ(code_of_refusal(sign_command(command, *key_).value(), command.id), "stale");
  command = message();
  EXPECT_EQ(code_of_refusal(sign_command(command, read_signing_key(at("looker.key")).value()).value(), command.id),
            "not_allowed");
  command = message();
  command.operation = "apply";
  EXPECT_EQ(code_of_refusal(sign_command(command, *key_).value(), command.id), "failed") << "no lifeline answers";
  const std::string again = sign_command(command, *key_).value();
  put(again);
  EXPECT_EQ(outcomes_of(command.id, 2)[1], outcomes_of(command.id, 2)[0]) << "what is replayed is told, not done";
  command.mark = "another";
  EXPECT_EQ(code_of_refusal(sign_command(command, *key_).value(), command.id), "replayed");
  std::vector<std::string> codes;
  for (const Json& line : recorded("refused")) codes.push_back(line["code"]);
  EXPECT_THAT(codes, testing::ElementsAre("unknown_key", testing::AnyOf("bad_signature", "unreadable"), "other_host",
                                          "stale", "not_allowed", "replayed"));
  EXPECT_EQ(recorded("begun").size(), 1U);
  stop();
}

TEST_F(AgentScene, WhatHadBegunWhenItWasKilledIsNotDoneAgain) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start();
  const DeafService lifeline;  // the host waits for it: two seconds in which it is killed
  ActionResult<nlohmann::json> answer = ActionError{};
  std::thread caller([&] { answer = engine_->call(asking(HostOperation::apply, lifeline.address())); });
  Mailbox<bool> never(1);
  for (int i = 0; i < 3'000 && recorded("begun").empty(); ++i) never.take(milliseconds(10));
  agent_->signal(SIGKILL);
  ASSERT_TRUE(agent_->wait());
  EXPECT_EQ(recorded("begun").size(), 1U);
  EXPECT_TRUE(recorded("ended").empty()) << "it was killed too late";
  start();
  caller.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ActionError::Kind::unknown);
  EXPECT_EQ(answer.error().code, "begun_before_a_restart") << answer.error().message;
  for (int i = 0; i < 1'000 && recorded("repeated").empty(); ++i) never.take(milliseconds(10));
  EXPECT_EQ(recorded("repeated").size(), 1U) << "its place was not told to Kafka, so it came again";
  EXPECT_EQ(recorded("begun").size(), 1U);
  EXPECT_TRUE(recorded("ended").empty());
  EXPECT_TRUE(engine_->call(asking(HostOperation::observe))) << "and the next is served";
  stop();
}

TEST_F(AgentScene, GoesOnWhenKafkaIsThereAgain) {
  use(KafkaBroker::start({}));
  if (IsSkipped() || HasFailure()) return;
  start();
  ASSERT_TRUE(engine_->call(asking(HostOperation::observe)));
  ASSERT_TRUE(broker_->stop());
  HostCommand command = asking(HostOperation::observe);
  command.timeout = seconds(8);
  const auto away = engine_->call(command);
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, kHostUnreachable) << away.error().message;
  ASSERT_TRUE(broker_->start_again());
  const auto back = engine_->call(asking(HostOperation::observe));
  EXPECT_TRUE(back) << back.error().message;
  stop();
}

TEST_F(AgentScene, TellsAMistakeWithFileLineAndField) {
  const auto file = place_.write("agent.yaml",
                                 "version: 1\nhost: web-1\ndata: data\nkey: none.key\nengines: []\n"
                                 "kafka: {brokers: [\"a:1\"]}\nheartbeet: 1s\n");
  const auto ran = run({.command = {kedge_program(), "agent", "--check", "-c", file.string()}});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit, (Exit{1, 0}));
  EXPECT_THAT(ran->output, HasSubstr("agent.yaml:4: key: "));
  EXPECT_THAT(ran->output, HasSubstr("`kedge agent keygen --host web-1` makes one"));
  EXPECT_THAT(ran->output, HasSubstr("agent.yaml:7: heartbeet: is not a known key (did you mean 'heartbeat'?)"));
}

}  // namespace
}  // namespace kedge
