// Commands, outcomes and heartbeats as they travel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/alarm_message.h"
#include "agent/command_message.h"
#include "agent/heartbeat_message.h"
#include "agent/outcome_message.h"
#include "tests/agent/some_keys.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using testing::HasSubstr;

const SigningKey kKey = some_key("kedge.example.com");
const SigningKey kHostKey = some_key("web-1");

Time now() { return FakeClock().now(); }

// A command's document with other members, signed as it should be.
Result<CommandMessage> read_with(const Json& other, const char* without = "") {
  auto json = parse_signed_json(signed_by(kKey, some_command(now())));
  Json document = Json::parse(json->text);
  document.update(other);
  document.erase(without);
  document.erase("key");
  return read_command(parse_signed_json(sign_json(document, kKey).value()).value());
}

std::string mistake_with(const Json& other, const char* without = "") {
  const auto read = read_with(other, without);
  return read ? "none" : read.error().message;
}

OutcomeMessage some_outcome() {
  OutcomeMessage outcome;
  outcome.command = kSomeId;
  outcome.digest = std::string(64, 'a');
  outcome.host = "web-1";
  outcome.kind = OutcomeMessage::Kind::done;
  outcome.answer = {{"notes", {"switched"}}};
  outcome.at = now();
  return outcome;
}

TEST(CommandMessage, IsReadAsItWasSigned) {
  const CommandMessage command = some_command(now());
  const std::string text = signed_by(kKey, command);
  const auto json = parse_signed_json(text);
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_TRUE(kKey.verifier().verifies(json->text, json->signature));
  const auto read = read_command(*json);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, command);
  EXPECT_EQ(signed_by(kKey, *read), text);
}

TEST(CommandMessage, SaysWhichMemberIsWrong) {
  EXPECT_EQ(mistake_with(Json::object()), "none");
  EXPECT_EQ(mistake_with(Json::object(), "host"), "`host` is missing");
  EXPECT_EQ(mistake_with({{"host", "web 1"}}), "`host` is no host's name");
  EXPECT_EQ(mistake_with({{"host", 1}}), "`host` is no text");
  EXPECT_EQ(mistake_with({{"id", "1"}}), "`id` is no UUID in its lower-case form");
  EXPECT_EQ(mistake_with({{"operation", "remove"}}), "`operation` is not 'observe', 'apply' or 'undo'");
  EXPECT_EQ(mistake_with({{"body", Json::array()}}), "`body` is no object");
  EXPECT_EQ(mistake_with({{"mark", std::string(254, 'm')}}), "`mark` has 254 bytes, and may have 0 to 253");
  EXPECT_EQ(mistake_with({{"issued", "2026-01-01T12:00:00Z"}}), "`issued` is no time like 2026-11-21T10:51:00.123456Z");
  EXPECT_EQ(mistake_with({{"expires", format_time(now())}}), "`expires` is not behind `issued`");
  EXPECT_EQ(mistake_with({{"urgent", true}}), "`urgent` is no member that is known");
  EXPECT_EQ(mistake_with({{"type", "kedge.host.command.v2"}}),
            "its type is 'kedge.host.command.v2', and only 'kedge.host.command.v1' is read here");
}

TEST(CommandMessage, IsRefusedInAnyFormButTheCanonicalOne) {
  const auto json = parse_signed_json(signed_by(kKey, some_command(now())));
  SignedJson spaced{json->text, kKey.sign("")};
  spaced.text.insert(1, " ");
  spaced.signature = kKey.sign(spaced.text);
  ASSERT_FALSE(read_command(spaced));
  EXPECT_THAT(read_command(spaced).error().message, HasSubstr("canonical form"));
}

TEST(CommandMessage, NamesTheKeyThatSignsIt) {
  const auto json = parse_signed_json(signed_by(kKey, some_command(now())));
  const SigningKey other = some_key("other.example.com", 'o');
  const SignedJson taken_over{json->text, other.sign(json->text)};
  ASSERT_FALSE(read_command(taken_over));
  EXPECT_THAT(read_command(taken_over).error().message, HasSubstr("its `key` is not that of its signature"));
}

