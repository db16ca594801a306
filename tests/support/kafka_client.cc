#include "tests/support/kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <tuple>

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

template <auto destroy>
struct Destroy {
  template <class T>
  void operator()(T* thing) const {
    destroy(thing);
  }
};
using Handle = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;
using Headers = std::unique_ptr<rd_kafka_headers_t, Destroy<rd_kafka_headers_destroy>>;

Error error_of(rd_kafka_resp_err_t code, const std::string& doing) {
  const auto kind = code == RD_KAFKA_RESP_ERR__TIMED_OUT             ? ErrorCode::timeout
                    : code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? ErrorCode::conflict
                    : code == RD_KAFKA_RESP_ERR__AUTHENTICATION      ? ErrorCode::refused
                                                                     : ErrorCode::unavailable;
  return {kind, doing + ": " + rd_kafka_err2str(code)};
}

// What the client last said of why it cannot reach or log in to the broker: calls only time out meanwhile.
class Complaint {
 public:
  static void take(rd_kafka_t*, int code, const char* reason, void* self) {
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
    auto* const complaint = static_cast<Complaint*>(self);
    const std::lock_guard lock(complaint->mutex_);
    complaint->error_ = error_of(static_cast<rd_kafka_resp_err_t>(code), reason);
    complaint->final_ = code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL;
  }

  // What was said; `otherwise` when nothing was.
  Error get(Error otherwise) const {
    const std::lock_guard lock(mutex_);
    return error_.value_or(std::move(otherwise));
  }

  // Trying again would change nothing.
  bool is_final() const {
    const std::lock_guard lock(mutex_);
    return final_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
  bool final_ = false;
};

struct Connection {
  std::unique_ptr<Complaint> complaint = std::make_unique<Complaint>();
  Handle handle;
};

Result<Connection> connect(rd_kafka_type_t type, KafkaProperties properties,
                           void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr) {
  properties.emplace("log_level", "0");
  properties.emplace("reconnect.backoff.max.ms", "500");
  Connection connection;
  std::array<char, 512> reason{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      return Error{ErrorCode::invalid, reason.data()};
    }
  }
  rd_kafka_conf_set_opaque(conf, connection.complaint.get());
  rd_kafka_conf_set_error_cb(conf, Complaint::take);
  if (delivered != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, delivered);
  connection.handle.reset(rd_kafka_new(type, conf, reason.data(), reason.size()));
  if (connection.handle) return connection;
  rd_kafka_conf_destroy(conf);
  return Error{ErrorCode::invalid, reason.data()};
}

Result<int> count_partitions(Connection& connection, const std::string& topic, steady_clock::time_point deadline) {
  const std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>> handle(
      rd_kafka_topic_new(connection.handle.get(), topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  while (true) {
    const auto code = rd_kafka_metadata(connection.handle.get(), 0, handle.get(), &metadata, 500);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    rd_kafka_poll(connection.handle.get(), 0);
    if (connection.complaint->is_final() || steady_clock::now() > deadline) {
      return connection.complaint->get(error_of(code, "reading about the topic " + topic));
    }
  }
  const int count = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  if (count == 0) return Error{ErrorCode::not_found, "no topic " + topic};
  return count;
}

KafkaRecord record_of(const rd_kafka_message_t& message) {
  KafkaRecord record{.topic = rd_kafka_topic_name(message.rkt), .value = std::nullopt};
  if (message.payload != nullptr) record.value = std::string(static_cast<const char*>(message.payload), message.len);
  if (message.key != nullptr) record.key = std::string(static_cast<const char*>(message.key), message.key_len);
  record.partition = message.partition;
  record.offset = message.offset;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return record;
}

// Sends one request about topics and waits for its answer.
template <class Send, class ResultOf>
Result<void> administer(const KafkaProperties& properties, const std::string& doing, Send send, ResultOf result_of) {
  auto connection = connect(RD_KAFKA_PRODUCER, properties);
  if (!connection) return connection.error();
  const Queue queue(rd_kafka_queue_new(connection->handle.get()));
  send(connection->handle.get(), queue.get());
  std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>> event;
  const auto deadline = steady_clock::now() + std::chrono::seconds(30);
  while (!event && !connection->complaint->is_final() && steady_clock::now() < deadline) {
    event.reset(rd_kafka_queue_poll(queue.get(), 100));
    rd_kafka_poll(connection->handle.get(), 0);
  }
  if (!event) return connection->complaint->get(error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, doing));
  auto code = rd_kafka_event_error(event.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    size_t count = 0;
    const auto* const* results = result_of(event.get(), &count);
    if (count > 0) code = rd_kafka_topic_result_error(results[0]);
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(code, doing);
  return {};
}

}  // namespace

struct KafkaProducer::Client {
  Connection connection;
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;  // of the first record that was not delivered

  // Each record carries the client: the handle's own opaque belongs to its complaint.
  static void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    auto* const client = static_cast<Client*>(message->_private);
    if (client->failure == RD_KAFKA_RESP_ERR_NO_ERROR) client->failure = message->err;
  }
};

