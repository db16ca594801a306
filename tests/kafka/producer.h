// What tests of consumers write to a broker with: the tests' ordinary client, in few words. What fails is thrown, so
// that no test goes on to wait for what was never written.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/kafka_client.h"

namespace kedge {

class TestProducer {
 public:
  explicit TestProducer(const std::string& brokers) : TestProducer(KafkaProperties{{"bootstrap.servers", brokers}}) {}
  explicit TestProducer(const KafkaProperties& properties) {
    auto made = KafkaProducer::make(properties);
    if (!made) throw std::runtime_error(made.error().message);
    producer_ = *std::move(made);
  }

  void produce(const std::string& topic, int partition, KafkaRecord record) {
    record.topic = topic;
    record.partition = partition;
    if (const auto done = producer_->produce(record); !done) throw std::runtime_error(done.error().message);
  }

  // Waits until all that was produced is there.
  void flush() {
    if (const auto done = producer_->flush(); !done) throw std::runtime_error(done.error().message);
  }

  // `count` records in one partition: "first", "first + 1", ...
  void produce_numbers(const std::string& topic, int partition, int count, int first = 0) {
    for (int i = first; i < first + count; ++i) produce(topic, partition, {.topic = {}, .value = std::to_string(i)});
    flush();
  }

 private:
  std::unique_ptr<KafkaProducer> producer_;
};

}  // namespace kedge