TEST(CommandMessage, HasOneSignatureAndOneLine) {
  const auto json = parse_signed_json(signed_by(kKey, some_command(now())));
  const Note twice{json->text, {json->signature, json->signature}};
  EXPECT_THAT(parse_signed_json(to_text(twice)).error().message, HasSubstr("2 signatures"));
  const std::string two_lines = json->text + json->text;
  EXPECT_THAT(parse_signed_json(to_text(Note{two_lines, {kKey.sign(two_lines)}})).error().message,
              HasSubstr("more than one line"));
  EXPECT_FALSE(parse_signed_json(""));
}

TEST(CommandMessage, TooLargeIsNotSigned) {
  CommandMessage command = some_command(now());
  command.body["args"]["text"] = std::string(kSignedJsonBytesMax, 'x');
  const auto text = sign_command(command, kKey);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::limit);
  EXPECT_THAT(text.error().message, HasSubstr("65536 are the most"));
}

TEST(OutcomeMessage, IsReadAsItWasSigned) {
  for (const auto kind : {OutcomeMessage::Kind::done, OutcomeMessage::Kind::failed, OutcomeMessage::Kind::refused,
                          OutcomeMessage::Kind::unknown}) {
    OutcomeMessage outcome = some_outcome();
    outcome.kind = kind;
    if (kind != OutcomeMessage::Kind::done) {
      outcome.answer = Json::object();
      outcome.code = "stale";
      outcome.message = "it expired";
    }
    const auto json = parse_signed_json(sign_outcome(outcome, kHostKey));
    ASSERT_TRUE(json) << json.error().message;
    EXPECT_TRUE(kHostKey.verifier().verifies(json->text, json->signature));
    const auto read = read_outcome(*json);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, outcome);
  }
}

TEST(OutcomeMessage, MendsTextsThatAreNoUtf8) {
  OutcomeMessage outcome = some_outcome();
  outcome.answer = {{"notes", {"a\xFFz"}}};
  const auto read = read_outcome(parse_signed_json(sign_outcome(outcome, kHostKey)).value());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->answer["notes"][0], "a\xEF\xBF\xBDz");
}

TEST(OutcomeMessage, OfAnAnswerThatCannotBeSentSaysSo) {
  OutcomeMessage outcome = some_outcome();
  const Json answers[] = {{{"notes", {std::string(kSignedJsonBytesMax, 'x')}}}, {{"state", 1.5}}};
  for (const Json& answer : answers) {
    outcome.answer = answer;
    const auto read = read_outcome(parse_signed_json(sign_outcome(outcome, kHostKey)).value());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->kind, OutcomeMessage::Kind::failed);
    EXPECT_EQ(read->code, "internal");
    EXPECT_THAT(read->message, HasSubstr("the answer cannot be sent"));
  }
}

TEST(OutcomeMessage, IsNoCommandAndNoHeartbeat) {
  const auto json = parse_signed_json(sign_outcome(some_outcome(), kHostKey));
  EXPECT_FALSE(read_command(*json));
  EXPECT_FALSE(read_heartbeat(*json));
}

TEST(HostAlarmMessage, IsReadAsItWasSignedAndIsOfAKnownKind) {
  HostAlarmMessage alarm{kSomeId, "web-1", now(), "isolation-changed", "somebody has changed it", "r", {"- a rule"}};
  const auto read = read_host_alarm(parse_signed_json(sign_host_alarm(alarm, kHostKey).value()).value());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, alarm);
  alarm.kind = "audit-log";  // which is for the engine itself to say
  EXPECT_FALSE(read_host_alarm(parse_signed_json(sign_host_alarm(alarm, kHostKey).value()).value()));
}

TEST(HeartbeatMessage, IsReadAsItWasSigned) {
  const HeartbeatMessage heartbeat{"web-1", kSomeId, 3, now(), {"host.quarantine"}, 5, 1, 2, 7};
  const auto json = parse_signed_json(sign_heartbeat(heartbeat, kHostKey).value());
  ASSERT_TRUE(json) << json.error().message;
  const auto read = read_heartbeat(*json);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, heartbeat);
}

}  // namespace
}  // namespace kedge
