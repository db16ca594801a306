// What tests write to a broker with: blocking, one record at a time acknowledged.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kafka/handle.h"

namespace kedge {

struct TestRecord {
  std::optional<std::string> value;  // none: a tombstone
  std::optional<std::string> key = std::nullopt;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers = {};
};

class TestProducer {
 public:
  explicit TestProducer(const std::string& brokers,
                        const std::vector<std::pair<std::string, std::string>>& properties = {}) {
    KafkaConf conf(rd_kafka_conf_new());
    std::array<char, 512> why{};
    const auto set = [&](const std::string& name, const std::string& value) {
      if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK) {
        throw std::runtime_error(why.data());
      }
    };
    set("bootstrap.servers", brokers);
    set("linger.ms", "0");
    for (const auto& [name, value] : properties) set(name, value);
    rd_kafka_conf_set_log_cb(conf.get(), nullptr);
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.release(), why.data(), why.size()));
  }

  void produce(const std::string& topic, int32_t partition, const TestRecord& record) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.c_str(), -1, value ? value->data() : nullptr,
                          value ? static_cast<ssize_t>(value->size()) : 0);
    }
    void* value = record.value ? const_cast<char*>(record.value->data()) : nullptr;
    const size_t value_size = record.value ? record.value->size() : 0;
    const void* key = record.key ? record.key->data() : nullptr;
    const size_t key_size = record.key ? record.key->size() : 0;
    const auto code = rd_kafka_producev(
        client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_VALUE(value, value_size), RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK), RD_KAFKA_V_END);
    ASSERT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // Waits until all that was produced is there.
  void flush() { ASSERT_EQ(rd_kafka_flush(client_.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR); }

  // `count` records in one partition: "0", "1", ...
  void produce_numbers(const std::string& topic, int32_t partition, int count) {
    for (int i = 0; i < count; ++i) produce(topic, partition, {.value = std::to_string(i)});
    flush();
  }

 private:
  std::unique_ptr<rd_kafka_t, FreedBy<rd_kafka_destroy>> client_;
};

}  // namespace kedge
