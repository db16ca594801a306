// What somebody who types gets back: each mistake that a user can make, with its one line and exit code; and the
// commands that only show something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <sstream>

#include "app/command.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/time.h"
#include "ledger/sqlite_ledger.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_receiver.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kConfiguration = R"(version: 1
data: data
rules:
  directory: rules
  modes: {first: shadow}
sources:
  - name: trail
    brokers: ["127.0.0.1:1"]
    topics: [cloudtrail]
    group: kedge
    start: earliest
    properties:
      session.timeout.ms: "6000"
aws:
  region: us-east-1
notify:
  channels:
    security:
      kind: webhook
      url: http://127.0.0.1:1/
      secrets: ["${file:secret}"]
api:
  listen: 127.0.0.1:0
)";

constexpr const char* kRule = R"(rule "first" {
  title = "a bucket",
  on = { source = { "aws.s3" } },
  target = function(event) return "arn:aws:s3:::photos" end,
  respond = function(event, target)
    return {
      revert = { action.aws.s3.block_public_access { bucket = "photos" } },
      notify = { "security" },
    }
  end,
}
)";

constexpr const char* kTest =
    R"(test "it fires" { event = { source = "aws.s3", ["detail-type"] = "x", detail = { a = 1 } }, fires = true }
test "it does not" { event = { source = "aws.ec2", ["detail-type"] = "x", detail = { a = 1 } }, fires = false }
)";

constexpr const char* kEvent = R"({"source":"aws.s3","detail-type":"x","id":"1","detail":{"a":1}})";

struct Typed {
  int exit_code = 0;
  std::string out;
  std::string err;
};

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    write("kedge.yaml", kConfiguration);
    write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    write("rules/first.lua", kRule);
    write("rules/first.test.lua", kTest);
    write("event.json", kEvent);
  }

  void write(const std::string& name, const std::string& text) { directory_.write(name, text); }
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }

  // Replaces a part of a file.
  void change(const std::string& name, const std::string& what, const std::string& with) {
    std::string text = directory_.read(name);
    const size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    write(name, text.replace(at, what.size(), with));
  }

  // Words of which "@NAME" is a file of the directory. What is printed names it so, too.
  Typed type(const std::string& line) {
    std::vector<std::string> words = {"kedge"};
    std::istringstream split(line);
    for (std::string word; split >> word;) words.push_back(word[0] == '@' ? path(word.substr(1)) : word);
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Shell shell{in, out, err, environment_, "tester"};
    const int code = run_command_line(static_cast<int>(arguments.size()), arguments.data(), shell);
    return {code, without_directory(out.str()), without_directory(err.str())};
  }

  std::map<std::string, std::string> environment_ = {{"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                                                     {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"}};

 private:
  std::string without_directory(std::string text) const {
    const std::string begin = directory_.path().string() + "/";
    for (size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) text.replace(at, begin.size(), "@");
    return text;
  }

  TemporaryDirectory directory_;
};

// ---- every mistake has its line ------------------------------------------------------------------------------------

struct Slip {
  const char* name;
  const char* file;  // in which `what` becomes `with`; empty: nowhere
  const char* what;
  const char* with;
  const char* typed;
  int exit_code;
  const char* line;  // all that is said on the standard error output
};

void PrintTo(const Slip& slip, std::ostream* out) { *out << slip.name; }

class MistakeOnTheCommandLine : public CommandLine, public testing::WithParamInterface<Slip> {};

constexpr const char* kCheck = "check -c @kedge.yaml";

