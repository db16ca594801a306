// KafkaSource against the mock cluster.
#include "source/kafka_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "kafka/mock_cluster.h"
#include "source/fetch.h"
#include "source/seek.h"
#include "source/start_of_reading.h"
#include "tests/kafka/consuming.h"
#include "tests/kafka/producer.h"
#include "tests/source/reading.h"

#include <librdkafka/rdkafka_mock.h>  // wants rdkafka.h before it

namespace kedge {
namespace {

using State = PartitionStatus::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int16_t kOffsetCommit = 8;  // the request's number in Kafka's protocol

// A ledger that fails in so many next calls.
class FailingPositions final : public FakePositions {
 public:
  Result<std::vector<std::optional<Position>>> find(std::span<const PartitionId> ids) override {
    if (finds_to_fail-- > 0) return Error{ErrorCode::unavailable, "the ledger is busy"};
    return FakePositions::find(ids);
  }
  Result<void> record(const ReadingNotice& notice) override {
    if (records_to_fail-- > 0) return Error{ErrorCode::no_room, "the disk is full"};
    return FakePositions::record(notice);
  }

  std::atomic<int> finds_to_fail = 0;
  std::atomic<int> records_to_fail = 0;
};

class Kafka : public testing::Test {
 protected:
  void SetUp() override {
    auto cluster = MockCluster::start({{"events", 1}, {"wide", 4}});
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster_ = *std::move(cluster);
  }

  std::string brokers() const { return cluster_->bootstrap_servers(); }

  KafkaSource::Options options(const std::string& topic, StartAt start = StartAt::earliest) const {
    const ConsumerOptions client = mock_options(brokers(), {topic});
    return {.name = "trail",
            .brokers = client.brokers,
            .group = client.group,
            .instance = "",
            .topics = client.topics,
            .start = start,
            .properties = client.properties};
  }

  // What another consumer of our group left behind.
  void commit_to_group(int64_t offset, const std::string& metadata) {
    const auto consumer = open_consumer(mock_options(brokers(), {"events"}));
    poll_for<PartitionsAssigned>(*consumer);
    ASSERT_TRUE(consumer->commit_now(std::vector<PartitionOffset>{{{"events", 0}, offset, metadata}}, seconds(20)));
  }

  std::optional<PartitionOffset> group_offset() {
    const auto looking = KafkaConsumer::look(mock_options(brokers(), {"events"}));
    if (!looking) return std::nullopt;
    const auto offsets = (*looking)->committed(std::vector<TopicPartition>{{"events", 0}}, seconds(20));
    return offsets ? (*offsets)[0] : std::nullopt;
  }

  // A ledger whose bookmark names another record than the one that stands in the log.
  void remember_another_log(FakePositions& positions) {
    {
      Reading reading(options("events"), positions);
      reading.take_messages(5);
    }
    Position position = *positions.at(id_);
    position.bookmark->digest = sha256("what stood there before the topic was made anew");
    positions.set(id_, position);
  }

