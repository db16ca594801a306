#include "api/control_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;

const Time kNow = *parse_time("2026-01-01T00:00:00Z");
constexpr const char* kActor = "alice (uid 1000)";

Result<Change> translate(const std::string& command, Json arguments) {
  return change_of({command, std::move(arguments)}, kActor, kNow);
}

template <class T>
T change(const std::string& command, Json arguments) {
  auto change = translate(command, std::move(arguments));
  EXPECT_TRUE(change) << change.error().message;
  EXPECT_TRUE(change && std::holds_alternative<T>(*change));
  return change && std::holds_alternative<T>(*change) ? std::get<T>(*change) : T{};
}

std::string error_of(const std::string& command, Json arguments) {
  const auto change = translate(command, std::move(arguments));
  return change ? "no error" : change.error().message;
}

TEST(ChangeOf, PausesAllUnlessAScopeIsGiven) {
  const AddPause all = change<AddPause>("pause", Json::object());
  EXPECT_EQ(all.pause, (Pause{"all", "", kActor, kNow}));
  EXPECT_EQ(change<AddPause>("pause", {{"scope", "rule:a"}, {"reason", "r"}}).pause.scope, "rule:a");
  EXPECT_EQ(change<RemovePause>("resume", {{"scope", "account:1"}}).scope, "account:1");
}

TEST(ChangeOf, KnowsThreeScopes) {
  for (const char* scope : {"", "everything", "rule:", "account:", "account:12", "account:12345678901x", "region:x"}) {
    EXPECT_THAT(error_of("pause", {{"scope", scope}}), HasSubstr("scope: must be all, rule:ID or account:ID")) << scope;
  }
  EXPECT_EQ(change<AddPause>("pause", {{"scope", "account:123456789012"}}).pause.scope, "account:123456789012");
}

Json an_exception() {
  return {{"id", "e1"},     {"rule", "aws.s3.public-bucket"}, {"target", "arn:aws:s3:::site-*"},
          {"owner", "web"}, {"reason", "a public site"},      {"expires", "2026-02-01T00:00:00Z"}};
}

TEST(ChangeOf, AddsAnExceptionInTheNameOfWhoAsked) {
  const Exception exception = change<AddException>("exception.add", an_exception()).exception;
  EXPECT_EQ(exception.target, "arn:aws:s3:::site-*");
  EXPECT_EQ(exception.owner, "web");
  EXPECT_EQ(exception.expires, *parse_time("2026-02-01T00:00:00Z"));
  EXPECT_EQ(exception.added_by, kActor);
  EXPECT_EQ(exception.added, kNow);
}

TEST(ChangeOf, TakesNoExceptionWithoutOwnerReasonAndExpiry) {
  for (const char* name : {"id", "rule", "target", "owner", "reason", "expires"}) {
    Json arguments = an_exception();
    arguments.erase(name);
    EXPECT_THAT(error_of("exception.add", arguments), HasSubstr(std::string(name) + ": is needed"));
    arguments[name] = "";
    EXPECT_THAT(error_of("exception.add", arguments), HasSubstr(std::string(name) + ": is needed"));
  }
}

TEST(ChangeOf, TakesNoExceptionThatIsOverOrHasAStarInTheMiddle) {
  Json arguments = an_exception();
  arguments["expires"] = "2026-01-01T00:00:00Z";
  EXPECT_THAT(error_of("exception.add", arguments), HasSubstr("is over already"));
  arguments["expires"] = "next week";
  EXPECT_THAT(error_of("exception.add", arguments), HasSubstr("must be a time like"));
  arguments = an_exception();
  arguments["target"] = "arn:*:s3";
  EXPECT_THAT(error_of("exception.add", arguments), HasSubstr("target: may have one *"));
}

TEST(ChangeOf, MovesRemediationsByTheirOwnWords) {
  const Json yes = {{"id", "r1"}};
  EXPECT_EQ(change<PersonalMove>("remediation.approve", yes).move, Move::resume);
  EXPECT_TRUE(change<PersonalMove>("remediation.approve", yes).approves);
  EXPECT_EQ(change<PersonalMove>("remediation.retry", yes).move, Move::resume);
  EXPECT_FALSE(change<PersonalMove>("remediation.retry", yes).approves);
  const Json no = {{"id", "r1"}, {"reason", "not ours"}};
  EXPECT_EQ(change<PersonalMove>("remediation.reject", no).move, Move::cancel);
  EXPECT_EQ(change<PersonalMove>("remediation.cancel", no).move, Move::cancel);
  const PersonalMove undo = change<PersonalMove>("remediation.undo", no);
  EXPECT_EQ(undo.move, Move::undo);
  EXPECT_EQ(undo.remediation, "r1");
  EXPECT_EQ(undo.actor, kActor);
  EXPECT_EQ(undo.reason, "not ours");
}

