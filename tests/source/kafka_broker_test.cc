// KafkaSource against a real broker: what the mock cluster cannot show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/hash.h"
#include "kafka/handle.h"
#include "source/read_span.h"
#include "source/seek.h"
#include "tests/kafka/consuming.h"
#include "tests/kafka/producer.h"
#include "tests/source/reading.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/needs.h"

namespace kedge {
namespace {

using State = PartitionStatus::State;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

KafkaSource::Options options_for(const KafkaBroker& broker, const std::string& topic, const std::string& group) {
  return {.name = "trail",
          .brokers = broker.address(KafkaListener::plain),
          .group = group,
          .instance = "node-1",
          .topics = {topic},
          .start = StartAt::earliest,
          .properties = {{"session.timeout.ms", "10000"}, {"heartbeat.interval.ms", "500"}},
          .survey_interval = std::chrono::milliseconds(300)};
}

// An administrator's connection to a broker: what he asks for is done when a function returns.
class Admin {
 public:
  explicit Admin(const KafkaBroker& broker) {
    KafkaConf conf(rd_kafka_conf_new());
    rd_kafka_conf_set(conf.get(), "bootstrap.servers", broker.address(KafkaListener::plain).c_str(), nullptr, 0);
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.release(), nullptr, 0));
    queue_.reset(rd_kafka_queue_new(client_.get()));
  }

  // Until there are `count`. They are made by the controller and only later known to the broker, who meanwhile
  // says of them that they are not there.
  void add_partitions(const std::string& topic, size_t count) {
    rd_kafka_NewPartitions_t* request = rd_kafka_NewPartitions_new(topic.c_str(), count, nullptr, 0);
    rd_kafka_CreatePartitions(client_.get(), &request, 1, nullptr, queue_.get());
    rd_kafka_NewPartitions_destroy(request);
    expect_done();
    while (count_partitions(topic) < count) continue;
  }

