// Where a person wants a partition to be read from, and what the brokers say of it. Nothing is joined and nothing is
// read: it may be asked beside a running source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kafka/consumer.h"
#include "source/kafka_source.h"

namespace kedge {

struct SeekTo {
  enum class Kind { offset, beginning, end, time };
  Kind kind = Kind::offset;
  int64_t offset = 0;  // of Kind::offset
  Time time{};         // of Kind::time: the first record whose own timestamp is not before it

  bool operator==(const SeekTo&) const = default;
};

// "1234", "beginning", "end", "2026-11-28T10:00:00Z".
Result<SeekTo> parse_seek_to(std::string_view);

// What the brokers say.
struct SeekFacts {
  std::string cluster;
  std::optional<PartitionOffset> group;  // the group's offset
  Watermarks log;
  std::optional<int64_t> at_time;  // of Kind::time; none: no record is that young
};

// unavailable or timeout: why the brokers cannot be asked. not_found: the source reads no such partition.
Result<SeekFacts> look_where_to_seek(const KafkaSource::Options&, const TopicPartition&, const SeekTo&,
                                     Duration timeout);

// The offset that is meant. Refused (invalid) where the log has none such; the error says which it has.
Result<int64_t> offset_to_seek(const TopicPartition&, const SeekTo&, const SeekFacts&);

}  // namespace kedge
