#include "kafka/mock_cluster.h"

#include <array>

#include "kafka/handle.h"
//
#include <librdkafka/rdkafka_mock.h>

namespace kedge {

struct MockCluster::Host {
  std::unique_ptr<rd_kafka_t, FreedBy<rd_kafka_destroy>> client;
};

Result<std::unique_ptr<MockCluster>> MockCluster::start(const std::vector<Topic>& topics) {
  std::array<char, 512> why{};
  KafkaConf conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size());
  if (client == nullptr)
    return Error{ErrorCode::internal, std::string("starting the imitation of Kafka: ") + why.data()};
  (void)conf.release();  // the client took it

  std::unique_ptr<MockCluster> cluster(new MockCluster);
  cluster->host_ = std::make_unique<Host>();
  cluster->host_->client.reset(client);
  cluster->cluster_ = rd_kafka_mock_cluster_new(client, 1);
  if (cluster->cluster_ == nullptr)
    return Error{ErrorCode::unavailable, "the imitation of Kafka cannot listen on loopback"};
  for (const Topic& topic : topics) {
    if (auto created = cluster->create_topic(topic); !created) return created.error();
  }
  return cluster;
}

MockCluster::~MockCluster() {
  if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
}

std::string MockCluster::bootstrap_servers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

Result<void> MockCluster::create_topic(const Topic& topic) {
  const auto code = rd_kafka_mock_topic_create(cluster_, topic.name.c_str(), topic.partitions, 1);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return Error{ErrorCode::invalid, "creating topic `" + topic.name + "`: " + rd_kafka_err2str(code)};
}

}  // namespace kedge
