// kedge audit verify, prove, check-proof and keygen, as somebody who types them sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "tests/app/typed.h"
#include "tests/audit/log_files.h"
#include "tests/audit/reference_tree.h"

namespace kedge {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class CommandAudit : public CommandLine {
 protected:
  void SetUp() override {}  // no configuration: none is needed

  void make(const std::vector<std::string>& entries) {
    std::filesystem::remove_all(path("log"));
    for (const auto& [name, bytes] : log_files(entries)) write("log/" + name, bytes);
    write("key.pub", vectors::kVerifierKey + "\n");
  }
};

TEST_F(CommandAudit, VerifyTellsWhatItReadWithTheKeyOrAFileOfIt) {
  make(vectors::kEntries);
  for (const std::string& key : {vectors::kVerifierKey, std::string("@key.pub")}) {
    const Typed typed = type("audit verify @log --key " + key);
    EXPECT_EQ(typed.exit_code, kGood) << typed.err;
    EXPECT_EQ(typed.out,
              "log example.com/drift-audit: 5 entries, 15 bytes, root +Fu4gJJxx/5p5SIA2oCAnTR6ocHalvh92+lGdnxKBds=\n"
              "nothing is wrong with it\n");
  }
}

TEST_F(CommandAudit, VerifyNamesTheFirstBadEntryAndFile) {
  auto entries = numbered_entries(300);
  make(entries);
  std::string bundle = *read_file(path("log/tile/entries/001.p/44"));
  bundle.back() = '!';
  write("log/tile/entries/001.p/44", bundle);
  const Typed typed = type("audit verify @log --key @key.pub");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.out, HasSubstr("299    tile/entries/001.p/44  the entry is not what was signed"));
  EXPECT_THAT(typed.out, HasSubstr("it is not what was signed\n"));
  EXPECT_THAT(typed.out, HasSubstr("log example.com/drift-audit: 300 entries, root "))
      << "not how many bytes were read";
  const auto json = nlohmann::json::parse(type("audit verify @log --key @key.pub --output json").out);
  EXPECT_EQ(json["good"], false);
  EXPECT_EQ(json["size"], 300);
  EXPECT_EQ(json["faults"][0]["entry"], 299);
  EXPECT_THAT(type("audit verify @log --key @key.pub --output csv").out,
              HasSubstr("entry,file,message\r\n299,tile/entries/001.p/44,"));
}

TEST_F(CommandAudit, VerifyShowsThatTheLogExtendsOldCheckpointsOrThatItDoesNot) {
  const auto entries = numbered_entries(300);
  make(entries);
  write("q1", checkpoint_of({entries.begin(), entries.begin() + 100}));
  write("q2", checkpoint_of({entries.begin(), entries.begin() + 200}));
  write("later", checkpoint_of(numbered_entries(301)));
  const Typed good = type("audit verify @log --key @key.pub --against @q1 --against @q2");
  EXPECT_EQ(good.exit_code, kGood);
  EXPECT_THAT(good.out, HasSubstr("it extends @q1\nit extends @q2\n"));
  const Typed cut = type("audit verify @log --key @key.pub --against @later");
  EXPECT_EQ(cut.exit_code, kFoundWrong);
  EXPECT_THAT(cut.out, HasSubstr("the log had 301 entries, and has 300"));
  write("all", *read_file(path("q1")) + *read_file(path("q2")));
  EXPECT_THAT(type("audit verify @log --key @key.pub --against @all").out,
              HasSubstr("it extends all 2 checkpoints of @all"));
  const auto json = nlohmann::json::parse(type("audit verify @log --key @key.pub --against @all --output json").out);
  EXPECT_EQ(json["extends"][0]["checkpoints"], 2);
}