  const PartitionId id_ = {"trail", "events", 0};
  std::unique_ptr<MockCluster> cluster_;
  FakePositions positions_;
};

TEST_F(Kafka, ReadsEveryPartitionInOrderAndMovesItsPosition) {
  TestProducer producer(brokers());
  for (int32_t partition = 0; partition < 4; ++partition) producer.produce_numbers("wide", partition, 500);
  Reading reading(options("wide"), positions_);
  reading.take_messages(2000);
  for (int32_t partition = 0; partition < 4; ++partition) {
    EXPECT_EQ(reading.values[partition], numbers(0, 500));
    EXPECT_EQ(positions_.at({"trail", "wide", partition})->next, 500);
  }
  EXPECT_EQ(reading.refused, 0U);
  EXPECT_TRUE(reading.source->stop(seconds(20)));
}

TEST_F(Kafka, HandsOverKeysHeadersTombstonesAndWhereTheyStood) {
  TestProducer producer(brokers());
  producer.produce("events", 0, {.topic = {}, .value = "v", .key = "k", .headers = {{"ce_type", "t"}}});
  producer.produce("events", 0, {.topic = {}, .value = std::nullopt});
  producer.flush();
  Reading reading(options("events"), positions_);
  std::vector<Batch> batches;
  size_t count = 0;
  while (count < 2) {
    for (Batch& batch : reading.mailbox.take_all(milliseconds(50))) {
      count += batch.messages().size();
      batches.push_back(std::move(batch));
    }
  }
  const SourceMessage& first = batches.front().messages().front();
  EXPECT_EQ(first.offset, 0);
  EXPECT_EQ(first.key, "k");
  ASSERT_EQ(first.headers.size(), 1U);
  EXPECT_EQ(first.headers[0].name, "ce_type");
  EXPECT_FALSE(first.tombstone);
  EXPECT_TRUE(batches.back().messages().back().tombstone);
  EXPECT_EQ(batches.front().assignment().partition, id_);
  EXPECT_EQ(batches.front().assignment().epoch, 1U);
  EXPECT_THAT(batches.front().assignment().cluster, HasSubstr("mockCluster"));
  EXPECT_EQ(&batches.front().source(), reading.source.get());
}

TEST_F(Kafka, GoesOnAfterARestartWhereTheLedgerStands) {
  TestProducer producer(brokers());
  producer.produce_numbers("events", 0, 3);
  {
    Reading before(options("events"), positions_);
    before.take_messages(3);
  }
  producer.produce_numbers("events", 0, 5);
  Reading after(options("events"), positions_);
  after.take_messages(5);
  EXPECT_EQ(after.values[0], numbers(0, 5));
  EXPECT_EQ(positions_.at(id_)->epoch, 2U);
  EXPECT_EQ(positions_.at(id_)->next, 8);
  EXPECT_TRUE(positions_.notices().empty());
}

TEST_F(Kafka, StartsANewTopicAtItsEndWhenToldSo) {
  TestProducer producer(brokers());
  producer.produce_numbers("events", 0, 3);
  Reading reading(options("events", StartAt::latest), positions_);
  reading.status_when([](const SourceStatus& status) { return all_in(status, State::reading); });
  EXPECT_EQ(positions_.at(id_)->next, 3);
  producer.produce("events", 0, {.topic = {}, .value = "new"});
  producer.flush();
  reading.take_messages(1);
  EXPECT_THAT(reading.values[0], ElementsAre("new"));
}

TEST_F(Kafka, CommitsToTheGroupBehindTheLedgerWithItsMark) {
  TestProducer(brokers()).produce_numbers("events", 0, 3);
  {
    Reading reading(options("events"), positions_);
    reading.take_messages(3);
  }
  const auto offset = group_offset();
  ASSERT_TRUE(offset);
  EXPECT_EQ(offset->offset, 3);
  EXPECT_EQ(offset->metadata, "kedge1 ledger-a 1");
}

TEST_F(Kafka, TellsTheGroupAgainWhatItDidNotTake) {
  TestProducer(brokers()).produce_numbers("events", 0, 3);
  const rd_kafka_resp_err_t refusal = RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE;
  rd_kafka_mock_push_request_errors(cluster_->handle(), kOffsetCommit, 2, refusal, refusal);
  Reading reading(options("events"), positions_);
  reading.take_messages(3);
  reading.status_when([&](const SourceStatus&) {
    const auto offset = group_offset();
    return offset && offset->offset == 3;
  });
  EXPECT_EQ(reading.source->status().commits_failed, 2U);
}

TEST_F(Kafka, DoesNotReadAnotherLogUntilItIsAccepted) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  remember_another_log(positions_);
  Reading reading(options("events"), positions_);
  const SourceStatus status =
      reading.status_when([](const SourceStatus& seen) { return all_in(seen, State::stopped); });
  EXPECT_THAT(status.problems, Contains(HasSubstr("kedge source accept")));
  EXPECT_EQ(reading.take(), 0U);
  reading.source->reconsider("events", 0, Permission::accept);
  reading.take_messages(5);
  EXPECT_EQ(reading.values[0], numbers(0, 5));
  ASSERT_EQ(positions_.notices().size(), 2U);
  EXPECT_EQ(positions_.notices()[0].kind, ReadingNotice::Kind::another_log);
  EXPECT_EQ(positions_.notices()[1].kind, ReadingNotice::Kind::accepted);
}

TEST_F(Kafka, KeepsAPermissionUntilItsQuestionIsAnswered) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  FailingPositions positions;
  remember_another_log(positions);
  Reading reading(options("events"), positions);
  reading.status_when([](const SourceStatus& seen) { return all_in(seen, State::stopped); });
  positions.finds_to_fail = 1;
  reading.source->reconsider("events", 0, Permission::accept);
  reading.take_messages(5);
  EXPECT_EQ(reading.values[0], numbers(0, 5));
}

