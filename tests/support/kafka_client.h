// An ordinary Kafka client for tests, so that what kedge reads was not written by kedge.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace kedge {

// librdkafka's settings. KafkaBroker::properties gives those that lead to one of its listeners.
using KafkaProperties = std::map<std::string, std::string>;

struct KafkaRecord {
  std::string topic;
  std::optional<std::string> value;  // none: a tombstone
  std::string key = {};              // empty: none
  std::vector<std::pair<std::string, std::string>> headers = {};
  int partition = -1;        // -1: by key, or any; the one it came from when read
  int64_t timestamp_ms = 0;  // 0: now
  int64_t offset = -1;       // set when read

  bool operator==(const KafkaRecord&) const = default;
};

// One thread at a time. Not to be copied.
class KafkaProducer {
 public:
  static Result<std::unique_ptr<KafkaProducer>> make(const KafkaProperties&);
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  // Hands it to the client; it waits for room when too much is under way.
  Result<void> produce(const KafkaRecord&);

  // Waits until the broker has acknowledged all; the error of the first that it did not.
  Result<void> flush(std::chrono::milliseconds timeout = std::chrono::seconds(30));

 private:
  struct Client;
  explicit KafkaProducer(std::unique_ptr<Client>);
  std::unique_ptr<Client> client_;
};

// A member of a consumer group that reads, commits no offset, and is in nobody's secret. It polls on a thread of its
// own until it leaves.
class KafkaMember {
 public:
  static Result<std::unique_ptr<KafkaMember>> join(const KafkaProperties&, const std::string& group,
                                                   const std::string& topic);
  ~KafkaMember();  // leaves
  KafkaMember(const KafkaMember&) = delete;
  KafkaMember& operator=(const KafkaMember&) = delete;

  void leave();

 private:
  struct Client;
  explicit KafkaMember(std::unique_ptr<Client>);
  std::unique_ptr<Client> client_;
};

// Creates a topic; "conflict" when it is there already. `settings`: the broker's, as "retention.ms".
Result<void> create_topic(const KafkaProperties&, const std::string& topic, int partitions,
                          const std::map<std::string, std::string>& settings = {});
Result<void> delete_topic(const KafkaProperties&, const std::string& topic);
// Removes the records of a partition below `offset`, as retention does.
Result<void> delete_records(const KafkaProperties&, const std::string& topic, int partition, int64_t offset);

// Reads a topic from its beginning, all partitions, until `count` records are there, in the order of their partition
// and offset. No group has a part in it.
Result<std::vector<KafkaRecord>> read_topic(const KafkaProperties&, const std::string& topic, size_t count,
                                            std::chrono::milliseconds timeout = std::chrono::seconds(30));

}  // namespace kedge