TEST_F(CommandAudit, VerifySaysWhatItCouldNotReadAndWhatIsNoKey) {
  make(vectors::kEntries);
  EXPECT_EQ(type("audit verify @nothing --key @key.pub").exit_code, kNotReached);
  EXPECT_EQ(type("audit verify @log --key @key.pub --against @nothing").exit_code, kNotReached);
  EXPECT_EQ(type("audit verify @log").exit_code, kUsedWrongly);
  Typed typed = type("audit verify @log --key @nothing");
  EXPECT_EQ(typed.exit_code, kUsedWrongly);
  EXPECT_THAT(typed.err, HasSubstr("--key: cannot open @nothing"));
  const std::string secret = "PRIVATE+KEY+example.com/drift-audit+7ef53dd0+AQABAgM";
  write("secret", secret + "\n");
  typed = type("audit verify @log --key @secret");
  EXPECT_EQ(typed.exit_code, kUsedWrongly);
  EXPECT_EQ(typed.err, "kedge: --key: @secret is a signing key, a secret: give its .pub, @secret.pub\n");
  typed = type("audit verify @log --key " + secret);
  EXPECT_EQ(typed.exit_code, kUsedWrongly);
  EXPECT_EQ(typed.err, "kedge: --key: this is a signing key, a secret: give the line of its .pub\n");
  typed = type("audit verify @log --key example.com/drift-audit+7ef53dd1+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
  EXPECT_EQ(typed.exit_code, kUsedWrongly);
  EXPECT_THAT(typed.err, HasSubstr("its id is 7ef53dd1, but its name and key make 7ef53dd0"));
}

TEST_F(CommandAudit, ProveMakesAProofThatNeedsNoLog) {
  make(vectors::kEntries);
  ASSERT_EQ(type("audit prove 2 --log @log --output-file @2.tlog-proof --record-file @2.json").exit_code, kGood);
  EXPECT_EQ(*read_file(path("2.json")), vectors::kEntries[2]);
  EXPECT_EQ(*read_file(path("2.tlog-proof")), type("audit prove 2 --log @log").out);
  std::filesystem::remove_all(path("log"));
  const Typed good = type("audit check-proof @2.tlog-proof --key @key.pub --record @2.json");
  EXPECT_EQ(good.exit_code, kGood) << good.err;
  EXPECT_EQ(good.out, "@2.json is entry 2 of the log example.com/drift-audit, whose owner signed it at 5 entries\n");
  write("2.json", "{\"seq\":3}");
  const Typed bad = type("audit check-proof @2.tlog-proof --key @key.pub --record @2.json");
  EXPECT_EQ(bad.exit_code, kFoundWrong);
  EXPECT_THAT(bad.err, HasSubstr("@2.tlog-proof: this is not entry 2 of the log example.com/drift-audit"));
}

TEST_F(CommandAudit, ProveSaysWhatIsNotThereAndWhatIsBroken) {
  make(vectors::kEntries);
  Typed typed = type("audit prove 5 --log @log");
  EXPECT_EQ(typed.exit_code, kUsedWrongly);
  EXPECT_THAT(typed.err, HasSubstr("a log of 5 entries has no entry 5"));
  EXPECT_EQ(type("audit prove 1 --log @nothing").exit_code, kNotReached);
  write("log/tile/entries/000.p/5", from_hex("000000016200097b22736571223a327d000300010200026534").value());
  typed = type("audit prove 1 --log @log");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.err, HasSubstr("`kedge audit verify`"));
}

TEST_F(CommandAudit, CheckProofNamesTheLineThatIsWrong) {
  write("key.pub", vectors::kVerifierKey + "\n");
  write("record", "x");
  write("proof", "c2sp.org/tlog-proof@v1\nindex two\n\n");
  const Typed typed = type("audit check-proof @proof --key @key.pub --record @record");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.err, HasSubstr("@proof: line 2 is not 'index NUMBER'"));
  EXPECT_EQ(type("audit check-proof @none --key @key.pub --record @record").exit_code, kNotReached);
}

TEST_F(CommandAudit, KeygenPutsNoSecretIntoALog) {
  make(vectors::kEntries);
  std::filesystem::create_directories(path("log/deep/down"));
  for (const char* where : {"log/key", "log/deep/down/key", "log/deep/../key", "log/tile/key"}) {
    const Typed typed = type("audit keygen --origin audit.example/kedge --output @" + std::string(where));
    EXPECT_EQ(typed.exit_code, kUsedWrongly) << where;
    EXPECT_THAT(typed.err, HasSubstr("is in the log's directory @log: ")) << where;
    EXPECT_FALSE(std::filesystem::exists(path(where))) << where;
  }
  std::filesystem::remove(path("log/checkpoint"));
  EXPECT_EQ(type("audit keygen --origin audit.example/kedge --output @log/key").exit_code, kUsedWrongly) << "tile/";
  EXPECT_EQ(type("audit keygen --origin audit.example/kedge --output @beside").exit_code, kGood);
}

