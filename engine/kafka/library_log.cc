#include "kafka/library_log.h"

#include <charconv>

namespace kedge {
namespace {

// "... TOPIC [PARTITION]"; a topic's name has no spaces.
std::optional<TopicPartition> partition_at_end_of(std::string_view text) {
  const size_t bracket = text.rfind(" [");
  if (bracket == std::string_view::npos || !text.ends_with(']')) return std::nullopt;
  const size_t space = text.rfind(' ', bracket - 1);
  const size_t name = bracket == 0 || space == std::string_view::npos ? 0 : space + 1;
  TopicPartition found{std::string(text.substr(name, bracket - name)), 0};
  const std::string_view number = text.substr(bracket + 2, text.size() - bracket - 3);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), found.partition);
  if (error != std::errc() || end != number.data() + number.size() || found.topic.empty()) return std::nullopt;
  return found;
}

}  // namespace

std::optional<TopicPartition> vanished_partition(std::string_view facility, std::string_view line) {
  constexpr std::string_view kWhat = ": broker unavailable: ";
  if (facility != "BROKERUA") return std::nullopt;
  const size_t what = line.find(kWhat);
  if (what == std::string_view::npos) return std::nullopt;
  const std::string_view why = line.substr(what + kWhat.size());
  // Where the library asks by ids (from 2.5 on), it is the topic's id that the broker does not know.
  const bool gone = why.ends_with(rd_kafka_err2str(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)) ||
                    why.ends_with("Broker: Unknown topic id") || why.ends_with("Broker: Inconsistent topic id");
  return gone ? partition_at_end_of(line.substr(0, what)) : std::nullopt;
}

}  // namespace kedge
