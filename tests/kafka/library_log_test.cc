#include "kafka/library_log.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

constexpr const char* kFacility = "BROKERUA";

TEST(LibraryLog, NamesAPartitionThatIsGoneAtItsBroker) {
  const auto vanished = vanished_partition(
      kFacility,
      "[thrd:127.0.0.1:9092/bootstrap]: events.v1 [12]: broker unavailable: fetch: Broker: Unknown topic or partition");
  EXPECT_EQ(vanished, (TopicPartition{"events.v1", 12}));
  EXPECT_EQ(vanished_partition(kFacility, "events [0]: broker unavailable: fetch: Broker: Unknown topic id"),
            (TopicPartition{"events", 0}));
}

TEST(LibraryLog, DoesNotTakeOneThatMovedForOneThatIsGone) {
  EXPECT_FALSE(vanished_partition(kFacility,
                                  "[thrd:b]: events [0]: broker unavailable: fetch: Broker: Not leader for partition"));
}

TEST(LibraryLog, HasManyOtherLines) {
  EXPECT_FALSE(vanished_partition("FETCH", "events [0]: broker unavailable: Broker: Unknown topic or partition"));
  for (const char* line : {"", "events [0]", ": broker unavailable: Broker: Unknown topic or partition",
                           " [0]: broker unavailable: Broker: Unknown topic or partition",
                           "events [x]: broker unavailable: Broker: Unknown topic or partition",
                           "events [: broker unavailable: Broker: Unknown topic or partition"}) {
    EXPECT_FALSE(vanished_partition(kFacility, line)) << line;
  }
}

}  // namespace
}  // namespace kedge
