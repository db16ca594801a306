// The owner's half: joining, polling, assigning, committing, leaving. The questions are in consumer_queries.cc.
//
// The library tells of rebalances in callbacks, inside poll. A callback answers at once with an empty assignment, so
// that the library never waits for us to find out where reading starts, and leaves word in `happened`; poll gives that
// word before it looks for another message.
#include "kafka/consumer.h"

#include <spdlog/spdlog.h>

#include <array>
#include <thread>
#include <utility>

#include "base/waiting.h"
#include "kafka/client.h"
#include "kafka/library_log.h"

namespace kedge {
namespace {

using Clock = std::chrono::steady_clock;

Duration remaining(Clock::time_point end) {
  return std::max(Duration(0), std::chrono::duration_cast<Duration>(end - Clock::now()));
}

KafkaPartitionList to_list(std::span<const TopicPartition> partitions) {
  auto list = new_partition_list(partitions.size());
  for (const TopicPartition& each : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition);
  }
  return list;
}

// The library frees the metadata with the list, by free(): so it is copied with strdup.
KafkaPartitionList to_list(std::span<const PartitionOffset> offsets) {
  auto list = new_partition_list(offsets.size());
  for (const PartitionOffset& each : offsets) {
    auto* added = rd_kafka_topic_partition_list_add(list.get(), each.where.topic.c_str(), each.where.partition);
    added->offset = each.offset;
    if (each.metadata.empty()) continue;
    added->metadata = strdup(each.metadata.c_str());
    added->metadata_size = each.metadata.size();
  }
  return list;
}

std::vector<TopicPartition> from_list(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> partitions;
  for (const auto& each : std::span(list.elems, static_cast<size_t>(list.cnt))) {
    partitions.push_back({each.topic, each.partition});
  }
  return partitions;
}

}  // namespace

// The library's callbacks. `opaque` is the Client.
struct KafkaCallbacks {
  using Client = KafkaConsumer::Client;

  static void rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
                        void* opaque) {
    Client& client = *static_cast<Client*>(opaque);
    if (client.closing) {
      rd_kafka_assign(handle, nullptr);
    } else if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      rd_kafka_assign(handle, new_partition_list(0).get());
      client.happened.emplace_back(PartitionsAssigned{from_list(*partitions)});
    } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
      client.happened.emplace_back(PartitionsRevoked{.lost = rd_kafka_assignment_lost(handle) != 0});
    } else {
      rd_kafka_assign(handle, nullptr);
      client.happened.emplace_back(client.problem(code, "rebalancing"));
      client.happened.emplace_back(PartitionsRevoked{.lost = true});
    }
    rd_kafka_yield(handle);  // ends the poll, before a message that is no longer ours can come with it
  }

  static void error(rd_kafka_t*, int code, const char* reason, void* opaque) {
    Client& client = *static_cast<Client*>(opaque);
    client.happened.emplace_back(client.problem(static_cast<rd_kafka_resp_err_t>(code), reason));
  }

  static int statistics(rd_kafka_t*, char* json, size_t size, void* opaque) {
    if (auto parsed = parse_statistics({json, size})) static_cast<Client*>(opaque)->statistics = *std::move(parsed);
    return 0;  // the library frees the text
  }

  // Called from the library's own threads too. What matters of it comes as errors as well, but for one thing: so it is
  // for whoever debugs.
  static void log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
    auto* client = static_cast<Client*>(rd_kafka_opaque(handle));
    if (auto vanished = vanished_partition(facility, text)) {
      client->vanished.try_put(*std::move(vanished));
      client->any_vanished = true;
    }
    constexpr int kSyslogWarning = 4;
    // What brokers before 0.11 and the stand-in cannot be told; it comes again with each look at the topics.
    const bool is_of_no_use = std::string_view(facility) == "AUTOCREATE";
    const auto severity = level <= kSyslogWarning && !is_of_no_use ? spdlog::level::info : spdlog::level::debug;
    if (!spdlog::should_log(severity)) return;
    spdlog::log(severity, "librdkafka: {}: {}", facility, client->redactor.redact(text));
  }
};

