// What a host takes, and why it refuses the rest.
#include "agent/command_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/agent/some_keys.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

struct CommandJudge : testing::Test {
  Judgement judge(const std::string& text) const {
    const Remembered remembered{[this](const std::string& id) -> std::optional<std::string> {
                                  const auto found = seen.find(id);
                                  return found == seen.end() ? std::nullopt : std::optional(found->second);
                                },
                                forgotten};
    return judge_command(text, rules, remembered, now);
  }
  void expect_refusal(const std::string& text, Refusal refusal, const std::string& why) const {
    const Judgement judgement = judge(text);
    EXPECT_EQ(judgement.kind, Judgement::Kind::refused);
    EXPECT_EQ(to_string(judgement.refusal), to_string(refusal));
    EXPECT_THAT(judgement.message, HasSubstr(why));
  }

  const Time now = FakeClock().now();
  const SigningKey key = some_key("kedge.example.com");
  JudgeRules rules{"web-1", {{key.verifier(), {"host.lamp"}}, {some_key("b", 'b').verifier(), {"host.siren"}}}};
  std::map<std::string, std::string> seen;
  Time forgotten{};
  CommandMessage command = some_command(now);
};

TEST_F(CommandJudge, AcceptsWhatAKnownKeyMayHaveDone) {
  const std::string text = signed_by(key, command);
  const Judgement judgement = judge(text);
  EXPECT_EQ(judgement.kind, Judgement::Kind::accepted) << judgement.message;
  EXPECT_TRUE(judgement.authentic);
  EXPECT_EQ(judgement.command, command);
  EXPECT_EQ(judgement.digest, message_digest(text));
}

TEST_F(CommandJudge, RefusesWhatIsNoCommand) {
  expect_refusal("rm -rf /", Refusal::unreadable, "blank line");
  auto document = Json{{"type", kCommandType}, {"host", "web-1"}};
  expect_refusal(sign_json(document, key).value(), Refusal::unreadable, "`id` is missing");
}

TEST_F(CommandJudge, RefusesAKeyThatIsNotListed) {
  const std::string text = signed_by(some_key("kedge.example.com", 'x'), command);
  expect_refusal(text, Refusal::unknown_key, "does not know the key kedge.example.com+");
  EXPECT_FALSE(judge(text).authentic);
  EXPECT_EQ(judge(text).command, command) << "so that it can be answered";
}

TEST_F(CommandJudge, RefusesWhatWasChangedAfterItWasSigned) {
  std::string text = signed_by(key, command);
  text.replace(text.find("\"lit\":true"), 10, "\"lit\":null");
  expect_refusal(text, Refusal::bad_signature, "is not signed by kedge.example.com+");
  EXPECT_FALSE(judge(text).authentic);
}

TEST_F(CommandJudge, RefusesWhatIsForAnotherHost) {
  command.host = "web-2";
  expect_refusal(signed_by(key, command), Refusal::other_host, "for the host 'web-2', and this is 'web-1'");
}

TEST_F(CommandJudge, RefusesWhatIsStale) {
  command.issued = now - seconds(30);
  command.expires = now;
  expect_refusal(signed_by(key, command), Refusal::stale, "it expired at 2026-01-01T12:00:00.000000Z");
  command.expires = now + std::chrono::microseconds(1);
  EXPECT_EQ(judge(signed_by(key, command)).kind, Judgement::Kind::accepted) << "to its last moment";

  command = some_command(now + rules.ahead_max);
  EXPECT_EQ(judge(signed_by(key, command)).kind, Judgement::Kind::accepted) << "clocks are never the same";
  command.issued += std::chrono::microseconds(1);
  expect_refusal(signed_by(key, command), Refusal::stale, "one of the clocks is wrong");

  command = some_command(now);
  command.expires = now + rules.lifetime_max;
  EXPECT_EQ(judge(signed_by(key, command)).kind, Judgement::Kind::accepted);
  command.expires += std::chrono::microseconds(1);
  expect_refusal(signed_by(key, command), Refusal::stale, "10m is the most");
}

TEST_F(CommandJudge, RefusesWhatItMayHaveForgottenWhenTheClockIsSetBack) {
  forgotten = command.expires;
  expect_refusal(signed_by(key, command), Refusal::stale, "the clock was set back");
  forgotten = command.expires - std::chrono::microseconds(1);
  EXPECT_EQ(judge(signed_by(key, command)).kind, Judgement::Kind::accepted);
}

TEST_F(CommandJudge, RecognisesWhatCameBefore) {
  const std::string text = signed_by(key, command);
  seen[command.id] = message_digest(text);
  EXPECT_EQ(judge(text).kind, Judgement::Kind::repeated);

  command.mark = "another";
  expect_refusal(signed_by(key, command), Refusal::replayed, "another command had its id");
}

TEST_F(CommandJudge, RecognisesWhatCameBeforeAlsoWhenItHasExpired) {
  command.issued = now - minutes(2);
  command.expires = now - minutes(1);
  const std::string text = signed_by(key, command);
  seen[command.id] = message_digest(text);
  EXPECT_EQ(judge(text).kind, Judgement::Kind::repeated);
}

TEST_F(CommandJudge, RefusesWhatThisKeyMayNotHaveDone) {
  command.action = "host.siren";
  expect_refusal(signed_by(key, command), Refusal::not_allowed,
                 "may not have host.siren done on this host; it may: host.lamp");
  EXPECT_EQ(judge(signed_by(some_key("b", 'b'), command)).kind, Judgement::Kind::accepted) << "another may";
  rules.keys[0].actions.clear();
  expect_refusal(signed_by(key, some_command(now)), Refusal::not_allowed, "it may: nothing");
}

}  // namespace
}  // namespace kedge
