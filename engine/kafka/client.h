// What the two halves of KafkaConsumer share: the library's handle, and what its callbacks leave behind. Private to
// kafka/.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <utility>

#include "base/waiting.h"
#include "kafka/consumer.h"
#include "kafka/queue_waker.h"

namespace kedge {

// Lives as long as the handle, and longer than the consumer if the handle had to be abandoned.
struct KafkaConsumer::Client {
  explicit Client(const KafkaProperties& properties) : redactor(properties) {}

  // Constant once the handle is there.
  Redactor redactor;
  ClientFacts facts;
  rd_kafka_t* handle = nullptr;
  KafkaQueue commit_results;

  // Provide their own synchronization.
  // Told by the library's threads, not yet by poll. None may be left out, so none is refused; poll takes them all.
  Mailbox<TopicPartition> vanished{SIZE_MAX};
  std::atomic<bool> any_vanished = false;

  // The owner's: written by callbacks, which run inside the owner's poll and close.
  std::deque<Polled> happened;
  KafkaStatistics statistics;
  std::optional<QueueWaker> waker;  // of the handle
  bool closing = false;

  // Any thread.
  KafkaProblem problem(rd_kafka_resp_err_t code, std::string_view reason) const {
    if (code != RD_KAFKA_RESP_ERR__FATAL) return explain(code, redactor.redact(reason), facts);
    std::array<char, 512> cause{};  // of what ended the client
    code = rd_kafka_fatal_error(handle, cause.data(), cause.size());
    KafkaProblem problem = explain(code, redactor.redact(cause.data()), facts);
    problem.fatal = true;
    return problem;
  }
};

inline KafkaPartitionList new_partition_list(size_t size) {
  return KafkaPartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

inline int to_milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

}  // namespace kedge
