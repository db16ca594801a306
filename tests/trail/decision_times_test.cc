#include "trail/decision_times.h"

#include <gtest/gtest.h>

#include "tests/trail/written_journal.h"

namespace kedge {
namespace {

constexpr auto time_at = kedge::testing::WrittenJournal::time;
const PartitionId kPartition{"trail", "events", 0};

class DecisionTimesTest : public ::testing::Test {
 protected:
  void record(int64_t offset, const std::string& at) {
    Became became;
    became.partition = kPartition;
    became.offset = offset;
    became.at = time_at(at);
    records_.became["key " + std::to_string(offset)] = became;
  }
  Time decided(int64_t offset, const std::string& came, const PartitionId& partition = kPartition) const {
    return DecisionTimes(history_, records_).of(partition, offset, time_at(came));
  }

  RuleHistory history_;
  RuleRecords records_;
};

TEST_F(DecisionTimesTest, IsWhenItCameWhereNothingElseIsKnown) {
  EXPECT_EQ(decided(5, "10:00"), time_at("10:00"));
  history_.standstills.push_back({time_at("09:30"), time_at("10:30")});
  EXPECT_EQ(decided(5, "10:00"), time_at("10:30"));
}

TEST_F(DecisionTimesTest, LiesBetweenTheRecordsBeforeAndBehind) {
  record(3, "11:00");  // an hour late
  record(7, "11:30");
  EXPECT_EQ(decided(5, "10:00"), time_at("11:00"));
  EXPECT_EQ(decided(3, "10:00"), time_at("11:00")) << "its own record says so";
  EXPECT_EQ(decided(2, "11:40"), time_at("11:00")) << "by a producer's clock that is ahead";
  EXPECT_EQ(decided(9, "10:00"), time_at("11:30"));
  EXPECT_EQ(decided(5, "10:00", {"trail", "events", 1}), time_at("10:00"));
}

TEST_F(DecisionTimesTest, TakesNoNoticeOfWhatWasDecidedAgain) {
  record(3, "11:00");
  record(4, "19:00");  // redriven in the evening
  record(7, "11:30");
  EXPECT_EQ(decided(5, "10:00"), time_at("11:00"));
}

}  // namespace
}  // namespace kedge
