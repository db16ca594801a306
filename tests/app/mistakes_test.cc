// Each mistake that somebody who types can make has its one line and its exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "base/files.h"
#include "tests/app/typed.h"
#include "tests/support/http_receiver.h"

namespace kedge {
namespace {

using testing::HasSubstr;

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
     "kedge: a command is missing behind `kedge audit`: one of list, show, why, stats, report, export, verify, prove, "
     "check-proof, keygen"},
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
    {"PauseOfNoScope", "", "", "", "pause -c @kedge.yaml --scope firrst --reason r", kUsedWrongly,
     "kedge: pause: scope: must be all, rule:ID or account:ID with its 12 digits"},
    {"ExceptionThatIsOver", "", "", "",
     "exception add -c @kedge.yaml --rule first --target t --owner o --reason r --expires 2020-01-01T00:00:00Z",
     kUsedWrongly, "kedge: exception.add: expires: 2020-01-01T00:00:00.000000Z is over already"},
    {"NoSuchProfileForATest", "kedge.yaml", "  region: us-east-1", "  region: us-east-1\n  profile: nobody",
     "test -c @kedge.yaml", kFoundWrong,
     "@kedge.yaml:16: aws.profile: profile nobody is neither in the shared configuration file nor in the credentials "
     "file: mend the name, or add it to ~/.aws/config"},
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

TEST_F(World, WithoutAPlaceForCheckpointsIsToldAtThePlacesLine) {
  change("kedge.yaml", "api:\n",
         "audit:\n  keys: [audit.key]\n  publish_to:\n    - file: not-mounted/checkpoints\n"
         "    - kafka: {brokers: \"127.0.0.1:1\", topic: checkpoints}\napi:\n");
  const Typed typed = type("check --connect --timeout 300ms -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kNotReached);
  EXPECT_THAT(typed.err, HasSubstr("@kedge.yaml:25: audit.publish_to[0].file: cannot write in @not-mounted: No such "
                                   "file or directory"));
  EXPECT_THAT(typed.err,
              HasSubstr("@kedge.yaml:26: audit.publish_to[1].kafka.brokers: no broker answers at 127.0.0.1:1"));
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

}  // namespace
}  // namespace kedge
