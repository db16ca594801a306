// kedge audit list and show, as somebody who types it sees it, with and without an index over the records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/random.h"
#include "ledger/sqlite_ledger.h"
#include "tests/app/typed.h"
#include "trail/record_index.h"
#include "trail/record_index_builder.h"

namespace kedge {
namespace {

using testing::HasSubstr;

class CommandAuditList : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    SystemClock clock;
    Random random;
    SqliteLedgerOptions options;
    options.directory = path("data");
    EXPECT_TRUE(open_sqlite_ledger(options, clock, random));
    EXPECT_EQ(type("pause -c @kedge.yaml --reason freeze").exit_code, kGood);
    EXPECT_EQ(type("resume -c @kedge.yaml").exit_code, kGood);
  }

  void expect_found() {
    const Typed typed = type("audit list -c @kedge.yaml --kind pause --text freeze --output json");
    EXPECT_EQ(typed.exit_code, kGood) << typed.err;
    EXPECT_EQ(typed.err, "");
    const auto rows = nlohmann::json::parse(typed.out);
    ASSERT_EQ(rows.size(), 1);
    EXPECT_EQ(rows[0]["kind"], "pause");
  }

  int64_t indexed() {
    const auto index = RecordIndex::open(path("data"));
    return index ? (*index)->next() : -1;
  }
};

TEST_F(CommandAuditList, ListLeavesTheIndexUpToDateForTheNext) {
  expect_found();
  EXPECT_GE(indexed(), 3);
  const int64_t before = indexed();
  ASSERT_EQ(type("pause -c @kedge.yaml --reason later").exit_code, kGood);
  EXPECT_THAT(type("audit list -c @kedge.yaml").out, HasSubstr("later"));
  EXPECT_GT(indexed(), before);
}

TEST_F(CommandAuditList, ListFindsTheSameWhileAnotherProcessHasTheIndex) {
  const auto builder = RecordIndexBuilder::open(path("data"));
  ASSERT_TRUE(builder);
  expect_found();
  EXPECT_EQ(indexed(), -1);
}

TEST_F(CommandAuditList, ListFindsTheSameWhereTheIndexIsDamagedOrGone) {
  expect_found();
  write("data/index.db", "this is no database, however often it is read");
  expect_found();
  EXPECT_GE(indexed(), 3) << "it was made anew";
  std::filesystem::remove(path("data/index.db"));
  expect_found();
}

TEST_F(CommandAuditList, ListSaysWhichStatesThereAre) {
  const Typed typed = type("audit list -c @kedge.yaml --state confirmd");
  EXPECT_EQ(typed.exit_code, kUsedWrongly);
  EXPECT_THAT(typed.err,
              HasSubstr("--state: there is no state 'confirmd' (did you mean 'confirmed'?); there are: planned, "
                        "held, "));
  EXPECT_THAT(typed.err, HasSubstr(", superseded, announced\n"));
  EXPECT_EQ(type("audit list -c @kedge.yaml --state announced").exit_code, kGood);
}

TEST_F(CommandAuditList, SaysWhatNoRecordNames) {
  Typed typed = type("audit list -c @kedge.yaml --rule nope --guard nonesuch --from 2026-01-01");
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_EQ(typed.out, "no record matches\n");
  EXPECT_EQ(typed.err, "no record names a rule 'nope'\nno record names a guard 'nonesuch'\n");
  typed = type("audit stats -c @kedge.yaml --rule nope");
  EXPECT_EQ(typed.exit_code, kGood);
  EXPECT_EQ(typed.err, "no record names a rule 'nope'\n");
  EXPECT_EQ(type("audit list -c @kedge.yaml --text nothing-of-that").err, "");
}

TEST_F(CommandAuditList, ShowSaysThatNoRecordTellsOfIt) {
  expect_found();
  const Typed typed = type("audit show -c @kedge.yaml 018f");
  EXPECT_NE(typed.exit_code, kGood);
  EXPECT_THAT(typed.err, HasSubstr("no record tells of a remediation '018f'"));
}

}  // namespace
}  // namespace kedge
