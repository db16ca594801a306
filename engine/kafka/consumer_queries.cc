// What a consumer can ask its brokers. Every function may be called from any thread; none touches what is the owner's.
#include "kafka/client.h"
#include "kafka/consumer.h"

namespace kedge {
namespace {

using KafkaMetadata = std::unique_ptr<const struct rd_kafka_metadata, FreedBy<rd_kafka_metadata_destroy>>;
using KafkaGroupList = std::unique_ptr<const struct rd_kafka_group_list, FreedBy<rd_kafka_group_list_destroy>>;

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

std::vector<GroupMember> members_of(const struct rd_kafka_group_info& group) {
  std::vector<GroupMember> members;
  for (const auto& member : std::span(group.members, static_cast<size_t>(group.member_cnt))) {
    members.push_back(
        {text_or_empty(member.member_id), text_or_empty(member.client_id), text_or_empty(member.client_host)});
  }
  return members;
}

std::map<std::string, std::string> settings_in(const rd_kafka_ConfigResource_t& resource) {
  size_t count = 0;
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(&resource, &count);
  std::map<std::string, std::string> settings;
  for (const rd_kafka_ConfigEntry_t* entry : std::span(entries, count)) {
    settings[rd_kafka_ConfigEntry_name(entry)] = text_or_empty(rd_kafka_ConfigEntry_value(entry));
  }
  return settings;
}

}  // namespace

Result<std::string> KafkaConsumer::cluster_id(Duration timeout) const {
  char* id = rd_kafka_clusterid(client_->handle, to_milliseconds(timeout));
  if (id == nullptr) return failure(RD_KAFKA_RESP_ERR__TRANSPORT, "asking for the cluster's id");
  std::string copy(id);
  rd_kafka_mem_free(client_->handle, id);
  return copy;
}

Result<Watermarks> KafkaConsumer::watermarks(const TopicPartition& where, Duration timeout) const {
  Watermarks log;
  const auto code = rd_kafka_query_watermark_offsets(client_->handle, where.topic.c_str(), where.partition, &log.low,
                                                     &log.high, to_milliseconds(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failure(code, "asking for the ends of " + where.topic + "[" + std::to_string(where.partition) + "]");
  }
  return log;
}

Result<std::optional<int64_t>> KafkaConsumer::offset_at(const TopicPartition& where, Time time,
                                                        Duration timeout) const {
  constexpr std::string_view kDoing = "asking for the offset of a time";
  using std::chrono::milliseconds;
  auto list = new_partition_list(1);
  auto* asked = rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(), where.partition);
  asked->offset = std::chrono::ceil<milliseconds>(time).time_since_epoch().count();  // the library's: a time goes in
  const auto code = rd_kafka_offsets_for_times(client_->handle, list.get(), to_milliseconds(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(code, kDoing);
  if (asked->err != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(asked->err, kDoing);
  return asked->offset < 0 ? std::nullopt : std::optional(asked->offset);
}

Result<std::vector<std::optional<PartitionOffset>>> KafkaConsumer::committed(std::span<const TopicPartition> partitions,
                                                                             Duration timeout) const {
  constexpr std::string_view kDoing = "asking for the group's offsets";
  auto list = new_partition_list(partitions.size());
  for (const TopicPartition& each : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition);
  }
  const auto code = rd_kafka_committed(client_->handle, list.get(), to_milliseconds(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(code, kDoing);

  std::vector<std::optional<PartitionOffset>> offsets;
  for (const auto& each : std::span(list->elems, static_cast<size_t>(list->cnt))) {
    if (each.err != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(each.err, kDoing);
    if (each.offset < 0) {
      offsets.emplace_back();
      continue;
    }
    std::string metadata(static_cast<const char*>(each.metadata), each.metadata == nullptr ? 0 : each.metadata_size);
    offsets.push_back(PartitionOffset{{each.topic, each.partition}, each.offset, std::move(metadata)});
  }
  return offsets;
}

// Asks for each named topic by itself, or for all when there are patterns.
Result<std::map<std::string, int>> KafkaConsumer::partition_counts(Duration timeout) const {
  std::map<std::string, int> counts;
  const auto ask = [&](rd_kafka_topic_t* only) -> Result<void> {
    const struct rd_kafka_metadata* raw = nullptr;
    const auto code = rd_kafka_metadata(client_->handle, only == nullptr, only, &raw, to_milliseconds(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(code, "asking for the topics");
    const KafkaMetadata metadata(raw);
    for (const auto& topic : std::span(metadata->topics, static_cast<size_t>(metadata->topic_cnt))) {
      const bool ours = topic.err == RD_KAFKA_RESP_ERR_NO_ERROR && subscription_.matches(topic.topic);
      if (ours) counts[topic.topic] = topic.partition_cnt;
    }
    return {};
  };
  if (subscription_.has_patterns()) {
    if (auto asked = ask(nullptr); !asked) return asked.error();
    return counts;
  }
  for (const std::string& name : subscription_.topics()) {
    const KafkaTopic topic(rd_kafka_topic_new(client_->handle, name.c_str(), nullptr));
    if (auto asked = ask(topic.get()); !asked) return asked.error();
  }
  return counts;
}

Result<std::optional<std::map<std::string, std::string>>> KafkaConsumer::topic_settings(const std::string& topic,
                                                                                        Duration timeout) const {
  constexpr std::string_view kDoing = "asking for the topic's settings";
  const KafkaAdminOptions options(rd_kafka_AdminOptions_new(client_->handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), to_milliseconds(timeout), nullptr, 0);
  const KafkaConfigResource asked(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const KafkaQueue queue(rd_kafka_queue_new(client_->handle));
  rd_kafka_ConfigResource_t* resource = asked.get();
  rd_kafka_DescribeConfigs(client_->handle, &resource, 1, options.get(), queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), to_milliseconds(timeout)));
  const auto code = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event.get());
  // The mock cluster names a controller that it does not have: the request waits for it until its time is over.
  if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE || code == RD_KAFKA_RESP_ERR__TIMED_OUT) {
    return std::optional<std::map<std::string, std::string>>();
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(code, kDoing);
  size_t count = 0;
  const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
  const rd_kafka_ConfigResource_t** found = rd_kafka_DescribeConfigs_result_resources(result, &count);
  if (count != 1) return failure(RD_KAFKA_RESP_ERR__BAD_MSG, kDoing);
  const auto refused = rd_kafka_ConfigResource_error(found[0]);
  if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(refused, kDoing);
  return std::optional(settings_in(*found[0]));
}

// By the older of the library's two ways: the newer one (DescribeConsumerGroups) uses freed memory, and blocks the
// whole client, where the broker does not know the request.
Result<std::optional<std::vector<GroupMember>>> KafkaConsumer::members(Duration timeout) const {
  const struct rd_kafka_group_list* raw = nullptr;
  const auto code = rd_kafka_list_groups(client_->handle, client_->facts.group.c_str(), &raw, to_milliseconds(timeout));
  if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) return std::optional<std::vector<GroupMember>>();
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure(code, "asking for the group's members");
  const KafkaGroupList groups(raw);
  std::vector<GroupMember> members;
  for (const auto& group : std::span(groups->groups, static_cast<size_t>(groups->group_cnt))) {
    if (client_->facts.group == group.group) members = members_of(group);
  }
  return std::optional(std::move(members));
}

std::string KafkaConsumer::member_id() const {
  char* id = rd_kafka_memberid(client_->handle);
  if (id == nullptr) return {};
  std::string copy(id);
  rd_kafka_mem_free(client_->handle, id);
  return copy;
}

}  // namespace kedge
