#include "trail/record_list.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {
namespace {

constexpr const char* kBucket = "arn:aws:s3:::b";

class RecordListTest : public ::testing::Test {
 protected:
  RecordListTest() {
    apply(sample_rules());
    apply(batch_of({sample_finding(1, kBucket, ledger_.now())}));
    apply(sample_start(sample_id(1), kBucket, ledger_.head()));
    Finding other = sample_finding(2, "arn:aws:s3:::other", ledger_.now());
    other.policy.severity = Severity::low;
    other.event.principal = "arn:aws:iam::1:user/\"eve\"";
    apply(batch_of({other}));
    apply(AddPause{{"all", "looking", "alice (uid 1)", ledger_.now()}});
  }

  void apply(Change change) {
    const std::vector<Change> changes = {std::move(change)};
    const Answer answer = ledger_.apply(changes)[0];
    ASSERT_TRUE(answer.done()) << answer.error.message;
  }

  std::vector<std::string> kinds(const RecordFilter& filter) {
    const auto rows = list_records(Trail(ledger_), filter);
    EXPECT_TRUE(rows) << rows.error().message;
    std::vector<std::string> kinds;
    for (const RecordRow& row : *rows) kinds.push_back(row.kind);
    return kinds;
  }

  using Kinds = std::vector<std::string>;
  SystemClock clock_;
  MemoryLedger ledger_{clock_};
};

TEST_F(RecordListTest, ListsAllOldestFirst) {
  EXPECT_EQ(kinds({}), (Kinds{"genesis", "rules_loaded", "plan", "attempt", "plan", "pause"}));
}

TEST_F(RecordListTest, FillsItsRowsFromTheRecord) {
  RecordFilter filter;
  filter.kinds = {"attempt"};
  const auto rows = list_records(Trail(ledger_), filter);
  ASSERT_EQ(rows->size(), 1);
  const RecordRow& row = rows->front();
  EXPECT_EQ(row.remediation, sample_id(1));
  EXPECT_EQ(row.rule, kSampleRule);
  EXPECT_EQ(row.target, kBucket);
  EXPECT_EQ(row.seq, row.record["seq"]);
  EXPECT_EQ(row.at, row.record["at"]);
  EXPECT_EQ(row.summary, "test.step0, attempt 1 (mark mark-of-" + sample_id(1) + ")");
}

TEST_F(RecordListTest, TakesTheNewestWhenThereAreTooMany) {
  RecordFilter filter;
  filter.limit = 2;
  EXPECT_EQ(kinds(filter), (Kinds{"plan", "pause"}));
}

TEST_F(RecordListTest, FindsByEachOfItsFilters) {
  const auto found = [&](auto change) {
    RecordFilter filter;
    change(filter);
    return kinds(filter);
  };
  EXPECT_EQ(found([](auto& f) { f.kinds = {"pause", "genesis"}; }), (Kinds{"genesis", "pause"}));
  EXPECT_EQ(found([](auto& f) { f.rule = kSampleRule; }), (Kinds{"plan", "attempt", "plan"}));
  EXPECT_EQ(found([](auto& f) { f.rule = "aws.s3"; }), Kinds{});
  EXPECT_EQ(found([](auto& f) { f.target = ":::oth"; }), Kinds{"plan"});
  EXPECT_EQ(found([](auto& f) { f.remediation = sample_id(1); }), (Kinds{"plan", "attempt"}));
  EXPECT_EQ(found([](auto& f) { f.state = "running"; }), Kinds{"attempt"});
  EXPECT_EQ(found([](auto& f) { f.severity = "low"; }), Kinds{"plan"});
  EXPECT_EQ(found([](auto& f) { f.actor = "alice"; }), (Kinds{"plan", "pause"})) << "who caused, and who asked";
  EXPECT_EQ(found([](auto& f) { f.actor = "\"eve\""; }), Kinds{"plan"});
  EXPECT_EQ(found([](auto& f) { f.text = "looking"; }), Kinds{"pause"});
  EXPECT_EQ(found([](auto& f) { f.guard = "rate"; }), Kinds{});
}

TEST_F(RecordListTest, FindsByTime) {
  const auto rows = list_records(Trail(ledger_), {});
  RecordFilter filter;
  filter.from = *parse_time(rows->at(3).at);
  const auto later = list_records(Trail(ledger_), filter);
  for (const RecordRow& row : *later) EXPECT_GE(row.at, rows->at(3).at);
  filter.from = std::nullopt;
  filter.to = *parse_time(rows->at(3).at);
  for (const std::string& kind : kinds(filter)) EXPECT_NE(kind, "pause");
  filter.from = *filter.to + std::chrono::hours(1);
  filter.to = std::nullopt;
  EXPECT_EQ(kinds(filter), Kinds{});
}

}  // namespace
}  // namespace kedge
