// What the Kafka fixtures promise, on each version and each listener of the brokers that ctest shares out.
#include "tests/support/kafka_client.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "tests/support/kafka_broker.h"
#include "tests/support/needs.h"

namespace kedge {
namespace {

class Kafka : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto broker = KafkaBroker::shared(GetParam());
    KEDGE_NEEDS(broker);
    broker_ = std::move(*broker);
  }

  // A record goes in and comes out through one listener.
  void round_trip(KafkaListener listener) {
    const auto properties = broker_->properties(listener);
    const auto topic = unique("round-trip");
    const auto created = create_topic(properties, topic, 1);
    ASSERT_TRUE(created) << created.error().message;
    auto producer = KafkaProducer::make(properties);
    ASSERT_TRUE(producer) << producer.error().message;
    ASSERT_TRUE(
        (*producer)->produce({.topic = topic, .value = "value", .key = "key", .headers = {{"h", "1"}, {"h", "2"}}}));
    const auto flushed = (*producer)->flush();
    ASSERT_TRUE(flushed) << flushed.error().message;
    const auto records = read_topic(properties, topic, 1);
    ASSERT_TRUE(records) << records.error().message;
    EXPECT_EQ(records->at(0).value, "value");
    EXPECT_EQ(records->at(0).key, "key");
    EXPECT_EQ(records->at(0).headers, (std::vector<std::pair<std::string, std::string>>{{"h", "1"}, {"h", "2"}}));
    EXPECT_EQ(records->at(0).offset, 0);
  }

  std::unique_ptr<KafkaBroker> broker_;
};

TEST_P(Kafka, CarriesARecordInPlainText) { round_trip(KafkaListener::plain); }
TEST_P(Kafka, CarriesARecordAfterAPlainLogin) { round_trip(KafkaListener::sasl_plain); }
TEST_P(Kafka, CarriesARecordOverTls) { round_trip(KafkaListener::tls); }
TEST_P(Kafka, CarriesARecordOverTlsAfterAPlainLogin) { round_trip(KafkaListener::sasl_tls); }

// This library sends its nonce twice before 2.6.1; brokers of version 4 no longer let that pass.
TEST_P(Kafka, CarriesARecordAfterAScramLoginWhereLibraryAndBrokerAgree) {
  if (broker_->version().starts_with("3.") || rd_kafka_version() >= 0x020601ff) {
    round_trip(KafkaListener::sasl_scram);
    return;
  }
  const auto records = read_topic(broker_->properties(KafkaListener::sasl_scram), "any", 1);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::refused) << records.error().message;
}

TEST_P(Kafka, RefusesAWrongPassword) {
  auto properties = broker_->properties(KafkaListener::sasl_plain);
  properties["sasl.password"] = "wrong";
  const auto records = read_topic(properties, "any", 1);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::refused) << records.error().message;
}

TEST_P(Kafka, ReadsAllPartitionsInTheirOrder) {
  const auto topic = unique("partitions");
  ASSERT_TRUE(create_topic(broker_->properties(), topic, 3));
  auto producer = KafkaProducer::make(broker_->properties());
  ASSERT_TRUE(producer);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE((*producer)->produce({.topic = topic, .value = std::to_string(i), .partition = i % 3}));
  }
  ASSERT_TRUE((*producer)->flush());
  const auto records = read_topic(broker_->properties(), topic, 30);
  ASSERT_TRUE(records) << records.error().message;
  for (int i = 0; i < 30; ++i) {
    const auto& record = records->at(static_cast<size_t>(i));
    EXPECT_EQ(record.value, std::to_string(i % 10 * 3 + i / 10));
    EXPECT_EQ(record.partition, i / 10);
  }
}

TEST_P(Kafka, KnowsATopicThatIsThereAlready) {
  const auto topic = unique("twice");
  ASSERT_TRUE(create_topic(broker_->properties(), topic, 1));
  const auto again = create_topic(broker_->properties(), topic, 1);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
}

INSTANTIATE_TEST_SUITE_P(Brokers, Kafka, testing::Values("3.9.2", "4.3.1"), [](const auto& instance) {
  std::string name = instance.param;
  for (auto& c : name) c = c == '.' ? '_' : c;
  return name;
});

}  // namespace
}  // namespace kedge