const Slip kSlips[] = {
    // The configuration.
    {"UnknownKey", "kedge.yaml", "topics:", "topcis:", kCheck, kFoundWrong,
     "@kedge.yaml:9: sources[0].topcis: is not a known key (did you mean 'topics'?); known here: name, kind, brokers, "
     "topics, group, instance, start, properties, format, source, event_bytes, depth, reading"},
    {"WrongType", "kedge.yaml", "topics: [cloudtrail]", "topics: {cloudtrail: 1}", kCheck, kFoundWrong,
     "@kedge.yaml:9: sources[0].topics: must be a list"},
    {"NoGroup", "kedge.yaml", "    group: kedge\n", "", kCheck, kFoundWrong,
     "@kedge.yaml:7: sources[0]: 'group' is missing"},
    {"WrongRegularExpression", "kedge.yaml", "topics: [cloudtrail]", "topics: [a, \"^(\"]", kCheck, kFoundWrong,
     "@kedge.yaml:9: sources[0].topics[1]: `^(` is no POSIX extended regular expression: Unmatched ( or \\(; what does "
     "not begin with ^ is a name"},
    {"WrongBroker", "kedge.yaml", "127.0.0.1:1\"", "127.0.0.1:99999\"", kCheck, kFoundWrong,
     "@kedge.yaml:8: sources[0].brokers[0]: must be HOST:PORT with a port from 1 to 65535"},
    {"WrongProperty", "kedge.yaml", "session.timeout.ms", "sesion.timeout.ms", kCheck, kFoundWrong,
     "@kedge.yaml:13: sources[0].properties.sesion.timeout.ms: librdkafka VERSION has no such property; is "
     "`session.timeout.ms` meant?"},
    {"OwnedProperty", "kedge.yaml", "session.timeout.ms", "group.id", kCheck, kFoundWrong,
     "@kedge.yaml:13: sources[0].properties.group.id: is set by the engine: the setting `group` is used for it"},
    {"WrongMode", "kedge.yaml", "{first: shadow}", "{first: shadwo}", kCheck, kFoundWrong,
     "@kedge.yaml:5: rules.modes.first: 'shadwo' is not a mode; it is one of: off, shadow, canary, enforce"},
    {"ModeOfNoRule", "kedge.yaml", "{first: shadow}", "{firrst: shadow}", kCheck, kFoundWrong,
     "@kedge.yaml:5: rules.modes.firrst: there is no rule 'firrst' (did you mean 'first'?)"},
    {"WrongEndpoint", "kedge.yaml", "  region: us-east-1", "  region: us-east-1\n  endpoint: nowhere", kCheck,
     kFoundWrong,
     "@kedge.yaml:16: aws.endpoint: not a URL that can be used: it does not begin with http:// or https://"},
    {"WrongRegion", "kedge.yaml", "us-east-1", "US_EAST", kCheck, kFoundWrong,
     "@kedge.yaml:15: aws.region: not the name of an AWS region: \"US_EAST\""},
    {"NoSuchProfile", "kedge.yaml", "  region: us-east-1", "  region: us-east-1\n  profile: nobody", kCheck,
     kFoundWrong,
     "@kedge.yaml:16: aws.profile: profile nobody is neither in the shared configuration file nor in the credentials "
     "file: mend the name, or add it to ~/.aws/config"},
    {"WrongListen", "kedge.yaml", "127.0.0.1:0", "foo", kCheck, kFoundWrong,
     "@kedge.yaml:23: api.listen: must be ADDRESS:PORT with a port from 0 (any) to 65535, like 127.0.0.1:9464 or "
     "[::1]:9464"},
    // Secrets.
    {"MissingSecretFile", "kedge.yaml", "${file:secret}", "${file:none}", kCheck, kFoundWrong,
     "@kedge.yaml:21: notify.channels.security.secrets[0]: the secret's file: cannot open @none: No such file or "
     "directory; it must be there, and readable by the user that runs kedge"},
    {"MissingVariable", "kedge.yaml", "brokers: [\"127.0.0.1:1\"]", "brokers: [\"${env:NOPE}\"]", kCheck, kFoundWrong,
     "@kedge.yaml:8: sources[0].brokers[0]: the environment variable NOPE is not set; export it before kedge is "
     "started"},
    {"ReferenceInsideAText", "kedge.yaml", "http://127.0.0.1:1/", "http://127.0.0.1:1/${env:TOKEN}", kCheck,
     kFoundWrong,
     "@kedge.yaml:20: notify.channels.security.url: a reference is the whole value, \"${env:NAME}\" or "
     "\"${file:PATH}\", not a part of it: put the whole text into the variable or the file"},
    {"SecretThatIsNone", "secret", "whsec_", "", kCheck, kFoundWrong,
     "@kedge.yaml:21: notify.channels.security.secrets[0]: must be 'whsec_' and the base64 of 24 to 64 random bytes: "
     "make one with "
     "`echo whsec_$(openssl rand -base64 32)`"},
    {"KeyThatStandsTwice", "kedge.yaml", "    group: kedge\n", "    group: kedge\n    group: other\n", kCheck,
     kFoundWrong, "@kedge.yaml:11: sources[0].group: stands here a second time (first in line 10); leave one of them"},
    {"NoYaml", "kedge.yaml", "topics: [cloudtrail]", "topics: [cloudtrail", kCheck, kFoundWrong,
     "@kedge.yaml:10: cannot be read as YAML (end of sequence flow not found): look here and above for a bracket or a "
     "quote that is not closed, a tab, or an indentation that is not its neighbours'"},
    {"OtherVersion", "kedge.yaml", "version: 1", "version: 2", kCheck, kFoundWrong,
     "@kedge.yaml:1: version: '2' is no version that this engine reads: it reads 1"},
    {"RoleThatIsNone", "kedge.yaml", "  region: us-east-1",
     "  region: us-east-1\n  roles: {\"123456789012\": {arn: kedge}}", kCheck, kFoundWrong,
     "@kedge.yaml:16: aws.roles.123456789012.arn: 'kedge' is not the ARN of a role, like "
     "arn:aws:iam::123456789012:role/kedge"},
    {"AccountThatIsNone", "kedge.yaml", "  region: us-east-1",
     "  region: us-east-1\n  roles: {\"1234\": {arn: \"arn:aws:iam::123456789012:role/kedge\"}}", kCheck, kFoundWrong,
     "@kedge.yaml:16: aws.roles.1234: '1234' is not an account: its 12 digits, in quotes, or \"*\" for all others"},
    {"NoSuchGroup", "kedge.yaml", "  listen: 127.0.0.1:0", "  listen: 127.0.0.1:0\n  control_group: no-such-group",
     kCheck, kFoundWrong,
     "@kedge.yaml:24: api.control_group: there is no group 'no-such-group' on this machine; make it, or mend the "
     "name"},
    // Rules.
    {"NoRuleDirectory", "kedge.yaml", "directory: rules", "directory: nowhere", kCheck, kFoundWrong,
     "@kedge.yaml:4: rules.directory: the rule directory @nowhere cannot be read: No such file or directory; mend the "
     "path, or make it (kedge init shows how)"},
    {"LuaSyntax", "rules/first.lua", "title = \"a bucket\",", "title = \"a bucket\"", kCheck, kFoundWrong,
     "@rules/first.lua:3: '}' expected (to close '{' at line 1) near 'on'"},
    {"UnknownAction", "rules/first.lua", "block_public_access", "block_publc_access", kCheck, kFoundWrong,
     "@rules/first.lua:7: action.aws.s3 has no 'block_publc_access' (did you mean 'block_public_access'?) (rule first, "
     "test 'it fires' in first.test.lua:1)"},
    {"WrongArgument", "rules/first.lua", "{ bucket =", "{ bukcet =", kCheck, kFoundWrong,
     "@rules/first.lua:7: action.aws.s3.block_public_access: aws.s3.block_public_access has no argument 'bukcet' (did "
     "you mean 'bucket'?); it takes: bucket, account, region (rule first, test 'it fires' in first.test.lua:1)"},
    {"UnknownChannel", "rules/first.lua", "\"security\"", "\"securty\"", kCheck, kFoundWrong,
     "@rules/first.lua:1: rule first: notify: there is no channel 'securty' in notify.channels of @kedge.yaml (did you "
     "mean 'security'?)"},
    {"ExpectationOfATest", "rules/first.test.lua", "fires = true", "fires = false", kCheck, kFoundWrong,
     "@rules/first.test.lua:1: rule first: test 'it fires': expected not to fire, but it fires for "
     "arn:aws:s3:::photos"},
    // What is typed.
    {"NoConfiguration", "", "", "", "check -c @none.yaml", kUsedWrongly,
     "kedge: the configuration: cannot open @none.yaml: No such file or directory; name the file with -c, or make one "
     "with `kedge init DIRECTORY`"},
    {"NoSuchCommand", "", "", "", "chek", kUsedWrongly,
     "kedge: there is no command 'chek' (did you mean 'check'?); `kedge --help` lists all"},
    {"NoSuchCommandBelow", "", "", "", "audit lst", kUsedWrongly,
     "kedge: there is no command 'audit lst' (did you mean 'list'?); `kedge audit --help` lists all"},
    {"NoCommand", "", "", "", "audit", kUsedWrongly,
     "kedge: a command is missing behind `kedge audit`: one of list, show"},
    {"UnknownOption", "", "", "", "check --conect", kUsedWrongly,
     "kedge: there is no option --conect (did you mean '--connect'?); `kedge check --help` tells more"},
    {"UnknownOptionBesideNumbers", "", "", "", "dead-letter discard 99 --reason x", kUsedWrongly,
     "kedge: there is no option --reason; `kedge dead-letter discard --help` tells more"},
    {"OptionWithoutAValue", "", "", "", "check -c", kUsedWrongly,
     "kedge: --config needs a value behind it; `kedge check --help` tells more"},
    {"ArgumentTooMuch", "", "", "", "check extra", kUsedWrongly,
     "kedge: 'extra' is too much; `kedge check --help` tells more"},
    {"RequiredOption", "", "", "", "pause", kUsedWrongly,
     "kedge: --reason is required; `kedge pause --help` tells more"},
    {"NoNumber", "", "", "", "audit list --limit x", kUsedWrongly,
     "kedge: --limit: 'x' is no whole number that it takes; `kedge audit list --help` tells more"},
    {"UnknownOutput", "", "", "", "audit list -o jsn", kUsedWrongly,
     "kedge: --output: 'jsn' (did you mean 'json'?) is none of: table, json, csv; `kedge audit list --help` tells "
     "more"},
    {"UnknownTestFormat", "", "", "", "test --format jnit", kUsedWrongly,
     "kedge: --format: 'jnit' (did you mean 'junit'?) is none of: text, tap, junit; `kedge test --help` tells more"},
    {"UnknownActionName", "", "", "", "actions aws.s3.blok_public_access", kUsedWrongly,
     "kedge: there is no action 'aws.s3.blok_public_access' (did you mean 'aws.s3.block_public_access'?); `kedge "
     "actions` lists all"},
    {"TestOfNothing", "", "", "", "test --rules @rules nope.lua", kUsedWrongly,
     "kedge: there is neither a rule nor a test at 'nope.lua' below @rules"},
    {"PauseOfNoRule", "", "", "", "pause -c @kedge.yaml --scope rule:firrst --reason r", kUsedWrongly,
     "kedge: --scope: there is no rule 'firrst' in @rules (did you mean 'first'?); --force pauses it all the same"},
    {"ReplayAgainstNothing", "", "", "", "replay --rules @rules --events @event.json --against @none", kFoundWrong,
     "--against: the rule directory @none cannot be read: No such file or directory; mend the path, or make it (kedge "
     "init shows how)"},
    {"ExceptionFromNoRule", "", "", "",
     "exception add -c @kedge.yaml --rule firrst --target t --owner o --reason r --expires 30d", kUsedWrongly,
     "kedge: --rule: there is no rule 'firrst' in @rules (did you mean 'first'?); --force adds the exception all the "
     "same"},
    {"ForARunningDaemon", "", "", "", "source accept -c @kedge.yaml trail cloudtrail 0", kNotReached,
     "kedge: no daemon answers at @data/control.sock, and this is for a running one to do: start it with `kedge run`"},
    {"NoLedgerYet", "", "", "", "dead-letter list -c @kedge.yaml", kNotReached,
     "kedge: there is no ledger in @data (kedge run makes one)"},
};

