// One command after another, without Kafka: judged, remembered, carried out, answered.
#include "agent/command_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

#include "tests/agent/lamp.h"
#include "tests/agent/some_keys.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = OutcomeMessage::Kind;

struct CommandHandlerTest : testing::Test {
  CommandHandlerTest() { start(); }
  void start() {
    handler.reset();
    CommandHandler::Options options;
    options.rules = {"web-1", {{key.verifier(), {"host.lamp", "host.siren"}}}};
    options.directory = place.path().string();
    options.journal = journal;
    options.strangers_a_minute = 2;
    handler = CommandHandler::open(std::move(options), host_key, actions, clock).value();
  }
  OutcomeMessage outcome_in(const std::string& text) const {
    const auto json = parse_signed_json(text).value();
    EXPECT_TRUE(host_key.verifier().verifies(json.text, json.signature));
    return read_outcome(json).value();
  }
  OutcomeMessage handle(const std::string& text) {
    const auto answer = handler->handle(text, {});
    if (!answer) throw std::runtime_error("no answer");
    const OutcomeMessage outcome = outcome_in(answer->outcome);
    EXPECT_EQ(outcome.digest, message_digest(text));
    EXPECT_EQ(outcome.host, "web-1");
    return outcome;
  }
  OutcomeMessage handle(const CommandMessage& one) { return handle(signed_by(key, one)); }
  std::vector<std::string> recorded() const {
    std::vector<std::string> whats;
    std::istringstream lines(place.read("commands.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) whats.push_back(Json::parse(line).at("what"));
    }
    return whats;
  }

  const TemporaryDirectory place;
  FakeClock clock;
  const SigningKey key = some_key("kedge.example.com");
  const SigningKey host_key = some_key("web-1");
  Lamp::State lamp;
  HostActions actions = lamps(lamp);
  CommandJournal::Options journal;
  std::unique_ptr<CommandHandler> handler;
  CommandMessage command = some_command(clock.now());
};

TEST_F(CommandHandlerTest, CarriesOutWhatItAcceptsAndAnswers) {
  const OutcomeMessage outcome = handle(command);
  EXPECT_EQ(outcome.kind, Kind::done) << outcome.message;
  EXPECT_EQ(outcome.command, command.id);
  EXPECT_EQ(outcome.answer, Json({{"notes", {"switched for mark-1"}}}));
  EXPECT_EQ(lamp.applied, 1);
  EXPECT_EQ(recorded(), (std::vector<std::string>{"begun", "ended"}));
  EXPECT_EQ(handler->counts().executed, 1);
}

TEST_F(CommandHandlerTest, GivesTheActionTheTimeThatIsLeft) {
  clock.advance(seconds(15));
  Duration left{};
  lamp.while_applying = [&](HostCall& call) { left = call.deadline - clock.elapsed(); };
  handle(command);
  EXPECT_EQ(left, seconds(5));
}

TEST_F(CommandHandlerTest, SaysWhatTheActionSaid) {
  command.body["args"]["broken"] = true;
  const OutcomeMessage broken = handle(command);
  EXPECT_EQ(broken.kind, Kind::failed);
  EXPECT_EQ(broken.code, "unavailable");
  EXPECT_EQ(broken.message, "the lamp is broken");
  CommandMessage undo = some_command(clock.now(), "undo");
  undo.id.back() = 'f';
  EXPECT_EQ(handle(undo).code, "conflict");
}

TEST_F(CommandHandlerTest, TellsTheSameOutcomeOfACommandThatComesAgain) {
  const std::string text = signed_by(key, command);
  const OutcomeMessage first = handle(text);
  clock.advance(seconds(5));
  EXPECT_EQ(handle(text), first);
  start();
  EXPECT_EQ(handle(text), first) << "also after a restart";
  clock.advance(seconds(60));
  EXPECT_EQ(handle(text), first) << "also when it has expired";
  EXPECT_EQ(lamp.applied, 1);
  EXPECT_EQ(recorded(), (std::vector<std::string>{"begun", "ended", "repeated", "repeated", "repeated"}));
}

TEST_F(CommandHandlerTest, ObservesAgainWhatComesAgain) {
  command = some_command(clock.now(), "observe");
  EXPECT_EQ(handle(command).answer["summary"], "dark");
  EXPECT_EQ(handle(command).answer["summary"], "dark");
  EXPECT_EQ(lamp.observed, 2);
}

TEST_F(CommandHandlerTest, DoesNotBeginAgainWhatHadBegunWhenItEnded) {
  struct Killed {};
  lamp.while_applying = [](HostCall&) { throw Killed(); };
  const std::string text = signed_by(key, command);
  EXPECT_THROW(handle(text), Killed);
  lamp.while_applying = [](HostCall&) {};
  start();
  const auto unfinished = handler->take_unfinished();
  ASSERT_EQ(unfinished.size(), 1U);
  const OutcomeMessage outcome = outcome_in(unfinished[0].outcome);
  EXPECT_EQ(outcome.kind, Kind::unknown);
  EXPECT_EQ(outcome.command, command.id);
  EXPECT_EQ(outcome.digest, message_digest(text));
  EXPECT_EQ(outcome.code, "begun_before_a_restart");
  EXPECT_EQ(handle(text), outcome);
  EXPECT_EQ(lamp.applied, 0);
  start();
  EXPECT_TRUE(handler->take_unfinished().empty());
}

TEST_F(CommandHandlerTest, RefusesRecordsAndAnswers) {
  const auto code_of = [&](const std::string& text) {
    const OutcomeMessage outcome = handle(text);
    EXPECT_EQ(outcome.kind, Kind::refused);
    return outcome.code;
  };
  EXPECT_EQ(code_of(signed_by(some_key("mallory", 'm'), command)), "unknown_key");
  std::string changed = signed_by(key, command);
  changed.replace(changed.find("\"lit\":true"), 10, "\"lit\":null");
  EXPECT_EQ(code_of(changed), "bad_signature");
  CommandMessage other = command;
  other.host = "web-2";
  EXPECT_EQ(code_of(signed_by(key, other)), "other_host");
  other = command;
  other.action = "host.replace";
  EXPECT_EQ(code_of(signed_by(key, other)), "not_allowed");
  handle(command);
  other = command;
  other.mark = "another";
  EXPECT_EQ(code_of(signed_by(key, other)), "replayed");
  clock.advance(seconds(20));
  other.id.back() = 'f';
  EXPECT_EQ(code_of(signed_by(key, other)), "stale");
  EXPECT_EQ(lamp.applied, 1);
  EXPECT_EQ(handler->counts().refused, 6);
  EXPECT_EQ(recorded(), (std::vector<std::string>{"refused", "refused", "refused", "refused", "begun", "ended",
                                                  "refused", "refused"}));
  EXPECT_THAT(place.read("commands.jsonl"), HasSubstr("\"code\":\"unknown_key\""));
}

TEST_F(CommandHandlerTest, LetsNobodyWhoIsUnknownFillItsRecord) {
  for (int i = 0; i < 10; ++i) handler->handle("nonsense " + std::to_string(i), {});
  EXPECT_EQ(recorded().size(), 2U);
  EXPECT_EQ(handler->counts().refused, 10);
  EXPECT_EQ(handler->counts().unanswered, 8);
  EXPECT_EQ(handle(command).kind, Kind::done) << "and whoever is known is served";
  clock.advance(minutes(1));
  handler->handle("nonsense", {});
  EXPECT_EQ(recorded().back(), "refused");
}

TEST_F(CommandHandlerTest, BeginsNothingThatItCannotRemember) {
  journal.entries_max = 0;
  start();
  const OutcomeMessage outcome = handle(command);
  EXPECT_EQ(outcome.kind, Kind::refused);
  EXPECT_EQ(outcome.code, "busy");
  EXPECT_EQ(lamp.applied, 0);
}

TEST_F(CommandHandlerTest, KeepsItsRecordBounded) {
  CommandRecord record((place.path() / "some.jsonl").string(), 1'000);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(record.add({{"line", i}, {"text", std::string(80, 'x')}}));
  EXPECT_LE(place.read("some.jsonl").size(), 1'000U);
  EXPECT_LE(place.read("some.jsonl.1").size(), 1'000U);
  EXPECT_THAT(place.read("some.jsonl"), HasSubstr("\"line\":99"));
}

}  // namespace
}  // namespace kedge