TEST(ChangeOf, WantsAReasonForANo) {
  for (const char* command : {"remediation.reject", "remediation.cancel", "remediation.undo"}) {
    EXPECT_THAT(error_of(command, {{"id", "r1"}}), HasSubstr("reason: is needed")) << command;
  }
}

TEST(ChangeOf, DiscardsDeadLettersByNumber) {
  EXPECT_EQ(change<CloseDeadLetters>("dead-letter.discard", {{"numbers", {3, 4}}}).numbers,
            (std::vector<int64_t>{3, 4}));
  for (const Json& wrong : {Json(), Json::array(), Json("3"), Json{"3"}, Json{1.5}}) {
    EXPECT_THAT(error_of("dead-letter.discard", {{"numbers", wrong}}), HasSubstr("numbers: must"));
  }
}

TEST(ChangeOf, SeeksAPartitionForSomebodyWithAReason) {
  const Json arguments = {{"source", "trail"}, {"topic", "events"}, {"partition", 3},
                          {"cluster", "c"},    {"next", 40},        {"reason", "again"}};
  const auto seek = change<SeekPosition>("source.seek", arguments);
  EXPECT_EQ(seek.partition, (PartitionId{"trail", "events", 3}));
  EXPECT_EQ(seek.cluster, "c");
  EXPECT_EQ(seek.next, 40);
  EXPECT_EQ(seek.actor, kActor);
  EXPECT_EQ(seek.reason, "again");
  for (const auto& [name, value] : arguments.items()) {
    Json without = arguments;
    without.erase(name);
    EXPECT_THAT(error_of("source.seek", without), HasSubstr(name + ": "));
    without[name] = -1;
    EXPECT_THAT(error_of("source.seek", without), HasSubstr(name + ": must be"));
  }
}

TEST(ChangeOf, NamesTheArgumentThatItDoesNotKnow) {
  Json arguments = an_exception();
  arguments["expire"] = arguments["expires"];
  EXPECT_THAT(error_of("exception.add", arguments),
              HasSubstr("expire: is not an argument of this command (did you mean 'expires'?)"));
}

TEST(ChangeOf, LetsNobodyNameTheActor) {
  EXPECT_THAT(error_of("pause", {{"actor", "bob"}}), HasSubstr("actor: is not an argument"));
  EXPECT_THAT(error_of("pause", {{"by", "bob"}}), HasSubstr("by: is not an argument"));
}

TEST(ChangeOf, RefusesWhatIsNoCommandOrNoObject) {
  EXPECT_THAT(error_of("exception.ad", Json::object()), HasSubstr("did you mean 'exception.add'"));
  EXPECT_THAT(error_of("pause", Json::array()), HasSubstr("must be an object"));
  EXPECT_THAT(error_of("pause", {{"reason", 7}}), HasSubstr("reason: must be text"));
  EXPECT_THAT(error_of("pause", {{"reason", std::string(5000, 'r')}}), HasSubstr("longer than"));
}

TEST(ReplyOf, TellsWhatBecameOfTheChange) {
  Answer answer;
  answer.seq = 42;
  EXPECT_EQ(*reply_of(answer), (Json{{"seq", 42}}));
  answer.outcome = Outcome::refused;
  answer.error = {ErrorCode::refused, "a remediation that is confirmed cannot cancel"};
  EXPECT_EQ(reply_of(answer).error(), answer.error);
  answer.outcome = Outcome::no_room;
  EXPECT_EQ(reply_of(answer).error().code, ErrorCode::no_room);
  answer.outcome = Outcome::unknown;
  EXPECT_EQ(reply_of(answer).error().code, ErrorCode::timeout);
}

TEST(ControlLines, CarryRequestsAndRepliesThereAndBack) {
  const ControlRequest request{"pause", {{"reason", "line\nbreak and \"quotes\""}}};
  std::string line = line_of(request);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  line.pop_back();
  EXPECT_EQ(*request_in(line), request);

  std::string reply = line_of(Result<Json>(Json{{"seq", 3}}));
  reply.pop_back();
  EXPECT_EQ(*reply_in(reply), (Json{{"seq", 3}}));

  const Error error{ErrorCode::conflict, "somebody\nelse"};
  std::string refusal = line_of(Result<Json>(error));
  refusal.pop_back();
  EXPECT_EQ(reply_in(refusal).error(), error);
}

TEST(ControlLines, RefuseWhatIsNotOne) {
  for (const char* line :
       {"", "{", "[]", "7", R"({"command":"pause"})", R"({"v":2,"command":"pause"})", R"({"v":1,"command":7})"}) {
    EXPECT_FALSE(request_in(line)) << line;
  }
  for (const char* line : {"", "[]", R"({"error":7})", R"({"error":{"code":1}})"}) {
    EXPECT_EQ(reply_in(line).error().code, ErrorCode::corrupt) << line;
  }
}

}  // namespace
}  // namespace kedge
