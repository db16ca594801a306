#include "agent/spool_index.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

SpoolIndex::Options small() { return {.bytes_max = 100, .segment_bytes = 30}; }

void write(SpoolIndex& index, size_t bytes) {
  index.segment_for_writing();
  index.written(bytes, 1);
}

TEST(SpoolIndex, FillsASegmentAndBeginsTheNext) {
  SpoolIndex index(small());
  EXPECT_EQ(index.next(), std::nullopt);
  for (int i = 0; i < 4; ++i) write(index, 20);
  ASSERT_EQ(index.segments().size(), 2U);
  EXPECT_EQ(index.segments()[0], (SpoolIndex::Segment{1, 40, 2}));
  EXPECT_EQ(index.segments()[1], (SpoolIndex::Segment{2, 40, 2}));
  EXPECT_EQ(index.next(), (SpoolPlace{1, 0, 0}));
  EXPECT_EQ(index.lines(), 4U);
}

TEST(SpoolIndex, ForgetsASegmentWhenAllOfItIsSent) {
  SpoolIndex index(small());
  for (int i = 0; i < 3; ++i) write(index, 20);
  EXPECT_EQ(index.sent({1, 20, 1}), std::nullopt);
  EXPECT_EQ(index.lines(), 2U);
  EXPECT_EQ(index.sent({1, 40, 2}), 1U);
  EXPECT_EQ(index.next(), (SpoolPlace{2, 0, 0}));
  EXPECT_EQ(index.sent({2, 20, 1}), std::nullopt);  // it is written to
  EXPECT_EQ(index.next(), std::nullopt);
  write(index, 5);
  EXPECT_EQ(index.next(), (SpoolPlace{2, 20, 1}));
}

TEST(SpoolIndex, GivesUpTheOldestWhenThereIsNoRoom) {
  SpoolIndex index(small());
  for (int i = 0; i < 4; ++i) write(index, 20);
  EXPECT_EQ(index.to_be_dropped(20), std::nullopt);
  ASSERT_TRUE(index.to_be_dropped(21));
  EXPECT_EQ(index.to_be_dropped(21)->number, 1U);
  index.drop();
  EXPECT_EQ(index.to_be_dropped(21), std::nullopt);
  EXPECT_EQ(index.next(), (SpoolPlace{2, 0, 0}));
  EXPECT_EQ(index.sent({1, 40, 2}), std::nullopt);  // of the one that was given up
  EXPECT_EQ(index.next(), (SpoolPlace{2, 0, 0}));
}

TEST(SpoolIndex, NeverGivesUpWhatIsWrittenTo) {
  SpoolIndex index(small());
  write(index, 90);
  EXPECT_EQ(index.to_be_dropped(1'000), std::nullopt);
}

TEST(SpoolIndex, GoesOnWhereItWas) {
  SpoolIndex index(small());
  index.restore({{7, 40, 2}, {8, 10, 1}}, {7, 20, 1});
  EXPECT_EQ(index.next(), (SpoolPlace{7, 20, 1}));
  EXPECT_EQ(index.lines(), 2U);
  EXPECT_EQ(index.segment_for_writing(), 8U);
}

TEST(SpoolIndex, SendsAgainWhatItCannotBeSureOf) {
  SpoolIndex index(small());
  index.restore({{7, 40, 2}}, {6, 20, 1});
  EXPECT_EQ(index.next(), (SpoolPlace{7, 0, 0}));
  index.restore({{7, 40, 2}}, {7, 60, 3});
  EXPECT_EQ(index.next(), (SpoolPlace{7, 0, 0}));
}

TEST(SpoolIndex, ANumberIsNeverUsedAgain) {
  SpoolIndex index(small());
  index.restore({}, {9, 40, 2});
  EXPECT_EQ(index.segment_for_writing(), 10U);
}

}  // namespace
}  // namespace kedge