Time KafkaMessage::timestamp() const {
  const int64_t milliseconds = rd_kafka_message_timestamp(raw_.get(), nullptr);
  return Time(std::chrono::milliseconds(std::max<int64_t>(milliseconds, 0)));
}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::create(const ConsumerOptions& options) {
  auto consumer = look(options);
  if (!consumer) return consumer;
  if (auto joined = (*consumer)->join(); !joined) return joined.error();
  return consumer;
}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::look(const ConsumerOptions& options) {
  auto conf = consumer_conf(options);
  if (!conf) return conf.error();
  auto subscription = Subscription::create(options.topics);
  if (!subscription) return subscription.error();

  auto client = std::make_unique<Client>(options.properties);
  const std::string protocol = conf_value(conf->get(), "security.protocol");
  client->facts = {.brokers = options.brokers,
                   .group = options.group,
                   .instance = options.instance,
                   .mechanism = protocol.starts_with("sasl") ? conf_value(conf->get(), "sasl.mechanisms") : "",
                   .protocol = protocol,
                   .library_version = rd_kafka_version()};
  const Duration session_timeout = std::chrono::milliseconds(std::stoll(conf_value(conf->get(), "session.timeout.ms")));

  rd_kafka_conf_set_opaque(conf->get(), client.get());
  rd_kafka_conf_set_rebalance_cb(conf->get(), KafkaCallbacks::rebalance);
  rd_kafka_conf_set_error_cb(conf->get(), KafkaCallbacks::error);
  rd_kafka_conf_set_stats_cb(conf->get(), KafkaCallbacks::statistics);
  rd_kafka_conf_set_log_cb(conf->get(), KafkaCallbacks::log);
  std::array<char, 512> why{};
  client->handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf->get(), why.data(), why.size());
  if (client->handle == nullptr) return Error{ErrorCode::invalid, client->redactor.redact(why.data())};
  (void)conf->release();  // the handle took it
  rd_kafka_poll_set_consumer(client->handle);
  client->commit_results.reset(rd_kafka_queue_new(client->handle));
  client->waker.emplace(client->handle, options.properties);

  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(std::move(client), *std::move(subscription)));
  consumer->session_timeout_ = session_timeout;
  return consumer;
}

KafkaConsumer::KafkaConsumer(std::unique_ptr<Client> client, Subscription subscription)
    : client_(std::move(client)), subscription_(std::move(subscription)) {}

KafkaConsumer::~KafkaConsumer() { close(std::chrono::seconds(5)); }

Result<void> KafkaConsumer::join() {
  auto topics = new_partition_list(subscription_.topics().size());
  for (const std::string& topic : subscription_.topics()) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = rd_kafka_subscribe(client_->handle, topics.get());
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? Result<void>() : failure(code, "subscribing");
}

Polled KafkaConsumer::poll(Duration timeout) {
  auto& happened = client_->happened;
  KafkaRawMessage raw;
  if (happened.empty()) raw.reset(rd_kafka_consumer_poll(client_->handle, to_milliseconds(timeout)));
  if (client_->any_vanished) tell_of_vanished();  // before a message that comes from what is there now
  if (raw != nullptr) {
    client_->waker->took(*raw);
    Polled next = polled(std::move(raw));
    if (happened.empty()) return next;
    happened.push_back(std::move(next));
  }
  if (happened.empty()) return std::monostate();
  Polled first = std::move(happened.front());
  happened.pop_front();
  return first;
}

Polled KafkaConsumer::polled(KafkaRawMessage raw) const {
  if (raw->err == RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaMessage(std::move(raw));
  if (raw->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) return partition_problem(*raw);
  return PartitionEnd{{rd_kafka_topic_name(raw->rkt), raw->partition}};
}

KafkaProblem KafkaConsumer::partition_problem(const rd_kafka_message_t& message) const {
  KafkaProblem problem = client_->problem(message.err, rd_kafka_message_errstr(&message));
  if (message.rkt != nullptr) {
    problem.topic = rd_kafka_topic_name(message.rkt);
    problem.partition = message.partition;
  }
  return problem;
}

void KafkaConsumer::tell_of_vanished() {
  client_->any_vanished = false;
  for (TopicPartition& where : client_->vanished.take_all(Duration(0))) {
    KafkaProblem problem = client_->problem(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "");
    problem.topic = std::move(where.topic);
    problem.partition = where.partition;
    client_->happened.emplace_back(std::move(problem));
  }
}

Result<void> KafkaConsumer::assign(std::span<const PartitionOffset> offsets) {
  resume_all();
  const auto code = rd_kafka_assign(client_->handle, to_list(offsets).get());
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? Result<void>() : failure(code, "assigning partitions");
}

void KafkaConsumer::release() {
  resume_all();
  rd_kafka_assign(client_->handle, nullptr);
}

void KafkaConsumer::pause(std::span<const TopicPartition> partitions) {
  rd_kafka_pause_partitions(client_->handle, to_list(partitions).get());
  paused_.insert(partitions.begin(), partitions.end());
}

void KafkaConsumer::resume(std::span<const TopicPartition> partitions) {
  std::vector<TopicPartition> ours;
  for (const TopicPartition& each : partitions) {
    if (paused_.erase(each) > 0) ours.push_back(each);
  }
  if (!ours.empty()) rd_kafka_resume_partitions(client_->handle, to_list(ours).get());
}

void KafkaConsumer::resume_all() {
  const std::vector<TopicPartition> all(paused_.begin(), paused_.end());
  resume(all);
}

void KafkaConsumer::commit(std::span<const PartitionOffset> offsets) {
  take_commit_results(Duration(0));
  if (offsets.empty()) return;
  const auto code =
      rd_kafka_commit_queue(client_->handle, to_list(offsets).get(), client_->commit_results.get(), nullptr, nullptr);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++commits_waiting_;
  } else {
    ++commits_failed_;
  }
}

