// Owners of librdkafka's objects: each frees what it holds by the library's own function.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace kedge {

template <auto free_object>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    free_object(object);
  }
};

using KafkaConf = std::unique_ptr<rd_kafka_conf_t, FreedBy<rd_kafka_conf_destroy>>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, FreedBy<rd_kafka_queue_destroy>>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, FreedBy<rd_kafka_event_destroy>>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, FreedBy<rd_kafka_error_destroy>>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, FreedBy<rd_kafka_topic_destroy>>;
using KafkaAdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, FreedBy<rd_kafka_AdminOptions_destroy>>;
using KafkaConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, FreedBy<rd_kafka_ConfigResource_destroy>>;
using KafkaRawMessage = std::unique_ptr<rd_kafka_message_t, FreedBy<rd_kafka_message_destroy>>;
using KafkaPartitionList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, FreedBy<rd_kafka_topic_partition_list_destroy>>;

}  // namespace kedge
