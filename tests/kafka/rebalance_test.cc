// Two members of one group on the mock cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kafka/mock_cluster.h"
#include "tests/kafka/consuming.h"
#include "tests/kafka/producer.h"

namespace kedge {
namespace {

// A member as an owner would write it: it reads on from where it was, and counts what it read.
struct Member {
  std::unique_ptr<KafkaConsumer> consumer;
  std::map<std::pair<int32_t, int64_t>, int>& read;  // shared by the members: times each record was read
  std::map<int32_t, int64_t>& next;                  // shared: where reading of each partition goes on
  bool pausing = false;                              // pauses each partition after its first message
  size_t assigned = 0;

  void turn() {
    Polled polled = consumer->poll(std::chrono::milliseconds(5));
    if (const auto* message = std::get_if<KafkaMessage>(&polled)) {
      ++read[{message->partition(), message->offset()}];
      next[message->partition()] = message->offset() + 1;
      if (pausing) consumer->pause(std::vector<TopicPartition>{{"wide", message->partition()}});
    } else if (const auto* gained = std::get_if<PartitionsAssigned>(&polled)) {
      std::vector<PartitionOffset> starts;
      for (const auto& each : gained->partitions) starts.push_back({each, next[each.partition], ""});
      EXPECT_TRUE(consumer->assign(starts));
      assigned = starts.size();
    } else if (std::holds_alternative<PartitionsRevoked>(polled)) {
      consumer->release();
      assigned = 0;
    }
  }
};

TEST(Rebalance, LosesAndRepeatsNothingAndStarvesNoPausedPartition) {
  auto cluster = MockCluster::start({{"wide", 4}});
  ASSERT_TRUE(cluster);
  const std::string brokers = (*cluster)->bootstrap_servers();
  TestProducer producer(brokers);
  for (int32_t partition = 0; partition < 4; ++partition) producer.produce_numbers("wide", partition, 500);

  std::map<std::pair<int32_t, int64_t>, int> read;
  std::map<int32_t, int64_t> next;
  Member first{open_consumer(mock_options(brokers, {"wide"})), read, next, true};
  while (next.size() < 4) first.turn();  // each partition is now paused after a message

  Member second{open_consumer(mock_options(brokers, {"wide"})), read, next};
  while (second.assigned == 0) first.turn(), second.turn();  // all was revoked while paused
  first.pausing = false;
  second.consumer.reset();
  while (read.size() < 2000) first.turn();

  for (const auto& [record, times] : read) {
    EXPECT_EQ(times, 1) << "partition " << record.first << " offset " << record.second;
  }
}

}  // namespace
}  // namespace kedge
