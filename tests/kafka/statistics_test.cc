#include "kafka/statistics.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::microseconds;

TEST(Statistics, KeepsBrokersQueuesAndCounts) {
  const auto statistics = parse_statistics(R"({
    "rxmsgs": 12, "rxmsg_bytes": 3400,
    "brokers": {
      "b:9092/1": {"name": "b:9092/1", "nodeid": 1, "source": "learned", "state": "UP", "rtt": {"avg": 700},
                   "rxbytes": 9000, "disconnects": 2},
      "c:9092/2": {"name": "c:9092/2", "nodeid": 2, "source": "learned", "state": "DOWN"},
      "b:9092/bootstrap": {"name": "b:9092/bootstrap", "nodeid": -1, "source": "configured", "state": "UP"},
      "GroupCoordinator": {"name": "GroupCoordinator", "nodeid": 1, "source": "logical", "state": "UP"}
    },
    "topics": {"t": {"partitions": {"0": {"fetchq_cnt": 3, "fetchq_size": 300},
                                    "1": {"fetchq_cnt": 4, "fetchq_size": 400},
                                    "-1": {"fetchq_cnt": 0, "fetchq_size": 0}}}},
    "cgrp": {"state": "up", "rebalance_cnt": 5}})");
  ASSERT_TRUE(statistics);
  const KafkaStatistics expected = {
      .brokers =
          {{.name = "b:9092/1", .up = true, .round_trip = microseconds(700), .received_bytes = 9000, .disconnects = 2},
           {.name = "c:9092/2", .up = false, .round_trip = {}, .received_bytes = 0, .disconnects = 0}},
      .received_messages = 12,
      .received_bytes = 3400,
      .queue_messages = 7,
      .queue_bytes = 700,
      .rebalances = 5,
      .group_state = "up"};
  EXPECT_EQ(*statistics, expected);
}

TEST(Statistics, OfANewClientAreEmpty) {
  const auto statistics = parse_statistics("{}");
  ASSERT_TRUE(statistics);
  EXPECT_EQ(*statistics, KafkaStatistics());
}

TEST(Statistics, MembersOfTheWrongTypeCountAsAbsent) {
  const auto statistics = parse_statistics(R"({"rxmsgs": "many", "brokers": 3, "topics": {"t": 1}, "cgrp": []})");
  ASSERT_TRUE(statistics);
  EXPECT_EQ(*statistics, KafkaStatistics());
}

TEST(Statistics, ThatAreNoJsonAreAnError) { EXPECT_FALSE(parse_statistics("{")); }

}  // namespace
}  // namespace kedge