TEST_F(Kafka, RecordsANoticeAsSoonAsTheLedgerHasRoomForIt) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  FailingPositions positions;
  remember_another_log(positions);
  positions.records_to_fail = 1;
  Reading reading(options("events"), positions);
  reading.status_when([&](const SourceStatus&) { return !positions.notices().empty(); });
  EXPECT_EQ(positions.notices()[0].kind, ReadingNotice::Kind::another_log);
}

TEST_F(Kafka, ReadsTheOtherPartitionsWhileOneHasNoLeader) {
  TestProducer producer(brokers());
  for (int32_t partition = 0; partition < 4; ++partition) producer.produce_numbers("wide", partition, 10);
  ASSERT_EQ(rd_kafka_mock_partition_set_leader(cluster_->handle(), "wide", 1, -1), RD_KAFKA_RESP_ERR_NO_ERROR);
  Reading reading(options("wide"), positions_);
  reading.take_messages(30);
  EXPECT_TRUE(reading.values[1].empty());
  ASSERT_EQ(rd_kafka_mock_partition_set_leader(cluster_->handle(), "wide", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  reading.take_messages(40);
  for (int32_t partition = 0; partition < 4; ++partition) EXPECT_EQ(reading.values[partition], numbers(0, 10));
}

// As the ledger does when a person says where a partition is to be read from.
Position moved(const Position& from, int64_t next) { return {from.cluster, from.epoch + 1, next, std::nullopt}; }

TEST_F(Kafka, IsReadFromWhereAPersonSetItsPosition) {
  constexpr int kCount = 5'000;
  TestProducer(brokers()).produce_numbers("events", 0, kCount);
  KafkaSource::Options small = options("events");
  small.batch_bytes_max = 2'000;  // so that much is on its way when the position is moved
  Reading reading(small, positions_);
  reading.take_messages(100);
  positions_.set(id_, moved(*positions_.at(id_), 10));
  reading.source->reconsider("events", 0, Permission::none);
  reading.values.clear();
  reading.take_until([&] { return positions_.at(id_)->next == kCount; });
  EXPECT_EQ(reading.values[0], numbers(10, kCount - 10)) << "nothing is left out";
  EXPECT_GE(positions_.at(id_)->epoch, 3U);  // each batch that was on its way is refused, and asked about

  positions_.set(id_, moved(*positions_.at(id_), kCount - 1));
  reading.source->reconsider("events", 0, Permission::none);
  reading.values.clear();
  reading.take_until([&] { return positions_.at(id_)->next == kCount; });
  reading.take_until([&] { return !reading.values[0].empty(); });
  EXPECT_EQ(reading.values[0], numbers(kCount - 1, 1));
  EXPECT_TRUE(positions_.notices().empty());
}

TEST_F(Kafka, GoesOnFromAPositionThatWasMovedBackWhileItDidNotRun) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  {
    Reading before(options("events"), positions_);
    before.take_messages(5);
  }
  ASSERT_EQ(group_offset()->offset, 5);
  positions_.set(id_, moved(*positions_.at(id_), 2));
  Reading after(options("events"), positions_);
  after.take_messages(3);
  EXPECT_EQ(after.values[0], numbers(2, 3));
  EXPECT_TRUE(positions_.notices().empty()) << "the ledger is not taken for an older copy";
}

TEST_F(Kafka, LooksWhereAPersonMayWantItToBeReadFrom) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  commit_to_group(2, "kedge1 ledger-a 1");
  const auto facts = look_where_to_seek(options("events"), {"events", 0}, {.kind = SeekTo::Kind::end}, seconds(20));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_THAT(facts->cluster, HasSubstr("mockCluster"));
  EXPECT_EQ(facts->log, (Watermarks{0, 5}));
  EXPECT_EQ(facts->group->offset, 2);
  const auto message = [&](const TopicPartition& where) {
    const auto looked = look_where_to_seek(options("events"), where, {.kind = SeekTo::Kind::end}, seconds(20));
    return looked ? "" : looked.error().message;
  };
  EXPECT_EQ(message({"event", 0}), "source trail reads no topic 'event' (did you mean 'events'?)");
  EXPECT_EQ(message({"events", 1}), "topic events has the partitions 0 to 0, and no 1");
  EXPECT_EQ(message({"events", -1}), "topic events has the partitions 0 to 0, and no -1");
}

