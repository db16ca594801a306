// TopicWriter against the mock cluster.
#include "kafka/topic_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <thread>

#include "kafka/mock_cluster.h"
#include "tests/support/kafka_client.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr Duration kTimeout = seconds(20);

class TopicWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    auto cluster = MockCluster::start({{"checkpoints", 1}});
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster_ = *std::move(cluster);
  }

  WriterOptions options() const {
    return {.brokers = cluster_->bootstrap_servers(), .topic = "checkpoints", .properties = {}};
  }
  std::vector<KafkaRecord> written(size_t count) const {
    return read_topic({{"bootstrap.servers", cluster_->bootstrap_servers()}, {"fetch.wait.max.ms", "10"}},
                      "checkpoints", count)
        .value();
  }
  // So many produce requests are answered with this error.
  void fail(rd_kafka_resp_err_t code, int times) {
    std::vector<rd_kafka_resp_err_t> codes(static_cast<size_t>(times), code);
    rd_kafka_mock_push_request_errors_array(cluster_->handle(), 0 /* Produce */, codes.size(), codes.data());
  }

  std::unique_ptr<MockCluster> cluster_;
};

TEST_F(TopicWriterTest, ReturnsWhenTheRecordIsThere) {
  TopicWriter writer(options());
  ASSERT_TRUE(writer.write({"key", "one", {{"size", "1"}}}, kTimeout, {}));
  ASSERT_TRUE(writer.write({"key", "two", {}}, kTimeout, {}));
  const auto records = written(2);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].key, "key");
  EXPECT_EQ(records[0].value, "one");
  EXPECT_EQ(records[0].headers, (std::vector<std::pair<std::string, std::string>>{{"size", "1"}}));
  EXPECT_EQ(records[1].value, "two");
}

TEST_F(TopicWriterTest, TriesAgainWhatABrokerMayTakeLater) {
  fail(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 1);
  TopicWriter writer(options());
  EXPECT_TRUE(writer.write({"key", "value", {}}, kTimeout, {}));
}

