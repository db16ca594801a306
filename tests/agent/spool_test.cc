#include "agent/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SpoolTest : public testing::Test {
 protected:
  void open(SpoolIndex::Options options = {}) {
    spool.reset();
    auto opened = Spool::open(path(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    spool = *std::move(opened);
  }
  std::string path() const { return (place.path() / "spool").string(); }

  std::vector<std::string> take_and_note() {
    auto batch = spool->take(100, 1U << 20U);
    EXPECT_TRUE(batch) << batch.error().message;
    if (!batch->events.empty()) EXPECT_TRUE(spool->sent(batch->end));
    return batch->events;
  }

  const TemporaryDirectory place;
  std::unique_ptr<Spool> spool;
};

TEST_F(SpoolTest, GivesBackInOrderWhatItWasGiven) {
  open();
  ASSERT_TRUE(spool->append({"one", "two"}));
  ASSERT_TRUE(spool->append({"three"}));
  EXPECT_EQ(spool->status().events, 3U);
  EXPECT_THAT(take_and_note(), ElementsAre("one", "two", "three"));
  EXPECT_THAT(take_and_note(), IsEmpty());
  EXPECT_EQ(spool->status().events, 0U);
}

TEST_F(SpoolTest, GivesTheSameAgainUntilItWasSent) {
  open();
  ASSERT_TRUE(spool->append({"one", "two"}));
  EXPECT_THAT(spool->take(1, 100)->events, ElementsAre("one"));
  const auto first = spool->take(1, 100);
  EXPECT_THAT(first->events, ElementsAre("one"));
  ASSERT_TRUE(spool->sent(first->end));
  EXPECT_THAT(spool->take(1, 100)->events, ElementsAre("two"));
}

TEST_F(SpoolTest, GoesOnAfterARestartWhereItWas) {
  open();
  ASSERT_TRUE(spool->append({"one", "two", "three"}));
  ASSERT_TRUE(spool->sent(spool->take(2, 100)->end));
  open();
  EXPECT_THAT(take_and_note(), ElementsAre("three"));
  ASSERT_TRUE(spool->append({"four"}));
  open();
  EXPECT_THAT(take_and_note(), ElementsAre("four"));
}

TEST_F(SpoolTest, LeavesOutALineThatACrashCutOff) {
  open();
  ASSERT_TRUE(spool->append({"one"}));
  spool.reset();
  std::ofstream(path() + "/0000000000000001.events", std::ios::app) << "{\"half";
  open();
  ASSERT_TRUE(spool->append({"two"}));
  EXPECT_THAT(take_and_note(), ElementsAre("one", "two"));
}

TEST_F(SpoolTest, SummarisesTheOldestWhenThereIsNoRoom) {
  open({.bytes_max = 10'000, .segment_bytes = 1'000});
  const auto event = [](int i) {
    return R"({"type":"host.mutation","data":{"severity":"high","path":"/)" + std::to_string(i) + "\"}}";
  };
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(spool->append({event(i)}));
  const Spool::Status status = spool->status();
  EXPECT_LE(status.bytes, 10'000U);
  EXPECT_EQ(status.events + status.summarised, 1'000U);
  const SpoolSummary summary = spool->take_summary();
  EXPECT_EQ(summary.events(), status.summarised);
  std::vector<std::string> left;
  for (auto some = take_and_note(); !some.empty(); some = take_and_note()) {
    left.insert(left.end(), some.begin(), some.end());
  }
  ASSERT_EQ(left.size(), status.events);
  for (size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i], event(static_cast<int>(1'000 - left.size() + i)));
}

TEST_F(SpoolTest, KeepsItsSummaryUntilItWasSent) {
  open({.bytes_max = 100, .segment_bytes = 40});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(spool->append({R"({"type":"sensor.lost","data":{}})"}));
  const size_t summarised = spool->status().summarised;
  EXPECT_GT(summarised, 0U);
  EXPECT_EQ(spool->take_summary().events(), summarised);
  spool->summary_not_sent();
  open({.bytes_max = 100, .segment_bytes = 40});
  EXPECT_EQ(spool->take_summary().events(), summarised);
  ASSERT_TRUE(spool->append({R"({"type":"sensor.lost","data":{}})"}));  // and one is given up meanwhile
  const size_t more = spool->status().summarised - summarised;
  spool->summary_sent();
  EXPECT_EQ(spool->status().summarised, more);
  open({.bytes_max = 100, .segment_bytes = 40});
  EXPECT_EQ(spool->status().summarised, more);
}

TEST_F(SpoolTest, SummarisesWhatItCannotWrite) {
  open();
  std::filesystem::remove_all(path());
  EXPECT_FALSE(spool->append({R"({"type":"host.mutation","data":{}})"}));
  EXPECT_EQ(spool->status().summarised, 1U);
}

}  // namespace
}  // namespace kedge