TEST_F(CommandAudit, VerifyWarnsOfASigningKeyInTheLogsDirectory) {
  make(vectors::kEntries);
  ASSERT_EQ(type("audit keygen --origin audit.example/kedge --output @secret").exit_code, kGood);
  EXPECT_EQ(type("audit verify @log --key " + vectors::kVerifierKey).err, "");
  for (const char* where : {"log/key", "log/backup/key", "log/tile/key", "log/blobs/key"}) {
    std::filesystem::create_directories(std::filesystem::path(path(where)).parent_path());
    std::filesystem::copy(path("secret"), path(where));
    const Typed typed = type("audit verify @log --key " + vectors::kVerifierKey);
    EXPECT_EQ(typed.exit_code, kGood) << "what was signed is whole";
    EXPECT_THAT(typed.err, HasSubstr(std::string(where).substr(4) + " in the log's directory is a signing key"));
    EXPECT_THAT(typed.err, Not(HasSubstr("PRIVATE")));
    std::filesystem::remove(path(where));
  }
}

// Names are the owner's to choose, who would have it look better than it is.
TEST_F(CommandAudit, VerifyLetsNoNameOfAFileSteerTheTerminal) {
  make(vectors::kEntries);
  ASSERT_EQ(type("audit keygen --origin audit.example/kedge --output @secret").exit_code, kGood);
  const std::string steering =
      "\x1b[8A\x1b[Jnothing is wrong with it\r\xc2\x9b"
      "2K\xe2\x80\xae";
  std::filesystem::copy(path("secret"), path("log/tile/x" + steering));
  for (const char* output : {"table", "csv"}) {
    const Typed typed = type("audit verify @log --key " + vectors::kVerifierKey + " --output " + output);
    const std::string told = typed.out + typed.err;
    EXPECT_THAT(
        told,
        HasSubstr("tile/x\\u{1b}[8A\\u{1b}[Jnothing is wrong with it\\u{d}\\u{9b}2K\\u{202e} is no file of a log"));
    EXPECT_THAT(typed.err, HasSubstr("kedge: tile/x\\u{1b}[8A"));
    for (const char* raw : {"\x1b", "\xc2\x9b", "\xe2\x80\xae"}) EXPECT_THAT(told, Not(HasSubstr(raw)));
  }
}