KafkaProducer::KafkaProducer(std::unique_ptr<Client> client) : client_(std::move(client)) {}
KafkaProducer::~KafkaProducer() = default;

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::make(const KafkaProperties& properties) {
  auto with_defaults = properties;
  with_defaults.emplace("linger.ms", "1");
  // What a broker refuses, as for a topic that is just being made, is sent again, and must not come behind the others.
  with_defaults.emplace("max.in.flight.requests.per.connection", "1");
  auto connection = connect(RD_KAFKA_PRODUCER, with_defaults, Client::delivered);
  if (!connection) return connection.error();
  auto client = std::make_unique<Client>();
  client->connection = std::move(*connection);
  return std::unique_ptr<KafkaProducer>(new KafkaProducer(std::move(client)));
}

Result<void> KafkaProducer::produce(const KafkaRecord& record) {
  rd_kafka_t* const handle = client_->connection.handle.get();
  while (true) {
    Headers headers(rd_kafka_headers_new(record.headers.size()));
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    const void* const value = record.value ? record.value->data() : nullptr;
    const size_t value_size = record.value ? record.value->size() : 0;
    const void* const key = record.key.empty() ? nullptr : record.key.data();
    const auto code = rd_kafka_producev(
        handle, RD_KAFKA_V_TOPIC(record.topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(const_cast<void*>(value), value_size),
        RD_KAFKA_V_KEY(const_cast<void*>(key), record.key.size()), RD_KAFKA_V_TIMESTAMP(record.timestamp_ms),
        RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_OPAQUE(client_.get()), RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      headers.release();  // the client's from here on
      rd_kafka_poll(handle, 0);
      return {};
    }
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return error_of(code, "producing to " + record.topic);
    rd_kafka_poll(handle, 100);
  }
}

Result<void> KafkaProducer::flush(milliseconds timeout) {
  const auto code = rd_kafka_flush(client_->connection.handle.get(), static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return client_->connection.complaint->get(error_of(code, "waiting for acknowledgements"));
  }
  if (client_->failure != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(client_->failure, "producing");
  return {};
}

struct KafkaMember::Client {
  Connection connection;
  std::atomic<bool> leaving = false;
  std::thread polling;

  void poll() {
    while (!leaving) {
      const Message message(rd_kafka_consumer_poll(connection.handle.get(), 100));
    }
    rd_kafka_consumer_close(connection.handle.get());
  }
};

KafkaMember::KafkaMember(std::unique_ptr<Client> client) : client_(std::move(client)) {
  client_->polling = std::thread([it = client_.get()] { it->poll(); });
}

KafkaMember::~KafkaMember() { leave(); }

void KafkaMember::leave() {
  client_->leaving = true;
  if (client_->polling.joinable()) client_->polling.join();
}

Result<std::unique_ptr<KafkaMember>> KafkaMember::join(const KafkaProperties& properties, const std::string& group,
                                                       const std::string& topic) {
  auto with_group = properties;
  with_group["group.id"] = group;
  with_group["enable.auto.commit"] = "false";
  with_group["session.timeout.ms"] = "6000";
  with_group["partition.assignment.strategy"] = "range";  // as the engine's is: a group has one
  auto connection = connect(RD_KAFKA_CONSUMER, with_group);
  if (!connection) return connection.error();
  rd_kafka_poll_set_consumer(connection->handle.get());
  const Partitions topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(connection->handle.get(), topics.get());
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return error_of(code, "joining the group " + group);
  }
  auto client = std::make_unique<Client>();
  client->connection = std::move(*connection);
  return std::unique_ptr<KafkaMember>(new KafkaMember(std::move(client)));
}

Result<void> create_topic(const KafkaProperties& properties, const std::string& topic, int partitions,
                          const std::map<std::string, std::string>& settings) {
  std::array<char, 512> reason{};
  const std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>> request(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, reason.data(), reason.size()));
  if (!request) return Error{ErrorCode::invalid, reason.data()};
  for (const auto& [name, value] : settings) rd_kafka_NewTopic_set_config(request.get(), name.c_str(), value.c_str());
  const auto send = [&](rd_kafka_t* handle, rd_kafka_queue_t* queue) {
    auto* requests = request.get();
    rd_kafka_CreateTopics(handle, &requests, 1, nullptr, queue);
  };
  return administer(properties, "creating the topic " + topic, send, [](rd_kafka_event_t* event, size_t* count) {
    return rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), count);
  });
}