 private:
  void expect_done() {
    const KafkaEvent done(rd_kafka_queue_poll(queue_.get(), 30'000));
    const auto code = done == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(done.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(code));
  }

  size_t count_partitions(const std::string& name) const {
    const KafkaTopic topic(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
    const struct rd_kafka_metadata* metadata = nullptr;
    const auto code = rd_kafka_metadata(client_.get(), 0, topic.get(), &metadata, 30'000);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(code));
    const auto count = static_cast<size_t>(metadata->topics[0].partition_cnt);
    rd_kafka_metadata_destroy(metadata);
    return count;
  }

  std::unique_ptr<rd_kafka_t, FreedBy<rd_kafka_destroy>> client_;
  KafkaQueue queue_;
};

class AtABroker : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto broker = KafkaBroker::shared(GetParam());
    KEDGE_NEEDS(broker);
    broker_ = *std::move(broker);
    topic_ = unique("events");
    group_ = unique("group");
    ASSERT_TRUE(create_topic(broker_->properties(), topic_, 1));
  }

  KafkaSource::Options options() const { return options_for(*broker_, topic_, group_); }
  TestProducer producer() const { return TestProducer(broker_->properties()); }
  PartitionId id() const { return {"trail", topic_, 0}; }

  void make_topic_anew() const {
    ASSERT_TRUE(delete_topic(broker_->properties(), topic_));
    ErrorCode code = ErrorCode::conflict;
    while (code == ErrorCode::conflict) {  // until the old one is gone
      const auto created = create_topic(broker_->properties(), topic_, 1);
      code = created ? ErrorCode::internal : created.error().code;
    }
  }

  std::unique_ptr<KafkaBroker> broker_;
  std::string topic_;
  std::string group_;
  FakePositions positions_;
};

TEST_P(AtABroker, AStaticMemberThatRestartsGoesOnWhereTheLedgerStands) {
  producer().produce_numbers(topic_, 0, 100);
  {
    Reading before(options(), positions_);
    before.take_messages(100);
    EXPECT_TRUE(before.source->stop(seconds(20)));
  }
  producer().produce_numbers(topic_, 0, 50, 100);
  Reading after(options(), positions_);
  after.take_messages(50);
  EXPECT_EQ(after.values[0], numbers(100, 50));
  EXPECT_EQ(positions_.at(id())->epoch, 2U);
  EXPECT_EQ(after.source->status().rebalances, 1U);
  EXPECT_THAT(positions_.notices(), IsEmpty());
}

TEST_P(AtABroker, IsWarnedOfTopicsThatCompactOrOutliveTheMemoryOfTheirKeys) {
  const auto reached = [&](const std::string& topic, Duration seen_for) {
    const auto found = KafkaSource::reach(options_for(*broker_, topic, group_), seen_for, seconds(20));
    return found ? *found : std::vector<std::string>{found.error().message};
  };
  const Duration week = std::chrono::hours(24 * 7);  // as long as Kafka keeps records by default
  EXPECT_THAT(reached(topic_, week), ElementsAre(HasSubstr("cluster"), HasSubstr("1 partitions")));
  EXPECT_THAT(reached(topic_, week / 2), Contains(HasSubstr("warning: topic " + topic_ + " keeps its records")));
  const std::string compacted = unique("compacted");
  ASSERT_TRUE(create_topic(broker_->properties(), compacted, 1, {{"cleanup.policy", "compact"}}));
  EXPECT_THAT(reached(compacted, week), Contains(HasSubstr("warning: topic " + compacted + " is compacted")));
}

TEST_P(AtABroker, ASecondProcessOfTheSameNameFencesTheFirst) {
  Reading first(options(), positions_);
  first.status_when([](const SourceStatus& status) { return status.reading; });
  FakePositions others;
  Reading second(options(), others);
  const SourceStatus status = first.status_when([](const SourceStatus& seen) { return seen.fatal; });
  EXPECT_THAT(status.problems, Contains(HasSubstr("instance name `node-1`")));
  EXPECT_TRUE(first.source->stop(seconds(20)));
}

TEST_P(AtABroker, IsNotAloneWhileAForeignMemberIsInTheGroup) {
  Reading reading(options(), positions_);
  reading.status_when([](const SourceStatus& status) { return status.reading && status.members_known; });
  EXPECT_TRUE(reading.source->status().alone);

  ConsumerOptions foreign = mock_options(broker_->address(KafkaListener::plain), {topic_});
  foreign.group = group_;
  auto other = open_consumer(foreign);
  std::string why;
  while (why.empty()) {
    const Polled polled = other->poll(std::chrono::milliseconds(20));
    if (std::holds_alternative<PartitionsRevoked>(polled)) other->release();
    why = reading.source->status().not_alone;
  }
  EXPECT_THAT(why, HasSubstr("another member is in the group"));
  other.reset();
  reading.status_when([](const SourceStatus& status) { return status.alone && status.reading; });
}

TEST_P(AtABroker, ReadsNothingOfATopicMadeAnewUntilItIsAccepted) {
  producer().produce_numbers(topic_, 0, 5);
  {
    Reading before(options(), positions_);
    before.take_messages(5);
  }
  make_topic_anew();
  producer().produce_numbers(topic_, 0, 10, 1000);

  Reading reading(options(), positions_);
  reading.status_when([](const SourceStatus& status) { return all_in(status, State::stopped); });
  reading.take_until([&] { return !positions_.notices().empty(); });
  EXPECT_EQ(reading.read, 0U);
  EXPECT_EQ(positions_.notices()[0].kind, ReadingNotice::Kind::another_log);
  reading.source->reconsider(topic_, 0, Permission::accept);
  reading.take_messages(10);
  EXPECT_EQ(reading.values[0], numbers(1000, 10));
}

TEST_P(AtABroker, ReadsNothingOfATopicMadeAnewWhileItIsRead) {
  producer().produce_numbers(topic_, 0, 5);
  Reading reading(options(), positions_);
  reading.take_messages(5);
  make_topic_anew();
  producer().produce_numbers(topic_, 0, 10, 1000);
  reading.take_until([&] { return !positions_.notices().empty(); });
  EXPECT_EQ(positions_.notices()[0].kind, ReadingNotice::Kind::another_log);
  EXPECT_EQ(reading.read, 5U);
}

TEST_P(AtABroker, ReadsNothingOfATopicMadeAnewWhileItWasPaused) {
  KafkaSource::Options narrow = options();
  narrow.batch_bytes_max = 1;
  narrow.trusted_pause = Duration(0);
  narrow.properties["fetch.wait.max.ms"] = "1";  // so that no request is still open when the topic is deleted
  producer().produce_numbers(topic_, 0, 3);
  Reading reading(narrow, positions_, 1);
  reading.status_when([](const SourceStatus& status) { return all_in(status, State::paused); });
  make_topic_anew();
  producer().produce_numbers(topic_, 0, 10, 1000);
  reading.take_until([&] { return !positions_.notices().empty(); });
  EXPECT_EQ(positions_.notices()[0].kind, ReadingNotice::Kind::another_log);
  for (const std::string& value : reading.values[0]) EXPECT_LT(value.size(), 4U);
}

TEST_P(AtABroker, ReadsNothingForAGroupOfAnotherLedger) {
  producer().produce_numbers(topic_, 0, 5);
  {
    Reading theirs(options(), positions_);
    theirs.take_messages(5);
  }
  FakePositions ours("ledger-b");
  Reading reading(options(), ours);
  reading.status_when([](const SourceStatus& status) { return all_in(status, State::stopped); });
  EXPECT_EQ(reading.take(), 0U);
  ASSERT_EQ(ours.notices().size(), 1U);
  EXPECT_EQ(ours.notices()[0].kind, ReadingNotice::Kind::foreign_ledger);
}

TEST_P(AtABroker, RecordsAGapThatRetentionMadeWhileItWasAway) {
  producer().produce_numbers(topic_, 0, 5);
  {
    Reading before(options(), positions_);
    before.take_messages(5);
  }
  producer().produce_numbers(topic_, 0, 10, 5);
  ASSERT_TRUE(delete_records(broker_->properties(), topic_, 0, 12));
  Reading after(options(), positions_);
  after.take_messages(3);
  EXPECT_EQ(after.values[0], numbers(12, 3));
  ASSERT_EQ(positions_.notices().size(), 1U);
  EXPECT_EQ(positions_.notices()[0].from, 5);
  EXPECT_EQ(positions_.notices()[0].to, 12);
}

TEST_P(AtABroker, ReadsTheHandledRecordsOfASpanAgainAndSaysWhatIsGone) {
  const Time begin = Time(std::chrono::floor<std::chrono::milliseconds>(SystemClock().now())) - std::chrono::hours(2);
  auto client = producer();
  for (int i = 0; i < 20; ++i) {
    const Time at = begin + std::chrono::minutes(i);
    client.produce(topic_, 0,
                   {.topic = {}, .value = std::to_string(i), .timestamp_ms = at.time_since_epoch().count() / 1000});
  }
  client.flush();
  {
    Reading reading(options(), positions_);
    reading.take_messages(20);
  }
  Position position = **positions_.find(std::vector{id()})->begin();
  const auto read = [&](int from, int to) {
    std::vector<std::string> values;
    SystemClock clock;
    const auto found = read_span(options(), {{{topic_, 0}, position}},
                                 {begin + std::chrono::minutes(from), begin + std::chrono::minutes(to)}, clock,
                                 seconds(30), [&](const TopicPartition&, const SourceMessage& message) -> Result<void> {
                                   values.emplace_back(message.value);
                                   return {};
                                 });
    EXPECT_TRUE(found) << found.error().message;
    return std::pair(values, found ? found->at(0) : PartitionRead{});
  };
  EXPECT_THAT(read(5, 8).first, ElementsAre("5", "6", "7"));
  EXPECT_EQ(read(5, 8).second, (PartitionRead{{topic_, 0}, 3, Time(), ""}));
  EXPECT_EQ(read(0, 500).first.size(), 20U) << "to the end of the log";
  EXPECT_THAT(read(100, 200).first, IsEmpty());
  ASSERT_TRUE(delete_records(broker_->properties(), topic_, 0, 6));
  EXPECT_THAT(read(5, 8).first, ElementsAre("6", "7"));
  EXPECT_EQ(read(5, 8).second.kept_since, begin + std::chrono::minutes(6));
  EXPECT_THAT(read(5, 8).second.missing, HasSubstr("[0] keeps records since 20"));
  EXPECT_EQ(read(7, 8).second.missing, "");
  position.next = 8;
  position.bookmark.reset();
  EXPECT_THAT(read(7, 18).first, ElementsAre("7")) << "what was not handled is not read";
  position.bookmark = Bookmark{7, begin, sha256("another")};
  EXPECT_THAT(read(7, 18).second.missing, HasSubstr("this is another log"));
}

TEST_P(AtABroker, DoesNotStarveAPausedPartitionOverARebalance) {
  KafkaSource::Options narrow = options();
  narrow.batch_bytes_max = 1000;
  producer().produce_numbers(topic_, 0, 2000);
  Reading reading(narrow, positions_, 2000);
  reading.status_when([](const SourceStatus& status) { return all_in(status, State::paused); });
  {
    ConsumerOptions foreign = mock_options(broker_->address(KafkaListener::plain), {topic_});
    foreign.group = group_;
    const auto other = open_consumer(foreign);  // comes, and goes: everything is revoked twice while paused
    reading.status_when([&](const SourceStatus& status) {
      const Polled polled = other->poll(std::chrono::milliseconds(10));
      if (std::holds_alternative<PartitionsRevoked>(polled)) other->release();
      return status.rebalances >= 2;
    });
  }
  reading.take_messages(2000);
  EXPECT_EQ(reading.values[0], numbers(0, 2000));
}

TEST_P(AtABroker, ReadsAPartitionThatIsAddedFromItsBeginning) {
  KafkaSource::Options latest = options();
  latest.start = StartAt::latest;
  latest.properties["topic.metadata.refresh.interval.ms"] = "300";
  Reading reading(latest, positions_);
  reading.status_when([](const SourceStatus& status) { return status.reading; });
  Admin(*broker_).add_partitions(topic_, 2);
  producer().produce_numbers(topic_, 1, 3);
  reading.take_until([&] { return reading.values[1].size() == 3; });
  EXPECT_EQ(reading.values[1], numbers(0, 3));
}

TEST_P(AtABroker, FindsTheFirstRecordOfATime) {
  const auto start = std::chrono::floor<seconds>(SystemClock().now()) - seconds(1'000);
  const auto at = [&](int second) { return Time(start + seconds(second)); };
  TestProducer writing = producer();
  for (int second : {0, 10, 20, 30, 40}) {
    const auto stamp = std::chrono::floor<std::chrono::milliseconds>(at(second)).time_since_epoch().count();
    writing.produce(topic_, 0, {.topic = {}, .value = "v", .timestamp_ms = stamp});
  }
  writing.flush();
  const auto offset = [&](Time time) {
    const auto facts =
        look_where_to_seek(options(), {topic_, 0}, {.kind = SeekTo::Kind::time, .time = time}, seconds(20));
    return facts ? facts->at_time : std::optional<int64_t>(-1);
  };
  EXPECT_EQ(offset(at(-1)), 0);
  EXPECT_EQ(offset(at(20)), 2);
  EXPECT_EQ(offset(at(20) + std::chrono::microseconds(1)), 3);
  EXPECT_EQ(offset(at(41)), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Kafka, AtABroker, testing::Values("3.9.2", "4.3.1"),
                         [](const auto& version) { return std::string(version.param).substr(0, 1); });

TEST(AtABrokerOfItsOwn, LosesAndRepeatsNothingWhenTheBrokerIsKilledAndComesBack) {
  auto broker = KafkaBroker::start({.version = "3.9.2"});
  KEDGE_NEEDS(broker);
  ASSERT_TRUE(create_topic((*broker)->properties(), "events", 1));
  TestProducer((*broker)->properties()).produce_numbers("events", 0, 100);
  FakePositions positions;
  Reading reading(options_for(**broker, "events", "group"), positions);
  reading.take_messages(100);
  ASSERT_TRUE((*broker)->kill());
  reading.status_when([](const SourceStatus& status) { return !status.problems.empty(); });
  ASSERT_TRUE((*broker)->start_again());
  TestProducer((*broker)->properties()).produce_numbers("events", 0, 100, 100);
  reading.take_messages(200);
  EXPECT_EQ(reading.values[0], numbers(0, 200));
  EXPECT_EQ(reading.refused, 0U);
  reading.status_when([](const SourceStatus& status) { return status.problems.empty(); });
}

TEST(AtABrokerOfItsOwn, StopsInTimeWhenTheBrokerIsGone) {
  auto broker = KafkaBroker::start({.version = "3.9.2"});
  KEDGE_NEEDS(broker);
  ASSERT_TRUE(create_topic((*broker)->properties(), "events", 1));
  TestProducer((*broker)->properties()).produce_numbers("events", 0, 100);
  FakePositions positions;
  Reading reading(options_for(**broker, "events", "group"), positions);
  reading.take_messages(100);
  ASSERT_TRUE((*broker)->kill());
  const auto start = std::chrono::steady_clock::now();
  reading.source->stop(seconds(3));  // the client may wait for the coordinator, for a session
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(9));
}

}  // namespace
}  // namespace kedge
