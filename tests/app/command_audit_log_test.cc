// The trail as a reviewer has it: a copy of the audit log, and nothing else of the engine's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <streambuf>

#include "app/audit_log.h"
#include "base/files.h"
#include "base/random.h"
#include "ledger/sqlite_ledger.h"
#include "tests/app/typed.h"
#include "tests/ledger/fixtures.h"
#include "tests/support/fake_clock.h"
#include "trail/record_index.h"

namespace kedge {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kBucket = "arn:aws:s3:::photos";

class CommandAuditLog : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    ASSERT_EQ(type("audit keygen --origin example.com/kedge --output @key").exit_code, kGood);
    change("kedge.yaml", "api:\n", "audit: {keys: [key]}\napi:\n");
    apply({sample_rules(), batch_of({sample_finding(1, kBucket, clock_.now())})});
    apply({sample_start(sample_id(1), kBucket, 2)});
    publish();
  }

  void apply(const std::vector<Change>& changes) {
    SqliteLedgerOptions options;
    options.directory = path("data");
    const auto ledger = open_sqlite_ledger(options, clock_, random_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    for (const Answer& answer : (*ledger)->apply(changes)) ASSERT_TRUE(answer.done()) << answer.error.message;
  }

  // As an engine does that is started and stopped.
  void publish() {
    const auto reader = open_sqlite_reader(path("data"));
    AuditOptions options;
    options.keys = {path("key")};
    options.blobs = blobs_;
    const auto log = AuditLog::start(options, path("data"), **reader, clock_);
    ASSERT_TRUE(log) << log.error().message;
    (*log)->stop();
  }

  // What the reviewer gets, and that the engine's directory is gone.
  void hand_over() {
    std::filesystem::copy(path("data/audit"), path("copy"), std::filesystem::copy_options::recursive);
    std::filesystem::remove_all(path("data"));
    std::filesystem::remove(path("kedge.yaml"));
  }

  BlobsBesideLog blobs_ = BlobsBesideLog::parts;
  SystemClock clock_;
  Random random_{1};
};

TEST_F(CommandAuditLog, AnswersFromTheLogAloneWhatTheEngineAnswers) {
  const std::string commands[] = {"audit list",
                                  "audit list --kind plan --target photos --output json",
                                  "audit show " + sample_id(1),
                                  "audit stats --by rule",
                                  "audit export --format jsonl",
                                  "audit export --format csv",
                                  "audit export --format cloudevents"};
  std::vector<std::string> expected;
  for (const std::string& command : commands) {
    const Typed typed = type(command + " -c @kedge.yaml");
    EXPECT_EQ(typed.exit_code, kGood) << command << typed.err;
    expected.push_back(typed.out);
  }
  hand_over();
  for (const char* index : {"", " --index @index"}) {
    for (size_t i = 0; i < expected.size(); ++i) {
      if (*index != '\0' && commands[i].find("list") == std::string::npos) continue;
      const Typed typed = type(commands[i] + " --log @copy" + index);
      EXPECT_EQ(typed.exit_code, kGood) << commands[i] << typed.err;
      EXPECT_EQ(typed.out, expected[i]) << commands[i] << index;
    }
  }
  EXPECT_EQ((*RecordIndex::open(path("index")))->next(), 4);
  const Typed report = type("audit report --log @copy " + sample_id(1));
  EXPECT_EQ(report.exit_code, kGood) << report.err;
  EXPECT_THAT(report.out, HasSubstr(kBucket));
}