// Each engine has a log of its own, and one that came to its end is followed by another.
TEST_F(CommandAudit, VerifyTakesSeveralLogsAndTellsOfEachByItself) {
  make(vectors::kEntries);
  const SigningKey other = SigningKey::from_seed("example.com/other", std::string(32, 'o')).value();
  for (const auto& [name, bytes] : log_files(numbered_entries(300), other)) write("other/" + name, bytes);
  write("other.pub", other.verifier().to_text() + "\n");
  write("kept", checkpoint_of(vectors::kEntries));
  write("kept-other", checkpoint_of(numbered_entries(7), other) + checkpoint_of(numbered_entries(300), other));
  const std::string with_keys = " --key @key.pub --key @other.pub --against @kept-other --against @kept";
  const Typed good = type("audit verify @log @other" + with_keys);
  EXPECT_EQ(good.exit_code, kGood) << good.err << good.out;
  EXPECT_THAT(good.out, MatchesRegex("@log:\nlog example.com/drift-audit: 5 entries, .*\nit extends @kept\n"
                                     "nothing is wrong with it\n"
                                     "@other:\nlog example.com/other: 300 entries, .*\n"
                                     "it extends all 2 checkpoints of @kept-other\nnothing is wrong with it\n"));
  EXPECT_EQ(type("audit verify @log @other --key @key.pub").exit_code, kFoundWrong) << "the other one's key";

  std::string bundle = *read_file(path("other/tile/entries/001.p/44"));
  bundle.back() = '!';
  write("other/tile/entries/001.p/44", bundle);
  for (const char* logs : {"@log @other", "@other @log"}) {
    const Typed bad = type(std::string("audit verify ") + logs + with_keys);
    EXPECT_EQ(bad.exit_code, kFoundWrong);
    EXPECT_THAT(bad.out, HasSubstr("@other:\nENTRY  FILE"));
    EXPECT_THAT(bad.out, HasSubstr("nothing is wrong with it\n")) << "the other one";
  }
  EXPECT_THAT(type("audit verify @log @other --output csv" + with_keys).out,
              MatchesRegex("log,entry,file,message\r\n@other,299,tile/entries/001.p/44,[^\n]*\n"
                           "@other,,@kept-other:6,[^\n]*\n"));
  const auto json = nlohmann::json::parse(type("audit verify @log @other --output json" + with_keys).out);
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["good"], true);
  EXPECT_EQ(json[0]["extends"][0]["checkpoints"], 1);
  EXPECT_EQ(json[1]["directory"], "@other");
  EXPECT_EQ(json[1]["faults"][0]["entry"], 299);

  const Typed none = type("audit verify @log @nowhere" + with_keys);
  EXPECT_EQ(none.exit_code, kNotReached);
  EXPECT_THAT(none.err, HasSubstr("kedge: @nowhere is not a directory\n"));
  EXPECT_THAT(none.out, HasSubstr("@log:\nlog example.com/drift-audit: 5 entries"))
      << "the rest is looked at, and not held against what is kept of the other";
}

TEST_F(CommandAudit, VerifyHoldsACheckpointOfNoneOfTheLogsAgainstEach) {
  make(vectors::kEntries);
  const SigningKey other = SigningKey::from_seed("example.com/other", std::string(32, 'o')).value();
  write("other.pub", other.verifier().to_text() + "\n");
  write("kept", checkpoint_of(numbered_entries(7), other));
  const Typed typed = type("audit verify @log @log --key @key.pub --key @other.pub --against @kept");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.out, HasSubstr("it is of the log example.com/other, not of example.com/drift-audit"));
}

TEST_F(CommandAudit, VerifySaysThatNoLogLiesInADirectoryWithoutOne) {
  write("other/notes", "of a person");
  write("key.pub", vectors::kVerifierKey + "\n");
  const Typed typed = type("audit verify @other --key @key.pub");
  EXPECT_EQ(typed.exit_code, kNotReached);
  EXPECT_EQ(typed.err, "kedge: no log lies in @other: it has neither a checkpoint nor tile/\n");
}

TEST_F(CommandAudit, KeygenWritesTheSecretToItsFileAlone) {
  write("here", "");
  const Typed made = type("audit keygen --origin audit.example/kedge --output @key");
  EXPECT_EQ(made.exit_code, kGood) << made.err;
  EXPECT_EQ(made.out, *read_file(path("key.pub")));
  EXPECT_THAT(made.out + made.err, Not(HasSubstr("PRIVATE")));
  EXPECT_THAT(*read_file(path("key")), HasSubstr("PRIVATE+KEY+audit.example/kedge+"));
  const Typed again = type("audit keygen --origin audit.example/kedge --output @key");
  EXPECT_EQ(again.exit_code, kUsedWrongly);
  EXPECT_THAT(again.err, HasSubstr("@key.pub is there already"));
  for (const char* url : {"https://audit.example/kedge", "HTTPS://audit.example/kedge", "s3://audit.example/kedge/",
                          "audit.example/kedge//"}) {
    const Typed refused = type("audit keygen --output @key2 --origin " + std::string(url));
    EXPECT_EQ(refused.exit_code, kUsedWrongly) << url;
    EXPECT_THAT(refused.err, EndsWith(": --origin audit.example/kedge\n"));
    EXPECT_FALSE(std::filesystem::exists(path("key2")));
  }
  const Typed unnamed = type("audit keygen --origin a+b --output @key2");
  EXPECT_EQ(unnamed.exit_code, kUsedWrongly);
  EXPECT_THAT(unnamed.err, HasSubstr("has a +"));
}

}  // namespace
}  // namespace kedge
