// What the client library tells in its log alone. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "kafka/consumer.h"

namespace kedge {

// The partition that a line of the log says is gone at its broker.
//
// When a topic is deleted and made anew while it is read, the library waits for it and reads on at the offset where it
// was, without an error for us: what lies below that offset in the new log would be skipped. Between the two the broker
// says that it does not know the partition, and that is a line at debug level, context `topic`, which is the same in
// all versions from 2.0.2 to 2.15.
std::optional<TopicPartition> vanished_partition(std::string_view facility, std::string_view line);

}  // namespace kedge