TEST_F(Kafka, FetchesOneRecordBesideARunningSource) {
  TestProducer producer(brokers());
  producer.produce_numbers("events", 0, 3);
  const std::string large(200'000, 'x');
  producer.produce("events", 0, {.topic = {}, .value = large, .key = "k", .headers = {{"ce_type", "t"}}});
  producer.flush();
  producer.produce_numbers("events", 0, 3);
  Reading reading(options("events"), positions_);
  reading.take_messages(7);
  SystemClock clock;
  const auto record = fetch_record(options("events"), {"events", 0}, 3, clock, seconds(20));
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->key, "k");
  EXPECT_TRUE(record->has_key);
  EXPECT_EQ(record->value, large);
  EXPECT_EQ(record->headers, (std::vector<std::pair<std::string, std::string>>{{"ce_type", "t"}}));
  const auto none = fetch_record(options("events"), {"events", 0}, 7, clock, seconds(20));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  EXPECT_THAT(none.error().message, HasSubstr("its records begin at 0 and end before 7"));
  EXPECT_EQ(reading.source->status().rebalances, 1U);
}

TEST_F(Kafka, DoesNotReadForAGroupOfAnotherLedgerUntilItIsAdopted) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  commit_to_group(2, "kedge1 ledger-b 3");
  Reading reading(options("events"), positions_);
  reading.status_when([](const SourceStatus& status) { return all_in(status, State::stopped); });
  reading.source->reconsider("events", 0, Permission::accept);  // not what is asked for
  reading.source->reconsider("events", 0, Permission::adopt);
  reading.take_messages(3);
  EXPECT_EQ(reading.values[0], numbers(2, 3));
  reading.source->stop(seconds(20));
  EXPECT_EQ(group_offset()->metadata, "kedge1 ledger-a 1");
}

TEST_F(Kafka, DoesNotReadWithALedgerOlderThanTheGroup) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  commit_to_group(4, "kedge1 ledger-a 3");
  Reading reading(options("events"), positions_);
  const SourceStatus status =
      reading.status_when([](const SourceStatus& seen) { return all_in(seen, State::stopped); });
  EXPECT_THAT(status.problems, Contains(HasSubstr("older copy")));
  EXPECT_FALSE(status.reading);
  EXPECT_EQ(positions_.at(id_), std::nullopt);
}

// Contracts §6: the heads are compared at the start, before anything is claimed; the engine does not act until then,
// nor with a ledger that is older than the group, and says so.
TEST_F(Kafka, LetsNothingBeDoneUntilItKnowsThatTheLedgerIsNotOlderThanTheGroup) {
  FailingPositions positions;
  positions.finds_to_fail = 1'000'000;
  Reading reading(options("events"), positions);
  ASSERT_TRUE(reading.source->ledger_in_doubt());
  reading.status_when([&](const SourceStatus&) {
    return reading.source->ledger_in_doubt().value_or("").find("the ledger is busy") != std::string::npos;
  });
  EXPECT_THAT(*reading.source->ledger_in_doubt(), HasSubstr("not known yet whether the group was read further"));
  positions.finds_to_fail = 0;
  reading.status_when([&](const SourceStatus&) { return !reading.source->ledger_in_doubt(); });
}

