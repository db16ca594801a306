// What somebody who types gets back where nothing is mistyped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/control.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/time.h"
#include "ledger/sqlite_ledger.h"
#include "tests/app/typed.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(CommandLine, CheckSaysWhatIsGood) {
  const Typed typed = type(kCheck);
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_EQ(typed.err, "");
  EXPECT_THAT(typed.out, HasSubstr("@kedge.yaml is good; 1 rule in @rules:\n  first "));
}

TEST_F(CommandLine, ExplainTellsARuleThatFailsAndEndsSo) {
  const std::string line = "explain --rules @rules first @event.json";
  EXPECT_EQ(type(line).exit_code, kGood);
  change("rules/first.lua", "return \"arn:aws:s3:::photos\"", "return nil");
  const Typed typed = type(line);
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.out, HasSubstr("it fails: first.lua:1: target: must return"));
}

TEST_F(CommandLine, CheckFindsAWindowThatIsNotThere) {
  change("rules/first.lua", "respond =", "window = \"nights\", respond =");
  const Typed typed = type(kCheck);
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.err,
              HasSubstr("@rules/first.lua:1: rule first: window: there is no window 'nights' in windows of"));
}

TEST_F(CommandLine, CheckNotesAHostThatIsReplacedBeforeItsEvidenceIsKept) {
  const std::string revert = "revert = { action.aws.s3.block_public_access { bucket = \"photos\" } }";
  const std::string replace = "action.host.replace { host = \"m1\", root = \"web1\" }";
  const auto err_of = [&](const std::string& steps) {
    write("rules/first.lua", kRule);
    change("rules/first.lua", revert, "replace = { " + steps + " }");
    const Typed typed = type(kCheck);
    EXPECT_EQ(typed.exit_code, kGood);
    return typed.err;
  };
  EXPECT_EQ(err_of("action.host.capture_evidence { host = \"m1\", root = \"web1\" }, " + replace), "");
  EXPECT_EQ(err_of("action.host.capture_evidence { host = \"m1\" }, " + replace), "") << "of the whole machine";
  const std::string lost =
      "@rules/first.lua:1: rule first: its plan replaces m1/web1 without host.capture_evidence before that: processes, "
      "sockets and open files of what was changed are lost\n";
  EXPECT_EQ(err_of(replace), lost);
  EXPECT_EQ(err_of(replace + ", action.host.capture_evidence { host = \"m1\", root = \"web1\" }"), lost);
  EXPECT_EQ(err_of("action.host.capture_evidence { host = \"m1\", root = \"web2\" }, " + replace), lost);
}

TEST_F(CommandLine, CheckNotesARuleWhosePlanWasNotTried) {
  write("rules/first.test.lua", "");
  const Typed typed = type(kCheck);
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_EQ(
      typed.err,
      "@rules/first.lua:1: rule first: its plan was not tried: it has no test in which it fires (`kedge test`)\n");
}

TEST_F(CommandLine, AnExceptionIsAddedForARuleThatIsThereOrByForce) {
  const std::string rest = " --target t --owner o --reason r --expires 30d";
  EXPECT_EQ(type("exception add -c @kedge.yaml --rule first" + rest).exit_code, kGood);
  EXPECT_EQ(type("exception add -c @kedge.yaml --rule *" + rest).exit_code, kGood);
  EXPECT_EQ(type("exception add -c @kedge.yaml --rule later --force" + rest).exit_code, kGood);
  write("rules/first.lua", "rule");
  const Typed unknown = type("exception add -c @kedge.yaml --rule first" + rest);
  EXPECT_EQ(unknown.exit_code, kUsedWrongly);
  EXPECT_THAT(unknown.err, HasSubstr("the rules cannot be read (`kedge check` says why); --force"));
}

TEST_F(CommandLine, InitWritesAnEventOfNow) {
  ASSERT_EQ(type("init @new").exit_code, kGood);
  const std::string event = *read_file(path("new/event.json"), 1U << 20U);
  const std::string field = "\"eventTime\":\"";
  const auto time = parse_time(event.substr(event.find(field) + field.size(), 20));
  ASSERT_TRUE(time) << event;
  environment_["KEDGE_KAFKA"] = "127.0.0.1:1";
  const Typed explained = type("explain -c @new/kedge.yaml first.public-bucket @new/event.json");
  EXPECT_EQ(explained.exit_code, kGood) << explained.err;
  EXPECT_THAT(explained.out, HasSubstr("mode shadow"));
  change("new/rules/first.lua", "\"shadow\"", "\"enforce\"");
  EXPECT_THAT(type("explain -c @new/kedge.yaml first.public-bucket @new/event.json").out,
              HasSubstr("guards: admitted now"));
}