Result<void> delete_topic(const KafkaProperties& properties, const std::string& topic) {
  const std::unique_ptr<rd_kafka_DeleteTopic_t, Destroy<rd_kafka_DeleteTopic_destroy>> request(
      rd_kafka_DeleteTopic_new(topic.c_str()));
  const auto send = [&](rd_kafka_t* handle, rd_kafka_queue_t* queue) {
    auto* requests = request.get();
    rd_kafka_DeleteTopics(handle, &requests, 1, nullptr, queue);
  };
  return administer(properties, "deleting the topic " + topic, send, [](rd_kafka_event_t* event, size_t* count) {
    return rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), count);
  });
}

Result<void> delete_records(const KafkaProperties& properties, const std::string& topic, int partition,
                            int64_t offset) {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>> below(
      rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(below.get(), topic.c_str(), partition)->offset = offset;
  const std::unique_ptr<rd_kafka_DeleteRecords_t, Destroy<rd_kafka_DeleteRecords_destroy>> request(
      rd_kafka_DeleteRecords_new(below.get()));
  const auto send = [&](rd_kafka_t* handle, rd_kafka_queue_t* queue) {
    auto* requests = request.get();
    rd_kafka_DeleteRecords(handle, &requests, 1, nullptr, queue);
  };
  return administer(properties, "deleting records of " + topic, send,
                    [](rd_kafka_event_t*, size_t*) -> const rd_kafka_topic_result_t* const* { return nullptr; });
}

Result<std::vector<KafkaRecord>> read_topic(const KafkaProperties& properties, const std::string& topic, size_t count,
                                            milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  auto with_group = properties;
  with_group["group.id"] = "not-joined";  // the client asks for one even where partitions are assigned by hand
  with_group["fetch.wait.max.ms"] = "20";
  auto connection = connect(RD_KAFKA_CONSUMER, with_group);
  if (!connection) return connection.error();
  const auto partitions = count_partitions(*connection, topic, deadline);
  if (!partitions) return partitions.error();

  rd_kafka_t* const handle = connection->handle.get();
  rd_kafka_poll_set_consumer(handle);
  const Partitions assignment(rd_kafka_topic_partition_list_new(*partitions));
  for (int i = 0; i < *partitions; ++i) {
    rd_kafka_topic_partition_list_add(assignment.get(), topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(handle, assignment.get());

  std::vector<KafkaRecord> records;
  while (records.size() < count && steady_clock::now() < deadline) {
    const Message message(rd_kafka_consumer_poll(handle, 100));
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) records.push_back(record_of(*message));
  }
  if (records.size() < count) {
    return connection->complaint->get(
        {ErrorCode::timeout, std::to_string(records.size()) + " records came, not " + std::to_string(count)});
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return std::tie(a.partition, a.offset) < std::tie(b.partition, b.offset);
  });
  return records;
}

}  // namespace kedge
