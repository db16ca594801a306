// What tests of consumers share: options for the mock cluster, and waiting for one kind of thing from poll.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kafka/consumer.h"

namespace kedge {

// The mock cluster lets the first member of a group wait for three seconds, and forgets it if its session is shorter.
inline ConsumerOptions mock_options(const std::string& brokers, std::vector<std::string> topics) {
  return {
      .brokers = brokers,
      .group = "group",
      .instance = "",
      .topics = std::move(topics),
      .properties = {{"session.timeout.ms", "4000"}, {"heartbeat.interval.ms", "300"}, {"fetch.wait.max.ms", "10"}}};
}

inline std::unique_ptr<KafkaConsumer> open_consumer(const ConsumerOptions& options) {
  auto consumer = KafkaConsumer::create(options);
  if (!consumer) throw std::runtime_error(consumer.error().message);
  return *std::move(consumer);
}

// Polls until something of type T comes; other things are passed to `other`. Throws when nothing came for a minute.
template <class T, class Other>
T poll_for(KafkaConsumer& consumer, Other&& other) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < end) {
    Polled polled = consumer.poll(std::chrono::milliseconds(20));
    if (T* wanted = std::get_if<T>(&polled)) return std::move(*wanted);
    other(polled);
  }
  throw std::runtime_error("what was waited for did not come");
}

template <class T>
T poll_for(KafkaConsumer& consumer) {
  return poll_for<T>(consumer, [](const Polled&) {});
}

// Waits for an assignment and reads all of it from `offset`.
inline std::vector<TopicPartition> start_reading(KafkaConsumer& consumer, int64_t offset = 0) {
  const auto assigned = poll_for<PartitionsAssigned>(consumer);
  std::vector<PartitionOffset> starts;
  for (const TopicPartition& each : assigned.partitions) starts.push_back({each, offset, ""});
  EXPECT_TRUE(consumer.assign(starts));
  return assigned.partitions;
}

inline std::vector<std::string> read_values(KafkaConsumer& consumer, size_t count) {
  std::vector<std::string> values;
  while (values.size() < count) values.emplace_back(poll_for<KafkaMessage>(consumer).value());
  return values;
}

// True when no message comes for a while, in which one would have come.
inline bool is_silent(KafkaConsumer& consumer) {
  for (int i = 0; i < 20; ++i) {
    const Polled polled = consumer.poll(std::chrono::milliseconds(20));
    if (std::holds_alternative<KafkaMessage>(polled)) return false;
  }
  return true;
}

}  // namespace kedge