// Whatever the program knows, asked for by a key that it does not know.
TEST_F(CommandLine, InitExplainsEverySetting) {
  ASSERT_EQ(type("init @new").exit_code, kGood);
  const std::string written = *read_file(path("new/kedge.yaml"), 1U << 20U);
  write("kedge.yaml", R"(version: 1
data: data
rules: {directory: rules, zzz: 1}
sources: [{name: a, brokers: [b], topics: [t], group: g, start: latest, zzz: 1}]
aws: {region: us-east-1, credentials: {zzz: 1}, roles: {"*": {arn: "arn:aws:iam::123456789012:role/r", zzz: 1}}, zzz: 1}
executor: {zzz: 1}
guards: {budgets: {zzz: 1}, zzz: 1}
windows: {w: {from: "22:00", to: "06:00", zzz: 1}}
notify: {channels: {c: {kind: slack, url: "http://127.0.0.1:1/", zzz: 1}}, zzz: 1}
audit: {zzz: 1}
api: {zzz: 1}
limits: {zzz: 1}
zzz: 1
)");
  std::istringstream told(type(kCheck).err);
  size_t settings = 0;
  const std::string list = "known here: ";
  for (std::string line; std::getline(told, line);) {
    if (line.find(list) == std::string::npos) continue;
    std::istringstream keys(line.substr(line.find(list) + list.size()));
    for (std::string key; std::getline(keys >> std::ws, key, ',');) {
      EXPECT_THAT(written, testing::ContainsRegex("[ {#\n]" + key + ":")) << line;
      ++settings;
    }
  }
  EXPECT_GT(settings, 60U);
}

TEST_F(CommandLine, ReplayCountsWhatEachRuleWouldHaveDone) {
  write("events.jsonl",
        std::string(kEvent) + "\nno event\n{\"source\":\"aws.ec2\",\"detail-type\":\"x\",\"detail\":{}}\n");
  const Typed counted = type("replay --rules @rules --events @events.jsonl --decisions --output csv");
  EXPECT_EQ(counted.exit_code, kFoundWrong);  // a message that is no event
  EXPECT_THAT(counted.err, HasSubstr("event 1: first would act on arn:aws:s3:::photos"));
  EXPECT_THAT(counted.out, HasSubstr("rule,matched,nothing,plans,failed"));
  EXPECT_THAT(counted.out, HasSubstr("first,1,0,1,0"));
  EXPECT_THAT(counted.err, HasSubstr("3 messages, 2 events\n1 messages cannot be decoded: not_json"));
  write("old/first.lua", kRule);
  const Typed compared = type("replay --rules @rules --events @events.jsonl --against @old");
  EXPECT_EQ(compared.exit_code, kGood) << "what cannot be decoded is decided by neither";
  EXPECT_EQ(compared.err, "1 messages cannot be decoded: not_json\n");
}

TEST_F(CommandLine, ExplainSaysThatAMessageHoldsNoEvent) {
  write("none.json", R"({"Records":[]})");
  const Typed typed = type("explain --rules @rules first @none.json");
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_EQ(typed.out, "the message holds no event\n");
}

TEST_F(CommandLine, TestTakesPathsBelowTheRulesAndPathsFromHere) {
  for (const char* const line : {"test --rules @rules first.lua", "test --rules @rules @rules/first.lua",
                                 "test --rules @rules @rules/first.test.lua", "test --rules @rules @rules"}) {
    const Typed typed = type(line);
    EXPECT_EQ(typed.exit_code, kGood) << line << typed.err;
    EXPECT_THAT(typed.out, HasSubstr("2 tests passed, 0 failed")) << line;
  }
}

TEST_F(CommandLine, ARuleIsPausedWhereTheRulesCannotBeRead) {
  EXPECT_EQ(type("pause -c @kedge.yaml --scope rule:first --reason r").exit_code, kGood);
  EXPECT_EQ(type("pause -c @kedge.yaml --scope rule:later --reason r --force").exit_code, kGood);
  write("rules/first.lua", "rule");
  const Typed paused = type("pause -c @kedge.yaml --scope rule:first --reason r");
  EXPECT_EQ(paused.exit_code, kGood);
  EXPECT_THAT(paused.err, HasSubstr("whether there is a rule 'first' is not known"));
}

