#include "source/fetch.h"

#include <algorithm>

#include "source/kafka_loop.h"
#include "source/kafka_reach.h"

namespace kedge {
namespace {

Error gone(const TopicPartition& where, int64_t offset, const Watermarks& log) {
  return {ErrorCode::not_found, "offset " + std::to_string(offset) + " of " + where.topic + "[" +
                                    std::to_string(where.partition) + "] is no longer there: its records begin at " +
                                    std::to_string(log.low) + " and end before " + std::to_string(log.high)};
}

FetchedRecord copy_of(const KafkaMessage& message) {
  FetchedRecord record{std::string(message.key()), std::string(message.value()), {}, message.has_key()};
  message.for_each_header(
      [&](std::string_view name, std::string_view value) { record.headers.emplace_back(name, value); });
  return record;
}

}  // namespace

Result<FetchedRecord> fetch_record(const KafkaSource::Options& options, const TopicPartition& where, int64_t offset,
                                   Clock& clock, Duration timeout) {
  constexpr size_t kQueueBytes = 1U << 20U;  // one record is wanted, and those behind it come along
  ConsumerOptions client = consumer_options(options);
  client.queue_bytes = kQueueBytes;
  const auto consumer = KafkaConsumer::look(client);
  if (!consumer) return consumer.error();
  const Duration end = clock.elapsed() + timeout;
  const auto left = [&] { return std::max(Duration(0), end - clock.elapsed()); };
  const auto log = (*consumer)->watermarks(where, timeout);
  if (!log) return why_unanswered(**consumer, log.error());
  if (offset < log->low || offset >= log->high) return gone(where, offset, *log);
  const PartitionOffset from{where, offset, ""};
  if (auto assigned = (*consumer)->assign({&from, 1}); !assigned) return assigned.error();
  Error error{ErrorCode::timeout, "the brokers gave no record in time"};
  while (left() > Duration(0)) {
    const Polled polled = (*consumer)->poll(std::min<Duration>(left(), std::chrono::milliseconds(100)));
    if (const auto* message = std::get_if<KafkaMessage>(&polled)) {
      if (message->offset() == offset) return copy_of(*message);
      if (message->offset() > offset) return gone(where, offset, *log);
    } else if (const auto* problem = std::get_if<KafkaProblem>(&polled)) {
      if (problem->kind == KafkaProblem::Kind::out_of_range) return gone(where, offset, *log);
      error = to_error(*problem);
    }
  }
  return error;
}

}  // namespace kedge