TEST_F(TopicWriterTest, SaysWhatTheBrokerRefusesAndWhatMendsIt) {
  TopicWriter writer(options());
  fail(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
  const auto refused = writer.write({"key", "value", {}}, kTimeout, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("grant WRITE and DESCRIBE"));
  const auto later = writer.write({"key", "later", {}}, kTimeout, {});
  EXPECT_TRUE(later) << later.error().message;
}

TEST_F(TopicWriterTest, SaysThatTheTopicIsNotThere) {
  rd_kafka_mock_topic_set_error(cluster_->handle(), "elsewhere", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  WriterOptions options = this->options();
  options.topic = "elsewhere";
  options.properties["topic.metadata.propagation.max.ms"] = "100";
  TopicWriter writer(options);
  const auto written = writer.write({"key", "value", {}}, kTimeout, {});
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("topic `elsewhere` is not there"));
}

TEST_F(TopicWriterTest, SaysThatNoBrokerAnswersWhenItsTimeIsOver) {
  WriterOptions options = this->options();
  options.brokers = "127.0.0.1:1";
  TopicWriter writer(options);
  const auto written = writer.write({"key", "value", {}}, seconds(2), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::unavailable);
  EXPECT_THAT(written.error().message, HasSubstr("no broker answers at 127.0.0.1:1"));
}

TEST_F(TopicWriterTest, SendsNothingLaterThatItGaveUp) {
  rd_kafka_mock_broker_set_down(cluster_->handle(), 1);
  TopicWriter writer(options());
  ASSERT_FALSE(writer.write({"key", "given up", {}}, milliseconds(300), {}));
  rd_kafka_mock_broker_set_up(cluster_->handle(), 1);
  ASSERT_TRUE(writer.write({"key", "next", {}}, kTimeout, {}));
  EXPECT_EQ(written(1)[0].value, "next");
}

TEST_F(TopicWriterTest, LetsGoSoonWhenItIsStopped) {
  rd_kafka_mock_broker_set_down(cluster_->handle(), 1);
  TopicWriter writer(options());
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(writer.write({"key", "value", {}}, std::chrono::hours(1), stop.get_token()));
  stopper.join();
}

TEST_F(TopicWriterTest, WritesManyTogetherInTheirOrder) {
  TopicWriter writer(options());
  std::vector<TopicWriter::Record> records;
  for (int i = 0; i < 1'000; ++i) records.push_back({"key", std::to_string(i), {}});
  const auto done = writer.write_all(records, kTimeout, {});
  EXPECT_EQ(done.records, 1'000U);
  EXPECT_FALSE(done.error) << done.error->message;
  const auto all = written(1'000);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].value, std::to_string(i));
}

TEST_F(TopicWriterTest, SaysHowManyOfTheFirstAreThere) {
  WriterOptions options = this->options();
  options.properties["message.max.bytes"] = "1000";
  TopicWriter writer(options);
  const std::vector<TopicWriter::Record> records = {
      {"key", "one", {}}, {"key", "two", {}}, {"key", std::string(5'000, 'x'), {}}, {"key", "four", {}}};
  const auto done = writer.write_all(records, kTimeout, {});
  EXPECT_EQ(done.records, 2U);
  ASSERT_TRUE(done.error);
  EXPECT_EQ(done.error->code, ErrorCode::limit);
  EXPECT_TRUE(writer.write({"key", "next", {}}, kTimeout, {}));
  EXPECT_EQ(written(3)[2].value, "next");
}

TEST_F(TopicWriterTest, OfManyNoneIsThereWhenNoBrokerAnswers) {
  rd_kafka_mock_broker_set_down(cluster_->handle(), 1);
  TopicWriter writer(options());
  const std::vector<TopicWriter::Record> records = {{"key", "one", {}}, {"key", "two", {}}};
  const auto done = writer.write_all(records, milliseconds(300), {});
  EXPECT_EQ(done.records, 0U);
  EXPECT_TRUE(done.error);
  rd_kafka_mock_broker_set_up(cluster_->handle(), 1);
  EXPECT_EQ(writer.write_all(records, kTimeout, {}).records, 2U);
  EXPECT_EQ(written(2)[0].value, "one");
}

TEST_F(TopicWriterTest, SaysOfEachRecordWhetherItMayBeThereAllTheSame) {
  TopicWriter writer(options());
  const std::vector<TopicWriter::Record> one = {{"key", "one", {}}};
  auto fates = writer.write_each(one, kTimeout, {});
  ASSERT_EQ(fates.size(), 1U);
  EXPECT_FALSE(fates[0].error);
  rd_kafka_mock_broker_set_rtt(cluster_->handle(), 1, 60'000);  // it is on its way, and no answer comes
  fates = writer.write_each(one, milliseconds(500), {});
  ASSERT_TRUE(fates[0].error);
  EXPECT_TRUE(fates[0].perhaps);
}

TEST_F(TopicWriterTest, SaysOfEachRecordThatItSurelyIsNotThere) {
  rd_kafka_mock_broker_set_down(cluster_->handle(), 1);
  TopicWriter writer(options());
  const std::vector<TopicWriter::Record> two = {{"key", "one", {}}, {"key", "two", {}}};
  auto fates = writer.write_each(two, milliseconds(300), {});
  ASSERT_EQ(fates.size(), 2U);
  for (const auto& fate : fates) {
    EXPECT_TRUE(fate.error);
    EXPECT_FALSE(fate.perhaps);
  }
  rd_kafka_mock_broker_set_up(cluster_->handle(), 1);
  fail(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
  fates = writer.write_each({two.data(), 1}, kTimeout, {});
  ASSERT_TRUE(fates[0].error);
  EXPECT_EQ(fates[0].error->code, ErrorCode::refused);
  EXPECT_FALSE(fates[0].perhaps);
}

TEST_F(TopicWriterTest, FindsItsTopicWithoutMakingIt) {
  TopicWriter writer(options());
  EXPECT_EQ(writer.partitions(kTimeout).value(), 1);
  WriterOptions other = options();
  other.topic = "elsewhere";
  EXPECT_EQ(TopicWriter(other).partitions(kTimeout).error().code, ErrorCode::not_found);
  EXPECT_EQ(TopicWriter(other).partitions(kTimeout).error().code, ErrorCode::not_found);
}

TEST_F(TopicWriterTest, DoesNotAskForLongWhereNobodyListens) {
  WriterOptions nobody = options();
  nobody.brokers = "127.0.0.1:1";
  const auto found = TopicWriter(nobody).partitions(std::chrono::hours(1));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::unavailable);
  EXPECT_THAT(found.error().message, HasSubstr("Connection refused"));
}

}  // namespace
}  // namespace kedge
