#include "kafka/consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <librdkafka/rdkafka_mock.h>

#include "kafka/mock_cluster.h"
#include "tests/kafka/consuming.h"
#include "tests/kafka/producer.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr Duration kTimeout = seconds(20);

class Consumer : public testing::Test {
 protected:
  void SetUp() override {
    auto cluster = MockCluster::start({{"events", 1}, {"wide", 3}});
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster_ = *std::move(cluster);
  }

  std::string brokers() const { return cluster_->bootstrap_servers(); }
  std::unique_ptr<KafkaConsumer> open(std::vector<std::string> topics = {"events"}) {
    return open_consumer(mock_options(brokers(), std::move(topics)));
  }

  std::unique_ptr<MockCluster> cluster_;
};

TEST_F(Consumer, ReadsNothingBeforeTheOwnerSaysWhere) {
  TestProducer(brokers()).produce_numbers("events", 0, 3);
  const auto consumer = open();
  poll_for<PartitionsAssigned>(*consumer);
  EXPECT_TRUE(is_silent(*consumer));
}

TEST_F(Consumer, ReadsFromTheOffsetThatItIsGiven) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  const auto consumer = open();
  EXPECT_THAT(start_reading(*consumer, 2), ElementsAre(TopicPartition{"events", 0}));
  EXPECT_THAT(read_values(*consumer, 3), ElementsAre("2", "3", "4"));
}

TEST_F(Consumer, ShowsKeysHeadersAndNullValues) {
  TestProducer producer(brokers());
  producer.produce("events", 0,
                   {.topic = {}, .value = "v", .key = "k", .headers = {{"a", "1"}, {"b", ""}, {"a", "2"}}});
  producer.produce("events", 0, {.topic = {}, .value = std::nullopt});
  producer.flush();
  const auto consumer = open();
  start_reading(*consumer);

  const KafkaMessage first = poll_for<KafkaMessage>(*consumer);
  EXPECT_EQ(first.topic(), "events");
  EXPECT_EQ(first.key(), "k");
  EXPECT_TRUE(first.has_key() && first.has_value());
  EXPECT_GT(first.timestamp(), Time());
  std::vector<std::pair<std::string, std::string>> headers;
  const auto keep = [&](std::string_view name, std::string_view value) { headers.emplace_back(name, value); };
  first.for_each_header(keep);
  EXPECT_THAT(headers, ElementsAre(Pair("a", "1"), Pair("b", ""), Pair("a", "2")));

  const KafkaMessage second = poll_for<KafkaMessage>(*consumer);
  EXPECT_FALSE(second.has_key() || second.has_value());
  headers.clear();
  second.for_each_header(keep);
  EXPECT_TRUE(headers.empty());
}

TEST_F(Consumer, DoesNotRestAtAFullQueue) {
  constexpr int kBatches = 50;
  constexpr int kBatchMessages = 10;
  TestProducer producer(brokers());
  for (int i = 0; i < kBatches * kBatchMessages; ++i) {
    producer.produce("events", 0, {.topic = {}, .value = std::string(1000, 'x')});
    if (i % kBatchMessages == kBatchMessages - 1) producer.flush();
  }
  ConsumerOptions options = mock_options(brokers(), {"events"});
  options.queue_bytes = 10'000;  // half of a batch: each one fills it
  options.properties["fetch.message.max.bytes"] = "10000";
  const auto consumer = open_consumer(options);
  start_reading(*consumer);
  int rests = 0;
  for (int read = 0; read < kBatches * kBatchMessages;) {
    const Polled polled = consumer->poll(milliseconds(400));
    if (std::holds_alternative<KafkaMessage>(polled)) ++read;
    if (std::holds_alternative<std::monostate>(polled)) ++rests;
  }
  EXPECT_LT(rests, kBatches / 2);  // a client that nobody wakes rests once a batch, for a second
}

TEST_F(Consumer, TellsOfAnOffsetThatIsNotThereAndGoesOnWhereItIsTold) {
  TestProducer(brokers()).produce_numbers("events", 0, 3);
  const auto consumer = open();
  const auto partitions = start_reading(*consumer, 100);
  const KafkaProblem problem = poll_for<KafkaProblem>(*consumer);
  EXPECT_EQ(problem.kind, KafkaProblem::Kind::out_of_range);
  EXPECT_EQ(problem.topic, "events");
  EXPECT_EQ(problem.partition, 0);
  ASSERT_TRUE(consumer->assign(std::vector<PartitionOffset>{{partitions[0], 1, ""}}));
  EXPECT_THAT(read_values(*consumer, 2), ElementsAre("1", "2"));
}