Result<void> KafkaConsumer::commit_now(std::span<const PartitionOffset> offsets, Duration deadline) {
  const auto end = Clock::now() + deadline;
  const uint64_t failed_before = commits_failed_;
  commit(offsets);
  while (commits_waiting_ > 0 && Clock::now() < end) take_commit_results(remaining(end));
  if (commits_waiting_ > 0) return Error{ErrorCode::timeout, "the group's coordinator did not answer a commit in time"};
  if (commits_failed_ > failed_before) return Error{ErrorCode::unavailable, last_commit_error_};
  return {};
}

uint64_t KafkaConsumer::commits_failed() {
  take_commit_results(Duration(0));
  return commits_failed_;
}

// Takes the results that are there, waiting for the first at most `timeout`.
void KafkaConsumer::take_commit_results(Duration timeout) {
  while (commits_waiting_ > 0) {
    const KafkaEvent event(rd_kafka_queue_poll(client_->commit_results.get(), to_milliseconds(timeout)));
    if (event == nullptr) return;
    timeout = Duration(0);
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT) continue;
    --commits_waiting_;
    const auto code = rd_kafka_event_error(event.get());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) continue;
    ++commits_failed_;
    last_commit_error_ = client_->problem(code, "committing offsets to the group").text;
  }
}

std::optional<int64_t> KafkaConsumer::known_end(const TopicPartition& where) const {
  int64_t low = 0;
  int64_t high = 0;
  const auto code = rd_kafka_get_watermark_offsets(client_->handle, where.topic.c_str(), where.partition, &low, &high);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return high;
}

const KafkaStatistics& KafkaConsumer::statistics() const { return client_->statistics; }

bool KafkaConsumer::close(Duration deadline) {
  if (client_ == nullptr) return true;
  const auto end = Clock::now() + deadline;
  release();
  client_->closing = true;
  leave_group(deadline / 2);
  client_->commit_results.reset();
  // Owned by the thread too: the library's threads still run in a client that does not end in time.
  const std::shared_ptr<Client> ending = std::move(client_);
  Reply<bool> freed;
  std::thread freeing([ending, promise = freed.promise()] {
    rd_kafka_destroy_flags(ending->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    promise.keep(true);
  });
  const bool done = freed.get(remaining(end)).has_value();
  if (done) {
    freeing.join();
  } else {
    freeing.detach();  // tidy: a client that does not end must not keep us
  }
  return done;
}

// When the group cannot be told in time, it finds out by our silence.
void KafkaConsumer::leave_group(Duration deadline) {
  const auto end = Clock::now() + deadline;
  const KafkaQueue queue(rd_kafka_queue_new(client_->handle));
  const KafkaError refused(rd_kafka_consumer_close_queue(client_->handle, queue.get()));
  if (refused != nullptr) return;  // after a fatal error there is nothing to leave
  constexpr Duration kLook = std::chrono::milliseconds(20);
  while (rd_kafka_consumer_closed(client_->handle) == 0 && Clock::now() < end) {
    const KafkaRawMessage unread(rd_kafka_consume_queue(queue.get(), to_milliseconds(kLook)));
  }
}

Error KafkaConsumer::failure(rd_kafka_resp_err_t code, std::string_view doing) const {
  return to_error(client_->problem(code, "")).with(doing);
}

}  // namespace kedge
