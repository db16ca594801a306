// A tree's known good state, as people type it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "tests/app/typed.h"

namespace kedge {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class CommandBaseline : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    write("tree/etc/config", "one");
    write("tree/usr/bin/tool", "tool");
    ASSERT_EQ(chmod(path("tree/usr/bin/tool").c_str(), 0755), 0);
    for (const char* name : {"key", "other"}) {
      ASSERT_EQ(type("audit keygen --origin " + std::string(name) + ".example.com --output @" + name).exit_code, kGood);
    }
  }

  std::string read(const std::string& name) { return read_file(path(name)).value(); }

  void create(const std::string& options = "") {
    const Typed made = type("baseline create --root @tree --output @m " + options);
    ASSERT_EQ(made.exit_code, kGood) << made.err;
  }
  Typed verify(const std::string& options = "") { return type("baseline verify --root @tree @m " + options); }
};

TEST_F(CommandBaseline, SaysNothingOfATreeThatIsTheSame) {
  const Typed made = type("baseline create --root @tree --output @m");
  EXPECT_EQ(made.exit_code, kGood);
  EXPECT_THAT(made.out, StartsWith("@m: 6 entries, 2 files of 7 bytes, sha256 "));
  EXPECT_THAT(made.err, HasSubstr("it is unsigned"));
  const Typed verified = verify();
  EXPECT_EQ(verified.exit_code, kGood);
  EXPECT_EQ(verified.out, "");
  EXPECT_THAT(verified.err, HasSubstr("@m is unsigned"));
}

TEST_F(CommandBaseline, SaysWhatDiffersOnALineEach) {
  create();
  write("tree/usr/bin/tool", "tOOl");
  ASSERT_EQ(chmod(path("tree/usr/bin/tool").c_str(), 04755), 0);
  write("tree/new", "");
  const Typed verified = verify();
  EXPECT_EQ(verified.exit_code, kFoundWrong);
  EXPECT_THAT(verified.out,
              MatchesRegex("added new\nmodified usr/bin/tool: sha256 [0-9a-f]+…→[0-9a-f]+…, mode 0755→4755\n"));
  const Typed json = verify("--output json");
  EXPECT_EQ(json.exit_code, kFoundWrong);
  const auto told = parse_json(json.out);
  ASSERT_TRUE(told) << json.out;
  EXPECT_EQ((*told)["same"], false);
  EXPECT_EQ((*told)["differences"][1]["path"], "usr/bin/tool");
  EXPECT_EQ((*told)["differences"][1]["changes"][1]["after"], "4755");
  EXPECT_THAT(verify("--output csv").out, StartsWith("kind,path,changes,package\r\nadded,new,"));
}

TEST_F(CommandBaseline, IsTrustedOnlyAsItWasSigned) {
  create("--key @key");
  EXPECT_THAT(verify().err, HasSubstr("is signed, and by whom was not verified"));
  EXPECT_EQ(verify("--key @key.pub").exit_code, kGood);
  const Typed other = verify("--key @other.pub");
  EXPECT_EQ(other.exit_code, kUsedWrongly);
  EXPECT_THAT(other.err, HasSubstr("@m: "));
  change("m", "mode=0755 nlink", "mode=4755 nlink");
  const Typed changed = verify("--key @key.pub");
  EXPECT_EQ(changed.exit_code, kUsedWrongly);
  EXPECT_THAT(changed.err, HasSubstr("@m:10: the note is about another manifest"));
  create();
  EXPECT_THAT(verify("--key @key.pub").err, HasSubstr("@m: it is unsigned"));
}

TEST_F(CommandBaseline, NamesALineThatIsWrong) {
  create();
  change("m", "type=dir", "type=dirt");
  const Typed verified = verify();
  EXPECT_EQ(verified.exit_code, kUsedWrongly);
  EXPECT_THAT(verified.err, HasSubstr("@m:3: there is no type 'dirt'"));
  EXPECT_EQ(type("baseline verify --root @tree @nothing").exit_code, kUsedWrongly);
  create();
  EXPECT_EQ(type("baseline verify --root @nothing @m").exit_code, kNotReached);
}

TEST_F(CommandBaseline, MakesTheSameBytesWhenLessIsRead) {
  create("--key @key");
  const Typed again = type("baseline create --root @tree --output @again --previous @m --key @key");
  EXPECT_EQ(again.exit_code, kGood) << again.err;
  EXPECT_EQ(read("again"), read("m"));
  const Typed stranger = type("baseline create --root @tree --output @again --previous @m --key @other");
  EXPECT_EQ(stranger.exit_code, kUsedWrongly);
  EXPECT_THAT(stranger.err, HasSubstr("taken over only from what it signed"));
  std::filesystem::remove(path("m.seen"));
  EXPECT_THAT(verify("--quick").err, HasSubstr("every file is read: "));
}

TEST_F(CommandBaseline, AcceptsAPlannedChangeAndNoOther) {
  create("--key @key");
  std::filesystem::copy_file(path("m"), path("before"));
  write("tree/etc/config", "two");
  write("tree/usr/bin/tool", "evil");
  const std::string accept = "baseline accept --root @tree --baseline @m --owner alice --reason planned --path /etc/ ";
  EXPECT_THAT(type(accept).err, HasSubstr("it is signed: --key FILE signs it again"));
  EXPECT_EQ(type(accept + "--key @other").exit_code, kUsedWrongly);
  EXPECT_EQ(read("m"), read("before"));
  const Typed accepted = type(accept + "--key @key");
  EXPECT_EQ(accepted.exit_code, kGood) << accepted.err;
  EXPECT_THAT(accepted.out,
              AllOf(StartsWith("accepted: modified etc/config: sha256 "), HasSubstr("@m: 1 difference accepted")));
  EXPECT_THAT(read("m"),
              MatchesRegex("(.|\n)*#accepted time=[^ ]* owner=alice reason=planned by=tester previous=[0-9a-f]+ "
                           "differences=1 path=etc\n(.|\n)*"));
  const Typed verified = verify("--key @key.pub");
  EXPECT_EQ(verified.exit_code, kFoundWrong);
  EXPECT_THAT(verified.out, AllOf(StartsWith("modified usr/bin/tool: "), Not(HasSubstr("etc"))));
  EXPECT_THAT(verify("--quick").out, verified.out);
  const Typed diff = type("baseline diff @before @m");
  EXPECT_EQ(diff.exit_code, kFoundWrong);
  EXPECT_THAT(diff.out, StartsWith("modified etc/config: "));
  EXPECT_EQ(type("baseline diff @m @m").exit_code, kGood);
  EXPECT_THAT(type(accept + "--key @key").out, StartsWith("nothing differs there"));
}

TEST_F(CommandBaseline, AcceptsNothingBelowADirectoryThatIsNotAccepted) {
  create();
  write("tree/a/b", "x");
  const std::string accept = "baseline accept --root @tree --baseline @m --owner alice --reason planned --path ";
  EXPECT_THAT(type(accept + "a/b").err, HasSubstr("a path lies in a directory that is not accepted"));
  EXPECT_EQ(type(accept + "a").exit_code, kGood);
  EXPECT_EQ(verify().exit_code, kGood);
}

TEST_F(CommandBaseline, RemembersWhatIsExcluded) {
  create("--exclude etc/* --exclude *.log");
  write("tree/etc/more", "x");
  write("tree/usr/some.log", "x");
  EXPECT_EQ(verify().exit_code, kGood);
}

}  // namespace
}  // namespace kedge
