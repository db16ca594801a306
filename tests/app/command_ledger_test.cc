// kedge ledger, as somebody who types it sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "base/random.h"
#include "ledger/sqlite_ledger.h"
#include "tests/app/typed.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using testing::HasSubstr;

class CommandLedger : public CommandLine {
 protected:
  void make() {
    SqliteLedgerOptions options;
    options.directory = path("data");
    ledger_ = *open_sqlite_ledger(options, clock_, random_);
  }
  FakeClock clock_;
  Random random_{1};
  std::unique_ptr<Ledger> ledger_;  // a daemon's
};

TEST_F(CommandLedger, CheckTellsWhatItReadBesideADaemon) {
  make();
  const Typed typed = type("ledger check -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kGood) << typed.err;
  EXPECT_THAT(typed.out, HasSubstr("@data/ledger.db: ledger "));
  EXPECT_THAT(typed.out, HasSubstr("incarnation 1, head 0 of 2026-01-01T12:00:00.000000Z: 1 record, 0 remediations "
                                   "open, 0 ended, 0 claims, 0 blobs\nnothing is wrong with it\n"));
}

TEST_F(CommandLedger, CheckTellsEachFaultInALine) {
  make();
  ledger_.reset();
  ASSERT_EQ(type("pause -c @kedge.yaml --reason r").exit_code, kGood);
  std::string bytes = *read_file(path("data/ledger.db"));
  const size_t at = bytes.find("\"incarnation\":1");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 14] = '2';
  write("data/ledger.db", bytes);
  const Typed typed = type("ledger check -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.out,
              HasSubstr("PART  WHERE  WHAT\nmeta         the ledger is in incarnation 1, and its journal in 2"));
  EXPECT_THAT(typed.out, HasSubstr("\n1 fault\n"));
  const auto json = nlohmann::json::parse(type("ledger check -c @kedge.yaml --output json").out);
  EXPECT_EQ(json["good"], false);
  EXPECT_EQ(json["head"], 1);
  EXPECT_EQ(json["faults"][0]["part"], "meta");
  EXPECT_THAT(type("ledger check -c @kedge.yaml --output csv").out, HasSubstr("part,where,message\r\nmeta,,"));
}

TEST_F(CommandLedger, CheckSaysWhereThereIsNone) {
  const Typed typed = type("ledger check -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kNotReached);
  EXPECT_EQ(typed.err, "kedge: there is no @data/ledger.db\n");
}

TEST_F(CommandLedger, BackupSaysTheHeadThatItHolds) {
  make();
  const Typed typed = type("ledger backup -c @kedge.yaml @copy.db");
  EXPECT_EQ(typed.exit_code, kGood) << typed.err;
  EXPECT_THAT(typed.out, HasSubstr("@copy.db: ledger "));
  EXPECT_THAT(typed.out, HasSubstr(", head 0 of "));
  EXPECT_EQ(type("ledger check -c @kedge.yaml @copy.db").exit_code, kGood);
  const Typed again = type("ledger backup -c @kedge.yaml @copy.db");
  EXPECT_EQ(again.exit_code, kFoundWrong);
  EXPECT_EQ(again.err, "kedge: @copy.db is there already: name a file that is not, or move it away\n");
}

TEST_F(CommandLedger, BackupOfAFaultyLedgerIsNone) {
  make();
  ledger_.reset();
  std::string bytes = *read_file(path("data/ledger.db"));
  const size_t at = bytes.find("\"incarnation\":1");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 14] = '2';
  write("data/ledger.db", bytes);
  const Typed typed = type("ledger backup -c @kedge.yaml @copy.db");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.err, HasSubstr("there is no backup"));
  EXPECT_FALSE(std::filesystem::exists(path("copy.db")));
}

TEST_F(CommandLedger, RestoreTellsWhatToDoNow) {
  make();
  ASSERT_EQ(type("ledger backup -c @kedge.yaml @copy.db").exit_code, kGood);
  const Typed refused = type("ledger restore -c @kedge.yaml @copy.db");
  EXPECT_EQ(refused.exit_code, kFoundWrong);
  EXPECT_THAT(refused.err, HasSubstr("while no daemon runs: another kedge"));
  ledger_.reset();
  ASSERT_EQ(type("pause -c @kedge.yaml --scope rule:first --reason r").exit_code, kGood);
  const Typed typed = type("ledger restore -c @kedge.yaml @copy.db");
  EXPECT_EQ(typed.exit_code, kGood) << typed.err;
  EXPECT_EQ(typed.err, "");
  EXPECT_THAT(typed.out, HasSubstr(" as of record 0; record 2 says so; incarnation 2\n"));
  EXPECT_THAT(typed.out, HasSubstr("the former ledger lies in @data/ledger-before-restore-"));
  EXPECT_THAT(typed.out, HasSubstr(", head 1)\nAll effects are paused."));
  EXPECT_EQ(type("ledger check -c @kedge.yaml").exit_code, kGood);
  EXPECT_THAT(type("audit list -c @kedge.yaml --output csv").out,
              HasSubstr("from a backup up to record 0, which has not the records 1 to 1: incarnation 2 begins"));
  EXPECT_EQ(type("resume -c @kedge.yaml").exit_code, kGood);
}

TEST_F(CommandLedger, RestoreTellsTheFaultsOfABackup) {
  make();
  ASSERT_EQ(type("ledger backup -c @kedge.yaml @copy.db").exit_code, kGood);
  ledger_.reset();
  std::string bytes = *read_file(path("copy.db"));
  bytes[bytes.find("\"incarnation\":1") + 14] = '2';
  write("copy.db", bytes);
  const Typed typed = type("ledger restore -c @kedge.yaml @copy.db");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.out, HasSubstr("its journal in 2"));
  EXPECT_THAT(typed.err, HasSubstr("nothing was restored"));
  EXPECT_THAT(type("audit list -c @kedge.yaml --output csv").out, testing::Not(HasSubstr("restored")));
  EXPECT_EQ(type("ledger restore -c @kedge.yaml @none.db").exit_code, kNotReached);
}

// Somebody restores into the wrong place.
TEST_F(CommandLedger, RestoreWarnsOfTheBackupOfAnotherLedger) {
  make();
  ASSERT_EQ(type("ledger backup -c @kedge.yaml @copy.db").exit_code, kGood);
  ledger_.reset();
  std::filesystem::rename(path("data"), path("old"));
  clock_.advance(std::chrono::seconds(1));
  make();
  ledger_.reset();
  const Typed typed = type("ledger restore -c @kedge.yaml @copy.db --output json");
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_THAT(typed.err, HasSubstr("another one, with another id"));
  const auto json = nlohmann::json::parse(typed.out);
  EXPECT_NE(json["former"]["ledger"], json["ledger"]);
  EXPECT_EQ(type("ledger restore -c @kedge.yaml @copy.db").err, "");
}

}  // namespace
}  // namespace kedge
