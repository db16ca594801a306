// The client library's statistics, the part of it that an operator needs.
// Source: https://github.com/confluentinc/librdkafka/blob/v2.0.2/STATISTICS.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

struct KafkaStatistics {
  struct Broker {
    std::string name;  // "127.0.0.1:9092/1"
    bool up = false;
    Duration round_trip{};  // mean over the last interval
    uint64_t received_bytes = 0;
    uint64_t disconnects = 0;

    bool operator==(const Broker&) const = default;
  };
  std::vector<Broker> brokers;  // real ones: the bootstrap and the group coordinator's logical one are left out
  uint64_t received_messages = 0;
  uint64_t received_bytes = 0;
  uint64_t queue_messages = 0;  // fetched, not yet polled
  uint64_t queue_bytes = 0;
  uint64_t rebalances = 0;
  std::string group_state;  // "up", ...

  bool operator==(const KafkaStatistics&) const = default;
};

Result<KafkaStatistics> parse_statistics(std::string_view json);

}  // namespace kedge
