// The records of a source's topics from a span of time, as they stand there now: of those that were handled, and of no
// others. They are read by a client of its own, which joins nothing and commits nothing: it may be asked beside a
// running source.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "event/position.h"
#include "kafka/consumer.h"
#include "source/batch.h"
#include "source/kafka_source.h"

namespace kedge {

// By the records' own timestamps: at or after `from`, before `to`.
struct TimeSpan {
  Time from;
  Time to;
};

struct HandledPartition {
  TopicPartition where;
  Position position;  // the ledger's
};

// How much of a partition could be read.
struct PartitionRead {
  TopicPartition where;
  int64_t records = 0;  // of the span
  Time kept_since;      // what was handled before it may be gone; the epoch's start: all that was handled is there
  std::string missing;  // why, in words; empty: nothing is

  bool operator==(const PartitionRead&) const = default;
};

// What the brokers say of a partition.
struct SpanFacts {
  std::string cluster;
  Watermarks log;
  std::optional<int64_t> at_from;  // the first record that is not older than this; none: no record is that young, or
  std::optional<int64_t> at_end;   // the broker (the stand-in) does not know times
};

// The offsets to read, and what is gone already.
struct Stretch {
  int64_t begin = 0;
  int64_t end = 0;          // nothing at or behind it is read
  bool cut_before = false;  // what stood before `begin` is gone: the first record tells since when there are some
  Time kept_since;
  std::string missing;

  bool empty() const { return begin >= end; }
};
Stretch stretch_to_read(const HandledPartition&, const TimeSpan&, const SpanFacts&);

// Calls `visit` with each record, those of one partition in order; its views live until visit returns. An error of
// `visit` ends it. unavailable or timeout: why the brokers cannot be asked, or gave nothing for as long as `patience`.
using VisitRecordOfSpan = std::function<Result<void>(const TopicPartition&, const SourceMessage&)>;
Result<std::vector<PartitionRead>> read_span(const KafkaSource::Options&, const std::vector<HandledPartition>&,
                                             const TimeSpan&, Clock& clock, Duration patience,
                                             const VisitRecordOfSpan& visit);

}  // namespace kedge