TEST_F(Kafka, LetsNothingBeDoneWithALedgerOlderThanTheGroupUntilThatHasChanged) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  commit_to_group(4, "kedge1 ledger-a 3");
  Reading reading(options("events"), positions_);
  ASSERT_TRUE(reading.source->ledger_in_doubt());
  reading.status_when([&](const SourceStatus& seen) { return all_in(seen, State::stopped); });
  EXPECT_THAT(reading.source->ledger_in_doubt().value_or(""), HasSubstr("kedge ledger restore"));
  EXPECT_THAT(reading.source->status().problems, Contains(HasSubstr("older copy")));
  ASSERT_EQ(positions_.notices().size(), 1U);
  EXPECT_EQ(positions_.notices()[0].kind, ReadingNotice::Kind::ledger_behind);

  positions_.set(id_, {.cluster = "", .epoch = 4, .next = 2, .bookmark = std::nullopt});  // as a restoration does
  reading.source->reconsider("events", 0, Permission::none);
  reading.status_when([&](const SourceStatus&) { return !reading.source->ledger_in_doubt(); });
}

// Whose partition it is now does not matter: another member may have it.
TEST_F(Kafka, ComparesTheLedgerWithTheGroupInPartitionsThatAreNotItsOwnToo) {
  const auto other = open_consumer(mock_options(brokers(), {"events"}));
  poll_for<PartitionsAssigned>(*other);
  ASSERT_TRUE(other->commit_now(std::vector<PartitionOffset>{{{"events", 0}, 4, "kedge1 ledger-a 3"}}, seconds(20)));
  Reading reading(options("events"), positions_);
  reading.status_when([&](const SourceStatus&) {
    return reading.source->ledger_in_doubt().value_or("").find("older copy") != std::string::npos;
  });
}