// A plan that is too large for its record; and the event, which only this setting hands over.
TEST_F(CommandAuditLog, KnowsWhatRecordsNameByDigestFromWhatLiesBesideTheLog) {
  Finding large = sample_finding(2, kBucket + std::string("-large"), clock_.now());
  large.plan.revert[0].args["text"] = std::string(70'000, 'x');
  blobs_ = BlobsBesideLog::all;
  apply({batch_of({large})});
  publish();
  const std::string commands[] = {"audit show --output json " + sample_id(2), "audit export --format csv --after 3",
                                  "audit export --format ocsf --after 3"};
  std::vector<std::string> expected;
  for (const std::string& command : commands) expected.push_back(type(command + " -c @kedge.yaml").out);
  EXPECT_THAT(expected[0], HasSubstr(std::string(70'000, 'x')));
  EXPECT_THAT(expected[0], HasSubstr(R"("id": "event-2")")) << "the event";
  hand_over();
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(type(commands[i] + " --log @copy").out, expected[i]) << i;
  EXPECT_THAT(type("audit verify @copy --key @key.pub").out,
              HasSubstr("3 blobs beside it; of those that records name as parts of theirs, 0 are not there"));
  std::filesystem::remove_all(path("copy/blobs"));
  const Typed without = type("audit verify @copy --key @key.pub");
  EXPECT_EQ(without.exit_code, kGood) << "what is missing was never signed";
  EXPECT_THAT(without.out,
              HasSubstr("0 blobs beside it; of those that records name as parts of theirs, 2 are not there"));
  EXPECT_EQ(type("audit show --log @copy " + sample_id(2)).exit_code, kGood);
}

TEST_F(CommandAuditLog, ProvesEachRecordOfARemediation) {
  const Typed of_engine = type("audit prove " + sample_id(1) + " -c @kedge.yaml --output-directory @engine");
  EXPECT_EQ(of_engine.exit_code, kGood) << of_engine.err;
  hand_over();
  const std::string id = sample_id(1).substr(0, 12);
  const Typed proven = type("audit prove " + id + " --log @copy --index @index --output-directory @proofs");
  EXPECT_EQ(proven.exit_code, kGood) << proven.err;
  std::filesystem::remove_all(path("copy"));
  for (const char* proofs : {"@proofs", "@engine", "@proofs/2.tlog-proof @proofs/3.tlog-proof"}) {
    const Typed checked = type("audit check-proof --key @key.pub " + std::string(proofs));
    EXPECT_EQ(checked.exit_code, kGood) << checked.err;
    EXPECT_THAT(checked.out, HasSubstr("2.json is entry 2 of the log example.com/kedge"));
    EXPECT_THAT(checked.out, HasSubstr("3.json is entry 3 of the log example.com/kedge"));
  }
  change("proofs/2.json", kBucket, "arn:aws:s3:::others");
  std::filesystem::remove(path("proofs/3.json"));
  const Typed bad = type("audit check-proof --key @key.pub @proofs");
  EXPECT_EQ(bad.exit_code, kFoundWrong);
  EXPECT_THAT(bad.err, HasSubstr("2.tlog-proof: "));
  EXPECT_THAT(bad.err, HasSubstr("3.json"));
  EXPECT_EQ(type("audit check-proof --key @key.pub @proofs --record @proofs/2.json").exit_code, kUsedWrongly);
}

TEST_F(CommandAuditLog, SaysWhichRecordsOfARemediationCannotBeProvenYet) {
  EXPECT_EQ(type("audit prove " + sample_id(1) + " -c @kedge.yaml").exit_code, kUsedWrongly) << "where to?";
  const Typed unknown = type("audit prove zz -c @kedge.yaml");
  EXPECT_EQ(unknown.exit_code, kFoundWrong);
  EXPECT_THAT(unknown.err, HasSubstr("no record tells of a remediation 'zz'"));
  EXPECT_EQ(type("audit prove 018f9 --log @data/audit --output-directory @none").exit_code, kFoundWrong);
  apply({PersonalMove{sample_id(1), Move::undo, "alice", "no"}});
  const Typed proven = type("audit prove " + sample_id(1) + " -c @kedge.yaml --output-directory @proofs");
  EXPECT_EQ(proven.exit_code, kFoundWrong);
  EXPECT_THAT(proven.err, HasSubstr("more are not in the log yet"));
  EXPECT_TRUE(std::filesystem::exists(path("proofs/2.tlog-proof")));
}

TEST_F(CommandAuditLog, TheEnginesTrailIsItsLogAndWhatTheLogHasNotYet) {
  EXPECT_EQ(type("pause -c @kedge.yaml --reason later").exit_code, kGood);
  EXPECT_THAT(type("audit list -c @kedge.yaml").out, HasSubstr("later"));
  EXPECT_THAT(type("audit list --log @data/audit").out, Not(HasSubstr("later")));
}

TEST_F(CommandAuditLog, WhatTheJournalLetGoIsStillInTheTrail) {
  const std::string before = type("audit list -c @kedge.yaml").out;
  {
    FakeClock later;
    later.advance(SqliteLedgerOptions{}.journal_horizon + (clock_.now() - later.now()) + std::chrono::hours(48));
    SqliteLedgerOptions options;
    options.directory = path("data");
    options.published = [] { return 4; };
    const auto ledger = open_sqlite_ledger(options, later, random_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    const Change change = NoteStop{"long after"};
    ASSERT_TRUE((*ledger)->apply({&change, 1}).front().done());
  }
  EXPECT_THAT(type("audit list -c @kedge.yaml").out, AllOf(StartsWith(before), HasSubstr("long after")));
  EXPECT_EQ(type("audit show -c @kedge.yaml " + sample_id(1)).exit_code, kGood);
  const Typed checked = type("ledger check -c @kedge.yaml");
  EXPECT_EQ(checked.exit_code, kGood) << checked.out;
  EXPECT_THAT(checked.out, HasSubstr("2 records from 3 on"));
  ASSERT_EQ(type("ledger backup @backup -c @kedge.yaml").exit_code, kGood);
  ASSERT_EQ(type("pause --reason later -c @kedge.yaml").exit_code, kGood);
  ASSERT_EQ(type("ledger restore @backup -c @kedge.yaml").exit_code, kGood);
  EXPECT_EQ(type("ledger check -c @kedge.yaml").exit_code, kGood);
  const std::string after = type("audit list -c @kedge.yaml").out;
  EXPECT_THAT(after, HasSubstr("later")) << "which the restored ledger does not know";
  EXPECT_THAT(after, HasSubstr(kBucket));
}

TEST_F(CommandAuditLog, ALogOfAnotherHistoryIsToldAndNotMixedWithTheLedgers) {
  std::filesystem::remove(path("data/ledger.db"));
  apply({NoteStop{"another"}, NoteStop{"another"}, NoteStop{"another"}, NoteStop{"another"}});
  const Typed typed = type("audit list -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_THAT(typed.err, HasSubstr("tells another history than the ledger"));
  EXPECT_THAT(typed.out, HasSubstr("another"));
  EXPECT_THAT(typed.out, Not(HasSubstr(kBucket)));
}

// What was damaged is told by its number and its place, and nothing of it reaches a terminal.
TEST_F(CommandAuditLog, SaysWhichRecordIsNoneAndWhatTellsMore) {
  hand_over();
  const std::string name = "copy/tile/entries/000.p/4";
  std::string bundle = *read_file(path(name));
  const size_t at = bundle.rfind("\"v\":1");
  ASSERT_NE(at, std::string::npos);
  bundle.replace(at, 5, "\xff\x1b[2J");
  write(name, bundle);
  for (const std::string command : {"audit list", "audit stats", "audit export --format csv"}) {
    const Typed typed = type(command + " --log @copy");
    EXPECT_EQ(typed.exit_code, kNotReached) << command;
    EXPECT_THAT(typed.err, HasSubstr("the trail with the log in @copy: record 3 is not a JSON object; `kedge audit "
                                     "verify` tells what is wrong with the log\n"))
        << command;
    EXPECT_THAT(typed.err, Not(HasSubstr("\xff"))) << command;
    EXPECT_THAT(typed.err, Not(HasSubstr("\x1b"))) << command;
  }
}

// As of `| head`.
class ClosedPipe : public std::streambuf {
 protected:
  int_type overflow(int_type /*one*/) override { return fail(), traits_type::eof(); }
  std::streamsize xsputn(const char* /*text*/, std::streamsize /*size*/) override { return fail(), 0; }

 private:
  void fail() { errno = error; }

 public:
  int error = EPIPE;
};

TEST_F(CommandAuditLog, AnExportIsSilentWhenWhoeverReadsItWantsNoMore) {
  const std::string configuration = path("kedge.yaml");
  const char* words[] = {"kedge", "audit", "export", "--format", "jsonl", "-c", configuration.c_str()};
  for (const int error : {EPIPE, ENOSPC}) {
    ClosedPipe pipe;
    pipe.error = error;
    std::istringstream in;
    std::ostream out(&pipe);
    std::ostringstream err;
    Shell shell{in, out, err, environment_, "tester"};
    EXPECT_EQ(run_command_line(7, words, shell), kFoundWrong);
    EXPECT_EQ(err.str(), error == EPIPE ? "" : "kedge: cannot write to the standard output\n");
  }
}

TEST_F(CommandAuditLog, SaysWhatIsWrongWithTheDirectory) {
  EXPECT_EQ(type("audit list --log @nowhere").exit_code, kNotReached);
  EXPECT_EQ(type("audit list --log @data/audit -c @kedge.yaml").exit_code, kUsedWrongly);
  EXPECT_EQ(type("audit list --index @index").exit_code, kUsedWrongly);
}

}  // namespace
}  // namespace kedge
