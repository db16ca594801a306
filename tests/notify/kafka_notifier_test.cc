// KafkaNotifier against the mock cluster.
#include "notify/kafka_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/json.h"
#include "kafka/mock_cluster.h"
#include "tests/support/kafka_client.h"

namespace kedge {
namespace {

using testing::HasSubstr;

class KafkaNotifierTest : public testing::Test {
 protected:
  void SetUp() override {
    auto cluster = MockCluster::start({{"letters", 1}});
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster_ = *std::move(cluster);
    notice_.id = "notice_1";
    notice_.type = "kedge.dead_letter";
    notice_.data = {{"source", "cloudtrail"}, {"seq", 45}, {"value_base64", "AA=="}};
  }
  WriterOptions options() const {
    return {.brokers = cluster_->bootstrap_servers(), .topic = "letters", .properties = {}};
  }
  Delivery deliver() { return KafkaNotifier(options(), "ledger-1").deliver(notice_, {}, {}); }
  void fail(rd_kafka_resp_err_t code) {
    rd_kafka_mock_push_request_errors_array(cluster_->handle(), 0 /* Produce */, 1, &code);
  }

  std::unique_ptr<MockCluster> cluster_;
  Notice notice_;
};

TEST_F(KafkaNotifierTest, WritesACloudEventInJson) {
  const Delivery delivery = deliver();
  ASSERT_EQ(delivery.kind, Delivery::Kind::delivered) << delivery.error;
  const auto records =
      read_topic({{"bootstrap.servers", cluster_->bootstrap_servers()}, {"fetch.wait.max.ms", "10"}}, "letters", 1);
  ASSERT_TRUE(records) << records.error().message;
  const KafkaRecord& record = records->at(0);
  EXPECT_EQ(record.key, "cloudtrail");
  EXPECT_EQ(record.headers, (std::vector<std::pair<std::string, std::string>>{
                                {"content-type", "application/cloudevents+json; charset=UTF-8"}}));
  const Json event = *parse_json(*record.value);
  EXPECT_EQ(event["specversion"], "1.0");
  EXPECT_EQ(event["id"], "notice_1");
  EXPECT_EQ(event["source"], "urn:uuid:ledger-1");
  EXPECT_EQ(event["type"], "kedge.dead_letter");
  EXPECT_EQ(event["data"], notice_.data);
}

TEST_F(KafkaNotifierTest, KeysByTheTargetBeforeTheRule) {
  notice_.data["rule"] = "open";
  EXPECT_EQ(kafka_record(notice_, "l").key, "open");
  notice_.data["target"] = "arn:aws:s3:::b";
  EXPECT_EQ(kafka_record(notice_, "l").key, "arn:aws:s3:::b");
  notice_.data = Json{{"alarm", "clock"}};
  EXPECT_EQ(kafka_record(notice_, "l").key, "");
}

TEST_F(KafkaNotifierTest, TriesAgainWhatSomebodyCanMend) {
  fail(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const Delivery refused = deliver();
  EXPECT_EQ(refused.kind, Delivery::Kind::retry);
  EXPECT_THAT(refused.error, HasSubstr("grant WRITE"));
}

TEST_F(KafkaNotifierTest, GivesUpWhatTheTopicNeverTakes) {
  fail(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  const Delivery refused = deliver();
  EXPECT_EQ(refused.kind, Delivery::Kind::permanent);
  EXPECT_THAT(refused.error, HasSubstr("max.message.bytes"));
}

}  // namespace
}  // namespace kedge