TEST_F(CommandLine, WhatIsAskedWhileNoDaemonRunsIsKnownToWait) {
  Configuration configuration;
  configuration.data = path("data");
  const auto reply = ask_engine(configuration, {"pause", {{"reason", "r"}}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ((*reply)["by_daemon"], false);
}

TEST_F(CommandLine, AuditListKnowsWhichKindsOfRecordsThereAre) {
  const Typed typed = type("audit list -c @kedge.yaml --kind plan,plam");
  EXPECT_EQ(typed.exit_code, kUsedWrongly);
  EXPECT_THAT(typed.err, HasSubstr("--kind: there is no kind 'plam' (did you mean 'plan'?); there are: alarm, "));
}

TEST_F(CommandLine, AuditReportSaysWhatIsWrongAndWritesNothing) {
  ASSERT_EQ(type("pause -c @kedge.yaml --reason r").exit_code, kGood);  // makes the ledger
  const Typed unknown = type("audit report -c @kedge.yaml 0194-none --output-file @report.md");
  EXPECT_EQ(unknown.exit_code, kFoundWrong);
  EXPECT_THAT(unknown.err, HasSubstr("no record tells of a remediation '0194-none'"));
  EXPECT_FALSE(std::filesystem::exists(path("report.md")));
  const Typed format = type("audit report -c @kedge.yaml 0194-none --format htm");
  EXPECT_EQ(format.exit_code, kUsedWrongly);
  EXPECT_THAT(format.err, HasSubstr("--format: 'htm' (did you mean 'html'?) is none of: markdown, html"));
  EXPECT_EQ(type("audit report -c @kedge.yaml").exit_code, kUsedWrongly);
}

TEST_F(CommandLine, ALedgerThatMayNotBeLookedAtIsToldWithoutAnException) {
  std::filesystem::create_directories(path("data"));
  std::filesystem::create_symlink("ledger.db", path("data/ledger.db"));  // in a circle: for root, too, a refusal
  const Typed typed = type("audit list -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kNotReached);
  EXPECT_THAT(typed.err, HasSubstr("kedge: cannot look at @data/ledger.db: "));
}

TEST_F(CommandLine, ActionsShowsTheArgumentsOfThoseThatAreMeant) {
  const Typed typed = type("actions aws.s3.block_public_access");
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_THAT(typed.out, testing::StartsWith("aws.s3.block_public_access\n"));
  EXPECT_THAT(typed.out, HasSubstr("bucket "));
  EXPECT_THAT(typed.out, Not(HasSubstr("aws.ec2")));
  const auto listed = nlohmann::json::parse(type("actions aws.s3.block_public_access -o json").out);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["action"], "aws.s3.block_public_access");
  EXPECT_EQ(listed[0]["arguments"][0]["name"], "bucket");
  EXPECT_EQ(listed[0]["undoable"], true);
  EXPECT_THAT(type("actions -o csv").out, testing::StartsWith("action,summary,arguments,"));
}

TEST_F(CommandLine, DeadLettersAreListedShownWithTheirBytesAndDiscarded) {
  FakeClock clock;
  Random random;
  {
    SqliteLedgerOptions options;
    options.directory = path("data");
    std::filesystem::create_directories(options.directory);
    auto ledger = open_sqlite_ledger(options, clock, random);
    ASSERT_TRUE(ledger) << ledger.error().message;
    DeadLetter letter;
    letter.source = "trail";
    letter.topic = "cloudtrail";
    letter.offset = 7;
    letter.reason = "not_json";
    letter.message = "an object was expected at byte 0";
    letter.value = "no event";
    letter.value_bytes = static_cast<int64_t>(letter.value.size());
    letter.value_digest = sha256(letter.value);
    CommitBatch batch;
    batch.dead_letters = {letter};
    const std::vector<Change> changes = {batch};
    ASSERT_TRUE((*ledger)->apply(changes)[0].done());
  }
  const Typed listed = type("dead-letter list -c @kedge.yaml --output json");
  EXPECT_EQ(listed.exit_code, kGood) << listed.err;
  const auto letters = nlohmann::json::parse(listed.out);
  ASSERT_EQ(letters.size(), 1U);
  const Typed shown = type("dead-letter show -c @kedge.yaml " + letters[0]["number"].dump());
  EXPECT_EQ(shown.exit_code, kGood) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("read at    cloudtrail[0] offset 7, event 0"));
  EXPECT_THAT(shown.out, HasSubstr("reason     not_json: an object was expected at byte 0"));
  EXPECT_THAT(shown.out, HasSubstr("\n\nno event\n"));
  EXPECT_EQ(type("dead-letter show -c @kedge.yaml 999").exit_code, kFoundWrong);

  const std::string number = letters[0]["number"].dump();
  EXPECT_THAT(type("dead-letter discard -c @kedge.yaml " + number + " 999").err, HasSubstr("nothing is discarded"));
  EXPECT_EQ(type("dead-letter discard -c @kedge.yaml").exit_code, kUsedWrongly);
  EXPECT_EQ(type("dead-letter discard -c @kedge.yaml --all " + number).exit_code, kUsedWrongly);
  EXPECT_NE(type("dead-letter discard -c @kedge.yaml --source trail " + number).exit_code, kGood);
  EXPECT_EQ(type("dead-letter discard -c @kedge.yaml --all --source other").out, "0 dead letters are discarded\n");
  EXPECT_EQ(type("dead-letter discard -c @kedge.yaml --all --source trail").out, "1 dead letter is discarded\n");
  EXPECT_EQ(type("dead-letter list -c @kedge.yaml --output json").out, "[]\n");
}

}  // namespace
}  // namespace kedge