TEST_F(Consumer, GivesBackWhatItCommittedWithItsMetadata) {
  const auto consumer = open({"wide"});
  start_reading(*consumer);
  const PartitionOffset offset = {{"wide", 1}, 42, "kedge1 ledger 7"};
  ASSERT_TRUE(consumer->commit_now(std::vector{offset}, kTimeout));
  const auto committed = consumer->committed(std::vector<TopicPartition>{{"wide", 0}, {"wide", 1}}, kTimeout);
  ASSERT_TRUE(committed) << committed.error().message;
  EXPECT_THAT(*committed, ElementsAre(std::nullopt, offset));
}

TEST_F(Consumer, CountsACommitThatFailed) {
  const auto consumer = open();
  start_reading(*consumer);
  constexpr int16_t kOffsetCommit = 8;
  rd_kafka_mock_push_request_errors(cluster_->handle(), kOffsetCommit, 1, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  const auto done = consumer->commit_now(std::vector<PartitionOffset>{{{"events", 0}, 1, ""}}, kTimeout);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("READ on group"));
  EXPECT_EQ(consumer->commits_failed(), 1U);
}

TEST_F(Consumer, LosesNothingAndRepeatsNothingOverPauses) {
  constexpr int kCount = 2000;
  TestProducer(brokers()).produce_numbers("events", 0, kCount);
  const auto consumer = open();
  const auto partitions = start_reading(*consumer);
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(poll_for<KafkaMessage>(*consumer).value(), std::to_string(i));
    if (i % 100 == 0) consumer->resume(partitions);  // not paused: must change nothing
    if (i % 250 != 0) continue;
    consumer->pause(partitions);
    EXPECT_FALSE(std::holds_alternative<KafkaMessage>(consumer->poll({})));
    consumer->resume(partitions);
  }
  EXPECT_TRUE(is_silent(*consumer));
}

TEST_F(Consumer, DoesNotStarveAPartitionThatWasReleasedWhilePaused) {
  TestProducer(brokers()).produce_numbers("events", 0, 3);
  const auto consumer = open();
  const auto partitions = start_reading(*consumer);
  consumer->pause(partitions);
  consumer->release();
  ASSERT_TRUE(consumer->assign(std::vector<PartitionOffset>{{partitions[0], 0, ""}}));
  EXPECT_THAT(read_values(*consumer, 3), ElementsAre("0", "1", "2"));
}

TEST_F(Consumer, AnswersQuestionsAboutTheLog) {
  TestProducer(brokers()).produce_numbers("events", 0, 3);
  const auto consumer = open();
  const auto log = consumer->watermarks({"events", 0}, kTimeout);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(*log, (Watermarks{0, 3}));
  const auto cluster = consumer->cluster_id(kTimeout);
  ASSERT_TRUE(cluster);
  EXPECT_THAT(*cluster, HasSubstr("mockCluster"));
}

TEST_F(Consumer, KnowsTheEndOfALogThatItReads) {
  TestProducer(brokers()).produce_numbers("events", 0, 3);
  const auto consumer = open();
  EXPECT_EQ(consumer->known_end({"events", 0}), std::nullopt);
  start_reading(*consumer);
  read_values(*consumer, 3);
  EXPECT_EQ(consumer->known_end({"events", 0}), 3);
}

