// One record of a topic, as it stands there now. It is read by a client of its own, which joins nothing: it may be
// asked beside a running source.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "kafka/consumer.h"
#include "source/kafka_source.h"

namespace kedge {

struct FetchedRecord {
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;
  bool has_key = false;
};

// not_found: the record is no longer there. unavailable or timeout: why the brokers did not give it.
Result<FetchedRecord> fetch_record(const KafkaSource::Options&, const TopicPartition&, int64_t offset, Clock& clock,
                                   Duration timeout);

}  // namespace kedge