TEST_P(MistakeOnTheCommandLine, IsToldInOneLineWithItsPlaceAndRemedy) {
  const Slip& slip = GetParam();
  if (*slip.file != '\0') change(slip.file, slip.what, slip.with);
  const Typed typed = type(slip.typed);
  EXPECT_EQ(typed.exit_code, slip.exit_code) << typed.out;
  std::string told = typed.err;
  const std::string version = rd_kafka_version_str();
  if (const size_t at = told.find(version); at != std::string::npos) told.replace(at, version.size(), "VERSION");
  EXPECT_EQ(told, slip.line + std::string("\n"));
}

INSTANTIATE_TEST_SUITE_P(Each, MistakeOnTheCommandLine, testing::ValuesIn(kSlips),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- the world outside ---------------------------------------------------------------------------------------------

class World : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    environment_["AWS_ENDPOINT_URL"] = aws_.url();
  }

  void aws_answers(int status, const std::string& code) {
    aws_.answer_otherwise(
        {status, {}, "<ErrorResponse><Error><Code>" + code + "</Code></Error></ErrorResponse>", "text/xml"});
  }

  // What `kedge check --connect` complains of, where there are no brokers to reach for.
  std::string complaint() {
    const std::string text = *read_file(path("kedge.yaml"), 1U << 20U);
    const size_t sources = text.find("sources:\n");
    const size_t aws = text.find("aws:\n");
    write("kedge.yaml", text.substr(0, sources) + "sources: []\n" + text.substr(aws));
    const Typed typed = type("check --connect -c @kedge.yaml");
    EXPECT_EQ(typed.exit_code, kNotReached);
    return typed.err;
  }

  HttpReceiver aws_;
};