TEST_F(Consumer, CountsThePartitionsOfItsTopics) {
  rd_kafka_mock_topic_set_error(cluster_->handle(), "absent", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto named = open({"wide", "events", "absent"})->partition_counts(kTimeout);
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_THAT(*named, ElementsAre(Pair("events", 1), Pair("wide", 3)));
  const auto matched = open({"^w.*"})->partition_counts(kTimeout);
  ASSERT_TRUE(matched) << matched.error().message;
  EXPECT_THAT(*matched, ElementsAre(Pair("wide", 3)));
}

TEST_F(Consumer, ReadsTopicsThatMatchAnExpression) {
  TestProducer(brokers()).produce_numbers("wide", 2, 1);
  const auto consumer = open({"^wi.*"});
  EXPECT_EQ(start_reading(*consumer).size(), 3U);
  EXPECT_THAT(read_values(*consumer, 1), ElementsAre("0"));
}

TEST_F(Consumer, TellsABrokerThatCannotNameMembersFromAnEmptyGroup) {
  const auto consumer = open();
  start_reading(*consumer);
  const auto members = consumer->members(kTimeout);
  ASSERT_TRUE(members) << members.error().message;
  EXPECT_EQ(*members, std::nullopt);
  EXPECT_FALSE(consumer->member_id().empty());
}

TEST_F(Consumer, SaysWhenATopicIsNotThere) {
  rd_kafka_mock_topic_set_error(cluster_->handle(), "absent", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto consumer = open({"absent"});
  const KafkaProblem problem = poll_for<KafkaProblem>(*consumer);
  EXPECT_EQ(problem.kind, KafkaProblem::Kind::no_topic);
  EXPECT_EQ(problem.topic, "absent");
}

TEST_F(Consumer, SaysWhenItMayNotReadTheTopic) {
  rd_kafka_mock_topic_set_error(cluster_->handle(), "events", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const auto consumer = open();
  EXPECT_EQ(poll_for<KafkaProblem>(*consumer).kind, KafkaProblem::Kind::not_allowed);
}

TEST_F(Consumer, SaysWhenItMayNotUseTheGroupAndDoesNotSpin) {
  constexpr int16_t kJoinGroup = 11;
  const std::vector<rd_kafka_resp_err_t> errors(1000, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  rd_kafka_mock_push_request_errors_array(cluster_->handle(), kJoinGroup, errors.size(), errors.data());
  const auto consumer = open();
  const KafkaProblem problem = poll_for<KafkaProblem>(*consumer);
  EXPECT_EQ(problem.kind, KafkaProblem::Kind::not_allowed);
  int repeated = 0;
  const auto end = std::chrono::steady_clock::now() + seconds(1);
  while (std::chrono::steady_clock::now() < end) {
    if (std::holds_alternative<KafkaProblem>(consumer->poll(milliseconds(50)))) ++repeated;
  }
  EXPECT_LT(repeated, 20);
}

TEST_F(Consumer, KeepsStatistics) {
  auto options = mock_options(brokers(), {"events"});
  options.statistics_interval = seconds(1);
  const auto consumer = open_consumer(options);
  while (consumer->statistics().brokers.empty()) consumer->poll(milliseconds(20));
  EXPECT_TRUE(consumer->statistics().brokers[0].up);
}

TEST_F(Consumer, ClosesBeforeItsFirstAssignment) { EXPECT_TRUE(open()->close(kTimeout)); }

TEST_F(Consumer, ClosesWhileItReads) {
  TestProducer(brokers()).produce_numbers("events", 0, 100);
  const auto consumer = open();
  start_reading(*consumer);
  read_values(*consumer, 1);
  EXPECT_TRUE(consumer->close(kTimeout));
  EXPECT_TRUE(consumer->close(kTimeout));
}

TEST_F(Consumer, ClosesWithinASessionWhenTheBrokerIsGoneWithACommitOnItsWay) {
  const auto consumer = open();
  start_reading(*consumer);
  rd_kafka_mock_broker_set_down(cluster_->handle(), 1);
  consumer->commit(std::vector<PartitionOffset>{{{"events", 0}, 1, ""}});
  EXPECT_TRUE(consumer->close(seconds(30)));
}

TEST_F(Consumer, KeepsTheDeadlineOfAClose) {
  const auto consumer = open();
  start_reading(*consumer);
  rd_kafka_mock_broker_set_down(cluster_->handle(), 1);
  consumer->commit(std::vector<PartitionOffset>{{{"events", 0}, 1, ""}});
  const auto start = std::chrono::steady_clock::now();
  consumer->close(milliseconds(200));  // whether or not it is done by then
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(3));
  EXPECT_TRUE(consumer->close(milliseconds(200)));  // nothing is left to close
}

TEST(ConsumerWithoutABroker, SaysThatNoneAnswersAndTriesOn) {
  const auto consumer = open_consumer(mock_options("127.0.0.1:1", {"events"}));
  const KafkaProblem problem = poll_for<KafkaProblem>(*consumer);
  EXPECT_EQ(problem.kind, KafkaProblem::Kind::unreachable);
  EXPECT_FALSE(problem.fatal);
  EXPECT_THAT(problem.text, HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace kedge
