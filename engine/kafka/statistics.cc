#include "kafka/statistics.h"

#include "base/json.h"

namespace kedge {
namespace {

const Json& member(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

// The library's numbers are non-negative where we read them; anything else counts as 0.
uint64_t number(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

std::string text(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

KafkaStatistics::Broker broker_of(const Json& json) {
  return {.name = text(json, "name"),
          .up = text(json, "state") == "UP",
          .round_trip = Duration(number(member(json, "rtt"), "avg")),
          .received_bytes = number(json, "rxbytes"),
          .disconnects = number(json, "disconnects")};
}

void add_partitions(const Json& topics, KafkaStatistics& statistics) {
  for (const Json& topic : topics) {
    for (const Json& partition : member(topic, "partitions")) {
      statistics.queue_messages += number(partition, "fetchq_cnt");
      statistics.queue_bytes += number(partition, "fetchq_size");
    }
  }
}

}  // namespace

Result<KafkaStatistics> parse_statistics(std::string_view json) {
  const auto document = parse_json(json);
  if (!document) return document.error().with("reading the client's statistics");
  KafkaStatistics statistics;
  for (const Json& broker : member(*document, "brokers")) {
    const bool real = text(broker, "source") != "internal" && text(broker, "source") != "logical" &&
                      member(broker, "nodeid").is_number_unsigned();
    if (real) statistics.brokers.push_back(broker_of(broker));
  }
  add_partitions(member(*document, "topics"), statistics);
  const Json& group = member(*document, "cgrp");
  statistics.received_messages = number(*document, "rxmsgs");
  statistics.received_bytes = number(*document, "rxmsg_bytes");
  statistics.rebalances = number(group, "rebalance_cnt");
  statistics.group_state = text(group, "state");
  return statistics;
}

}  // namespace kedge
