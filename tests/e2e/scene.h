// Scene: a Kafka broker with a topic, an S3 API, a webhook's receiver, and an engine that is set up between them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/e2e/cloud.h"
#include "tests/e2e/engine.h"
#include "tests/support/http_receiver.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_client.h"

namespace kedge {

constexpr auto kHookKey = "0123456789abcdef01234567";  // 24 bytes

class Scene : public testing::Test {
 protected:
  // All in it stands after it; the engine is not started.
  void SetUp() override { set_up("3.9.2"); }
  void set_up(const std::string& kafka_version);
  void set_up(Result<std::unique_ptr<KafkaBroker>> broker);

  // The engine ends as it should, however the test went.
  void TearDown() override;

  // To the topic's first partition, acknowledged.
  void send(const std::string& value) { send_to_partition(0, value); }
  void send(const Json& event) { send(event.dump()); }

  void send_to_partition(int partition, const std::string& value);

  // Waits until so many records of a kind stand in the journal; all of them.
  Json wait_for_records(const std::string& kind, size_t count);

  std::unique_ptr<KafkaBroker> broker_;
  std::unique_ptr<KafkaProducer> producer_;
  std::unique_ptr<Cloud> cloud_;
  HttpReceiver hook_;
  Engine engine_;
  std::string topic_;
};

}  // namespace kedge
