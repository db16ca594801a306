#include "trail/rule_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trail/record_examples.h"
#include "tests/trail/written_journal.h"

namespace kedge {
namespace {

using kedge::testing::WrittenJournal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto time_at = WrittenJournal::time;
constexpr const char* kRule = "aws.s3.public-bucket";

const std::map<std::string, std::string> kExamples = kedge::testing::record_examples(KEDGE_SOURCE_DIR);

class RuleRecordsTest : public ::testing::Test {
 protected:
  // The example of a kind, with these changes.
  int64_t write(const std::string& at, const std::string& kind, const Json& changes = Json::object()) {
    Json record = *parse_json(kExamples.at(kind));
    record.merge_patch(changes);
    return journal_.write(at, kind, record);
  }

  int64_t suppress(const std::string& at, const std::string& target, const std::string& guard,
                   const std::string& reason) {
    Json record = *parse_json(kExamples.at("plan"));
    record.merge_patch({{"target", target}, {"guard", guard}, {"reason", reason}, {"key", "key of " + target}});
    return journal_.write(at, "suppression", record);
  }

  RuleRecords records(const std::string& from = "00:00", const std::string& to = "23:59") {
    JournalRecords source(journal_);
    RecordSearch search(source);
    auto found = rule_records(search, kRule, time_at(from), time_at(to));
    EXPECT_TRUE(found) << found.error().message;
    return found ? *std::move(found) : RuleRecords{};
  }

  WrittenJournal journal_;
};

TEST_F(RuleRecordsTest, FoldsWhatWasLeftAloneForOneReason) {
  suppress("09:00", "door:a", "mode", "the rule is in mode shadow");
  suppress("10:00", "door:b", "mode", "the rule is in mode shadow");
  suppress("10:30", "door:b", "exception", "door:b is excepted by bob");
  suppress("10:40", "door:c", "exception", "door:c is excepted by bob");
  const int64_t last = suppress("11:00", "door:b", "mode", "the rule is in mode shadow");
  const auto rows = records().left_alone;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].why, "door:c is excepted by bob") << "what differs by the target alone is one reason";
  EXPECT_EQ(rows[0].count, 2);
  EXPECT_EQ(rows[1], (LeftAlone{"suppressed", "mode", "the rule is in mode shadow", 1, 3, 2, time_at("09:00"),
                                time_at("11:00"), last}));
}

TEST_F(RuleRecordsTest, FoldsManyReasonsOfOneGuardIntoTheNewest) {
  for (int age = 10; age < 40; ++age) {
    suppress("09:" + std::to_string(age), "a", "stale", "it is " + std::to_string(age) + " h old");
  }
  const auto rows = records().left_alone;
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].why, "it is 39 h old");
  EXPECT_EQ(rows[0].reasons, 30);
  EXPECT_EQ(rows[0].count, 30);
  EXPECT_EQ(rows[0].first, time_at("09:10"));
  EXPECT_EQ(rows[0].last, time_at("09:39"));
}

TEST_F(RuleRecordsTest, TellsOfEachWayToLeaveSomethingAlone) {
  for (const char* kind : {"hold", "refusal", "expiry", "cancellation", "rule_failure", "suppression"}) {
    write("10:00", kind);
  }
  write("10:00", "hold", {{"to", "waiting"}, {"guard", "budget"}});
  for (const char* kind : {"attempt", "outcome", "confirmation", "approval", "exception"}) write("10:00", kind);
  std::vector<std::string> what;
  for (const LeftAlone& row : records().left_alone) what.push_back(row.what + " " + row.guard);
  EXPECT_THAT(what, ElementsAre("cancelled ", "expired approval", "failed ", "held pause", "refused exception",
                                "suppressed ", "waited budget"));
}

TEST_F(RuleRecordsTest, CountsFoldedOnesByTheirNumberInTheirMinutesHour) {
  write("13:05", "suppression");  // 14 folded at 12:00
  const RuleRecords found = records();
  EXPECT_EQ(found.left_alone.at(0).count, 14);
  EXPECT_EQ(found.decided, (HourlyCounts{{time_at("12:00"), {{"plan", 14}}}}));
  EXPECT_THAT(found.became, IsEmpty());
}

TEST_F(RuleRecordsTest, KnowsWhatBecameOfAnEvent) {
  const int64_t plan = write("12:10", "plan", {{"key", "k1"}});
  write("12:20", "plan", {{"key", "k2"}, {"origin", "reconcile"}});
  suppress("12:30", "a", "mode", "shadow");
  write("13:30", "rule_failure");
  write("13:40", "rule_failure", {{"range", {{"first", 1}, {"last", 1}, {"count", 1}}}});
  const RuleRecords found = records();
  ASSERT_TRUE(found.became.contains("k1"));
  const Became& became = found.became.at("k1");
  EXPECT_FALSE(became.suppressed);
  EXPECT_EQ(became.record, plan);
  EXPECT_EQ(became.disposition, "opened");
  EXPECT_EQ(became.partition, (PartitionId{"cloudtrail", "events", 0}));
  EXPECT_EQ(became.offset, 695);
  EXPECT_EQ(found.became.at("key of a").guard, "mode");
  EXPECT_EQ(found.decided, (HourlyCounts{{time_at("12:00"), {{"plan", 2}}}, {time_at("13:00"), {{"failed", 2}}}}));
  EXPECT_THAT(found.uncertain, ElementsAre(time_at("13:00")));
}

TEST_F(RuleRecordsTest, AreThoseOfTheRuleAndOfTheSpan) {
  suppress("09:59", "a", "mode", "shadow");
  suppress("10:00", "b", "mode", "shadow");
  write("10:30", "plan", {{"rule", {{"id", "another"}}}, {"target", kRule}});
  suppress("11:00", "c", "mode", "shadow");
  const RuleRecords found = records("10:00", "11:00");
  EXPECT_EQ(found.left_alone.at(0).count, 1);
  EXPECT_EQ(found.became.size(), 1U);
}

TEST_F(RuleRecordsTest, RemarksNameWhatElseMakesNumbersDiffer) {
  write("10:10", "position");
  write("10:20", "redrive");
  write("11:10", "alarm");
  write("11:20", "alarm", {{"alarm", "rule-benched"}, {"details", {{"rule", "another"}}}});
  write("12:10", "alarm", {{"alarm", "rule-benched"}, {"details", {{"rule", kRule}}}});
  JournalRecords source(journal_);
  RecordSearch search(source);
  const auto remarks = remarks_of(search, kRule, time_at("10:00"), time_at("13:00"));
  ASSERT_TRUE(remarks) << remarks.error().message;
  ASSERT_EQ(remarks->size(), 2U);
  EXPECT_THAT(remarks->at(time_at("10:00")),
              ElementsAre("dead letters were redriven, record 1", "events[0]: gap, record 0"));
  EXPECT_THAT(remarks->at(time_at("12:00")), ElementsAre(HasSubstr("the rule was benched")));
}

}  // namespace
}  // namespace kedge