TEST_F(Kafka, RecordsAGapAndGoesOnBehindIt) {
  // The mock keeps 5 MiB of a partition: what was read is overtaken while nobody reads.
  TestProducer producer(brokers());
  producer.produce_numbers("events", 0, 3);
  {
    Reading before(options("events"), positions_);
    before.take_messages(3);
  }
  const std::string large(500'000, 'x');
  for (int i = 0; i < 20; ++i) producer.produce("events", 0, {.topic = {}, .value = large});
  producer.flush();
  Reading after(options("events"), positions_);
  after.take_until([&] { return positions_.at(id_)->next == 23; });
  ASSERT_EQ(positions_.notices().size(), 1U);
  EXPECT_EQ(positions_.notices()[0].kind, ReadingNotice::Kind::gap);
  EXPECT_EQ(positions_.notices()[0].from, 3);
  EXPECT_EQ(after.read, static_cast<size_t>(23 - positions_.notices()[0].to));
}

TEST_F(Kafka, RecordsAGapWhenRetentionOvertakesAPausedPartition) {
  const std::string large(500'000, 'x');
  KafkaSource::Options narrow = options("events");
  narrow.batch_bytes_max = 1;
  narrow.properties["queued.max.messages.kbytes"] = "1";
  narrow.properties["fetch.message.max.bytes"] = "1000";
  Reading reading(narrow, positions_, 1);
  TestProducer producer(brokers());
  for (int i = 0; i < 5; ++i) producer.produce("events", 0, {.topic = {}, .value = large});
  producer.flush();
  reading.status_when([](const SourceStatus& status) { return all_in(status, State::paused); });
  for (int i = 0; i < 20; ++i) producer.produce("events", 0, {.topic = {}, .value = large});
  producer.flush();
  reading.take_until([&] { return positions_.at(id_)->next == 25; });
  ASSERT_EQ(positions_.notices().size(), 1U);
  EXPECT_EQ(positions_.notices()[0].kind, ReadingNotice::Kind::gap);
  const auto lost = static_cast<size_t>(positions_.notices()[0].to - positions_.notices()[0].from);
  EXPECT_EQ(reading.read, 25 - lost);
  EXPECT_EQ(reading.refused, 0U);
}

TEST_F(Kafka, PausesAFullLaneAndLosesNothing) {
  constexpr int kCount = 600;
  KafkaSource::Options small = options("events");
  small.batch_bytes_max = 2000;
  TestProducer(brokers()).produce_numbers("events", 0, kCount);
  Reading reading(small, positions_, 10'000);
  uint64_t pauses = 0;
  while (reading.read < kCount) {
    const SourceStatus status = reading.status_when(
        [](const SourceStatus& seen) { return all_in(seen, State::paused) || seen.messages == kCount; });
    pauses = status.pauses;
    reading.take();
  }
  EXPECT_GE(pauses, 1U);
  EXPECT_EQ(reading.values[0], numbers(0, kCount));
  EXPECT_EQ(reading.refused, 0U);
}

TEST_F(Kafka, HoldsAPartitionUntilItIsReconsidered) {
  TestProducer producer(brokers());
  producer.produce_numbers("events", 0, 3);
  Reading reading(options("events"), positions_);
  std::vector<Batch> first;
  while (first.empty()) first = reading.mailbox.take_all(milliseconds(50));
  reading.source->hold(first[0].shared_assignment(), "too much poison");
  const SourceStatus status =
      reading.status_when([](const SourceStatus& seen) { return all_in(seen, State::stopped); });
  EXPECT_THAT(status.problems, Contains("too much poison"));
  EXPECT_TRUE(first[0].assignment().revoked);
  producer.produce("events", 0, {.topic = {}, .value = "3"});
  producer.flush();
  EXPECT_EQ(reading.take(milliseconds(200)), 0U);
  reading.source->reconsider("events", 0, Permission::none);
  reading.take_messages(4);
  EXPECT_EQ(reading.values[0], numbers(0, 4));
}

TEST_F(Kafka, ReadsAgainWhatTheLedgerRefused) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  Reading reading(options("events"), positions_);
  reading.take_messages(5);
  Position moved = *positions_.at(id_);  // as a deliberate seek does
  moved.next = 2;
  moved.bookmark.reset();
  ++moved.epoch;
  positions_.set(id_, moved);
  TestProducer producer(brokers());
  producer.produce("events", 0, {.topic = {}, .value = "5"});
  producer.flush();
  reading.take_messages(5 + 4);
  EXPECT_EQ(reading.refused, 1U);
  EXPECT_THAT(reading.values[0], ElementsAre("0", "1", "2", "3", "4", "2", "3", "4", "5"));
}

TEST_F(Kafka, CommitsEachMessageOnceWhileAnotherMemberComesAndGoes) {
  TestProducer producer(brokers());
  for (int32_t partition = 0; partition < 4; ++partition) producer.produce_numbers("wide", partition, 100);
  Reading first(options("wide"), positions_);
  first.take_messages(400);
  {
    Reading second(options("wide"), positions_);  // with the same ledger, as engines that share one
    while (second.source->status().partitions.empty()) first.take();
    for (int32_t partition = 0; partition < 4; ++partition) producer.produce_numbers("wide", partition, 100);
    while (first.read + second.read < 800) first.take(), second.take();
    EXPECT_GT(second.read, 0U);
  }
  for (int32_t partition = 0; partition < 4; ++partition) producer.produce_numbers("wide", partition, 100);
  first.take_until([&] {
    int64_t sum = 0;
    for (int32_t partition = 0; partition < 4; ++partition) sum += positions_.at({"trail", "wide", partition})->next;
    return sum == 1200;
  });
  EXPECT_TRUE(positions_.notices().empty());
}

TEST_F(Kafka, SaysThatMembersAreNotKnownWhereTheBrokerCannotNameThem) {
  Reading reading(options("events"), positions_);
  const SourceStatus status = reading.status_when([](const SourceStatus& seen) { return seen.reading; });
  EXPECT_FALSE(status.members_known);
  EXPECT_TRUE(status.alone);
  EXPECT_TRUE(status.problems.empty());
}

TEST_F(Kafka, IsNotAloneWhenPartitionsAreMissingForTwoSessions) {
  const auto other = open_consumer(mock_options(brokers(), {"wide"}));
  Reading reading(options("wide"), positions_);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (reading.source->status().alone && std::chrono::steady_clock::now() < end) {
    const Polled polled = other->poll(milliseconds(10));
    if (std::holds_alternative<PartitionsRevoked>(polled)) other->release();
  }
  EXPECT_THAT(reading.source->status().not_alone, HasSubstr("of 4 partitions"));
}

TEST_F(Kafka, StopsBeforeItHasAnything) {
  Reading reading(options("events"), positions_);
  EXPECT_TRUE(reading.source->stop(seconds(20)));
  EXPECT_TRUE(reading.source->stop(seconds(20)));
}

TEST(KafkaWithoutABroker, SaysSoAndStopsInTime) {
  FakePositions positions;
  KafkaSource::Options options = {
      .name = "trail", .brokers = "127.0.0.1:1", .group = "g", .instance = "", .topics = {"t"}, .properties = {}};
  Reading reading(options, positions);
  const SourceStatus status = reading.status_when([](const SourceStatus& seen) { return !seen.problems.empty(); });
  EXPECT_THAT(status.problems, Contains(HasSubstr("no broker answers at 127.0.0.1:1")));
  EXPECT_FALSE(status.fatal);
  EXPECT_TRUE(reading.source->ledger_in_doubt());
  const auto start = std::chrono::steady_clock::now();
  reading.source->stop(seconds(3));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(10));
}

TEST_F(Kafka, ReplacesAClientThatIsKeptFromItsGroupAndReadsOnWithTheNewOne) {
  TestProducer(brokers()).produce_numbers("events", 0, 5);
  ASSERT_EQ(rd_kafka_mock_broker_set_down(cluster_->handle(), 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  KafkaSource::Options impatient = options("events");
  impatient.renew_after = seconds(1);
  Reading reading(impatient, positions_);
  reading.status_when([](const SourceStatus& status) { return status.client_renewals > 0; });
  ASSERT_EQ(rd_kafka_mock_broker_set_up(cluster_->handle(), 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  reading.take_messages(5);
  EXPECT_EQ(reading.values[0], numbers(0, 5));
  EXPECT_TRUE(reading.source->stop(seconds(20)));
}

TEST_F(Kafka, KeepsAClientThatIsInItsGroup) {
  KafkaSource::Options impatient = options("events");
  impatient.renew_after = seconds(4);  // it takes three to get in
  Reading reading(impatient, positions_);
  reading.status_when([](const SourceStatus& status) { return status.reading; });
  const SourceStatus joined = reading.source->status();
  reading.status_when([&](const SourceStatus& status) { return status.last_turn > joined.last_turn + seconds(5); });
  EXPECT_EQ(reading.source->status().client_renewals, joined.client_renewals);
}

TEST_F(Kafka, IsReachedWithoutJoiningTheGroup) {
  const auto found = KafkaSource::reach(options("wide"), std::chrono::hours(1), seconds(20));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found,
              ElementsAre(HasSubstr("mockCluster"), "topic wide, 4 partitions", HasSubstr("the broker does not say")));
}

TEST(KafkaWithoutABroker, IsNotReachedAndSaysWhy) {
  const KafkaSource::Options options = {
      .name = "trail", .brokers = "127.0.0.1:1", .group = "g", .instance = "", .topics = {"t"}, .properties = {}};
  const auto found = KafkaSource::reach(options, std::chrono::hours(1), milliseconds(200));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("no broker answers at 127.0.0.1:1"));
}

TEST(KafkaWithoutABroker, ShowsByItsLastTurnThatItsLoopLives) {
  FakePositions positions;
  Reading reading(
      {.name = "trail", .brokers = "127.0.0.1:1", .group = "g", .instance = "", .topics = {"t"}, .properties = {}},
      positions);
  const Duration before = reading.source->status().last_turn;
  reading.status_when([&](const SourceStatus& status) { return status.last_turn > before; });
}

TEST(KafkaOptions, AreCheckedWithTheSourcesNameInTheError) {
  KafkaSource::Options options = {.name = "trail",
                                  .brokers = "b:1",
                                  .group = "g",
                                  .instance = "",
                                  .topics = {"t"},
                                  .properties = {{"group.id", "x"}}};
  const auto checked = KafkaSource::check(options);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("source trail: property `group.id`"));
  options.properties.clear();
  EXPECT_TRUE(KafkaSource::check(options));
}

}  // namespace
}  // namespace kedge
