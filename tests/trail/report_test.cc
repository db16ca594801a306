#include "trail/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;

constexpr const char* kBucket = "arn:aws:s3:::b";
constexpr const char* kOther = "arn:aws:s3:::other";

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() { apply(sample_rules()); }

  void apply(Change change) {
    const std::vector<Change> changes = {std::move(change)};
    const Answer answer = ledger_.apply(changes)[0];
    EXPECT_TRUE(answer.done()) << answer.error.message;
  }

  void open(int number, const std::string& target, const std::string& principal = "mallory") {
    Finding finding = sample_finding(number, target, ledger_.now());
    finding.event.principal = principal;
    apply(batch_of({finding}));
  }

  void confirm(int number, const std::string& target) {
    const std::string id = sample_id(number);
    apply(sample_start(id, target, ledger_.head()));
    apply(RecordOutcome{id, sample_outcome(0, 1, "mark-of-" + id, ledger_.now()), Move::apply_all, ""});
    Conclude conclude;
    conclude.remediation = id;
    conclude.observed_from = ledger_.head();
    conclude.afters = {{0, captured("private")}};
    apply(conclude);
  }

  Report report(const std::vector<int>& numbers, const ReportBounds& bounds = {}) {
    std::vector<std::string> ids;
    for (const int number : numbers) ids.push_back(sample_id(number));
    const Trail trail(ledger_);
    RecordSearch search(trail.records());
    auto report = gather_report(trail, search, ids, ledger_.now(), bounds);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *std::move(report) : Report{};
  }

  SystemClock clock_;
  MemoryLedger ledger_{clock_};
};

TEST_F(ReportTest, KnowsWhatElseTheSameActorDidAndHowItStands) {
  open(1, kBucket);
  open(2, kOther);
  confirm(2, kOther);
  open(3, "arn:aws:s3:::not-hers", "bob");
  const Report told = report({1});
  ASSERT_EQ(told.same_actor.rows.size(), 1);
  EXPECT_EQ(told.same_actor.rows[0].target, kOther);
  EXPECT_EQ(told.same_actor.rows[0].state, "confirmed");
}

TEST_F(ReportTest, CountsHowTheOthersOfTheRuleEnded) {
  open(1, kBucket);
  confirm(1, kBucket);
  open(2, kOther);
  confirm(2, kOther);
  open(3, kBucket);
  const Report told = report({3});
  EXPECT_EQ(told.ends.at(kSampleRule), (std::map<std::string, size_t>{{"confirmed", 2}}));
  ASSERT_EQ(told.same_target.rows.size(), 1);
  EXPECT_EQ(told.same_target.rows[0].remediation, sample_id(1));
  ASSERT_EQ(told.same_rule.rows.size(), 1);
  EXPECT_EQ(told.same_rule.rows[0].remediation, sample_id(2));
}

TEST_F(ReportTest, TakesSeveralRemediationsForOneIncidentAndEachOnce) {
  open(2, kOther);
  open(1, kBucket);
  const Report told = report({1, 2, 1});
  ASSERT_EQ(told.stories.size(), 2);
  EXPECT_EQ(told.stories[0].remediation, sample_id(2)) << "by the time they were opened";
  EXPECT_TRUE(told.same_actor.rows.empty());
}

TEST_F(ReportTest, ReadsNoFurtherThanItsBounds) {
  for (int i = 2; i < 12; ++i) open(i, "arn:aws:s3:::t" + std::to_string(i));
  open(1, kBucket);
  ReportBounds bounds;
  bounds.records_max = 5;
  EXPECT_TRUE(report({1}, bounds).stopped_early);
  EXPECT_EQ(report({1}, bounds).same_actor.rows.size(), 4) << "and its own";
  EXPECT_FALSE(report({1}).stopped_early);
  bounds = {};
  bounds.rows_max = 3;
  EXPECT_EQ(report({1}, bounds).same_actor.rows.size(), 3);
  EXPECT_EQ(report({1}, bounds).same_actor.left_out, 7);
}

TEST_F(ReportTest, SaysWhichIdNobodyKnows) {
  open(1, kBucket);
  const Trail trail(ledger_);
  RecordSearch search(trail.records());
  const auto told = gather_report(trail, search, {sample_id(1), "0000"}, ledger_.now());
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, ErrorCode::not_found);
  EXPECT_THAT(told.error().message, HasSubstr("'0000'"));
}

}  // namespace
}  // namespace kedge