constexpr const char* kNoSource = "@kedge.yaml: no source is configured: nothing will be read\n";

TEST_F(World, WithoutABrokerIsToldAtTheBrokersLine) {
  const Typed typed = type("check --connect --timeout 300ms -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kNotReached);
  EXPECT_THAT(typed.err, HasSubstr("@kedge.yaml:8: sources[0].brokers: no broker answers at 127.0.0.1:1: check "
                                   "`brokers`, and that one listens there"));
}

TEST_F(World, WithoutCredentialsSaysWhereItLookedAndWhatToSet) {
  environment_ = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", aws_.url()}, {"AWS_ENDPOINT_URL", aws_.url()}};
  aws_.answer_otherwise({403});
  const std::string places =
      "no AWS credentials: looked at aws.credentials, AWS_ACCESS_KEY_ID, profile default, AWS_WEB_IDENTITY_TOKEN_FILE, "
      "the container's credentials; ";
  const std::string remedy =
      "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (aws.profile) or aws.credentials, or give the "
      "instance a role\n";
  EXPECT_EQ(complaint(), kNoSource + ("@kedge.yaml:7: aws: " + places) +
                             "the instance's metadata service: it answered HTTP 403" + remedy);
  environment_["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_EQ(type("check --connect -c @kedge.yaml").err,
            kNoSource + ("@kedge.yaml:7: aws: " + places) +
                "the instance's metadata service is switched off (AWS_EC2_METADATA_DISABLED)" + remedy);
  EXPECT_EQ(type("test -c @kedge.yaml").exit_code, kGood) << "whoever never asks AWS needs no credentials";
}

TEST_F(World, WhoseClockIsAnotherIsToldSo) {
  aws_answers(403, "RequestExpired");
  EXPECT_EQ(
      complaint(),
      kNoSource + std::string("@kedge.yaml:7: aws: sts GetCallerIdentity: RequestExpired; this machine's clock is "
                              "wrong by more than AWS allows: set it (timedatectl set-ntp true), and see that "
                              "nothing between here and AWS changes the Date of answers\n"));
}

TEST_F(World, ThatDeniesAccessIsToldWithThePermission) {
  aws_answers(403, "AccessDenied");
  EXPECT_THAT(complaint(), HasSubstr("@kedge.yaml:7: aws: sts GetCallerIdentity: AccessDenied; it needs the permission "
                                     "sts:GetCallerIdentity"));
}

TEST_F(World, ThatDoesNotKnowTheKeySaysWhatToLookAt) {
  aws_answers(403, "InvalidClientTokenId");
  EXPECT_THAT(complaint(), HasSubstr("InvalidClientTokenId; AWS does not know the access key: is it active"));
}

TEST_F(World, WithoutAnAnswerNamesTheSettings) {
  environment_["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1";
  EXPECT_THAT(complaint(), HasSubstr("; check aws.endpoint and aws.region, and that this machine may connect there"));
}

TEST_F(World, ThatLendsNoRoleIsToldWithThePrincipal) {
  change("kedge.yaml", "  region: us-east-1\n",
         "  region: us-east-1\n  roles:\n    \"222222222222\": {arn: \"arn:aws:iam::222222222222:role/kedge\"}\n");
  aws_.answer_by([](const HttpReceiver::Request& request) -> HttpReceiver::Answer {
    if (request.body.find("GetCallerIdentity") == std::string::npos) {
      return {403, {}, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", "text/xml"};
    }
    return {200,
            {},
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:user/kedge</Arn>"
            "<Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
            "text/xml"};
  });
  const std::string told = complaint();
  EXPECT_THAT(told, HasSubstr("@kedge.yaml:10: aws.roles.222222222222.arn: sts AssumeRole: AccessDenied"));
  EXPECT_THAT(told, HasSubstr("arn:aws:iam::111111111111:user/kedge needs the permission sts:AssumeRole on "
                              "arn:aws:iam::222222222222:role/kedge, and the role's trust policy has to name it"));
}

// ---- what is good --------------------------------------------------------------------------------------------------

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

TEST_F(CommandLine, CheckNotesWhatARuleAsksForAndNobodyObeysYet) {
  change("rules/first.lua", "respond =", "limits = { per_hour = 5 }, throttle = \"15m\", approval = 1, respond =");
  const Typed typed = type(kCheck);
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_EQ(typed.err,
            "@rules/first.lua:1: rule first: limits: is not evaluated yet: what the rule finds is held until somebody "
            "approves it\n"
            "@rules/first.lua:1: rule first: throttle: is recorded, and nothing obeys it yet\n");
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
guards: {zzz: 1}
notify: {channels: {c: {kind: slack, url: "http://127.0.0.1:1/", zzz: 1}}, zzz: 1}
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
      EXPECT_THAT(written, testing::ContainsRegex("[ {#]*" + key + ":")) << line;
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
  EXPECT_EQ(type("replay --rules @rules --events @events.jsonl --against @old").exit_code, kGood);
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

TEST_F(CommandLine, AuditListKnowsWhichKindsOfRecordsThereAre) {
  const Typed typed = type("audit list -c @kedge.yaml --kind plan,plam");
  EXPECT_EQ(typed.exit_code, kUsedWrongly);
  EXPECT_THAT(typed.err, HasSubstr("--kind: there is no kind 'plam' (did you mean 'plan'?); there are: alarm, "));
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
