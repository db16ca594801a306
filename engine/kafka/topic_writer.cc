#include "kafka/topic_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>

#include "kafka/problem.h"

namespace kedge {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLook = milliseconds(100);             // how soon a stop is seen
constexpr milliseconds kSearch = milliseconds(2000);          // for the topic, before something is written
constexpr milliseconds kWithdrawal = milliseconds(1000);      // how long the library may take to give a record back
constexpr milliseconds kOtherAddresses = milliseconds(1000);  // a name may have some: each attempt is made at one

int at_most(milliseconds most, Clock::time_point end) {
  const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
  return static_cast<int>(std::clamp(left, milliseconds(0), most).count());
}

struct Report {
  rd_kafka_resp_err_t code;
  std::string reason;
  bool perhaps;  // with an error: it may be there
};

}  // namespace

struct TopicWriter::Client {
  explicit Client(const WriterOptions& options) : redactor(options.properties) {}
  ~Client() {
    if (handle == nullptr) return;
    rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(handle);
  }

  const Redactor redactor;
  ClientFacts facts;
  rd_kafka_t* handle = nullptr;
  uintptr_t number = 0;  // of the last record that was handed over
  uintptr_t first = 1;   // of the batch that is under way: later than all before it, whose reports may still come
  std::vector<std::optional<Report>> reports;  // of the batch
  size_t reported = 0;                         // how many there are
  std::optional<Error> refused;                // why not all were handed over
  std::optional<KafkaProblem> trouble;         // the last that the library told while it was under way
  bool all_are_down = false;                   // no broker could be reached, since that was asked last
};

// `opaque` is the Client. Called inside rd_kafka_poll, so by whoever writes.
struct WriterCallbacks {
  using Client = TopicWriter::Client;

  static void report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    Client& client = *static_cast<Client*>(opaque);
    const size_t place = reinterpret_cast<uintptr_t>(message->_private) - client.first;  // before the first: far beyond
    if (place >= client.reports.size() || client.reports[place]) return;
    // Not rd_kafka_message_errstr: it takes the payload for its text, which here is the record itself.
    const char* const reason = message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : rd_kafka_err2str(message->err);
    const bool perhaps = rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    client.reports[place] = Report{message->err, client.redactor.redact(reason), perhaps};
    ++client.reported;
  }

  static void error(rd_kafka_t*, int code, const char* reason, void* opaque) {
    Client& client = *static_cast<Client*>(opaque);
    const bool all_are_down = code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    client.all_are_down = client.all_are_down || all_are_down;
    if (all_are_down && client.trouble) return;  // the last one's trouble says more
    client.trouble = explain(static_cast<rd_kafka_resp_err_t>(code), client.redactor.redact(reason), client.facts);
  }

  // Called from the library's own threads. What matters of it comes as errors as well.
  static void log(const rd_kafka_t* handle, int, const char* facility, const char* text) {
    if (!spdlog::should_log(spdlog::level::debug)) return;
    const auto* client = static_cast<const Client*>(rd_kafka_opaque(handle));
    spdlog::debug("librdkafka: {}: {}", facility, client->redactor.redact(text));
  }
};

TopicWriter::TopicWriter(WriterOptions options) : options_(std::move(options)) {}
TopicWriter::~TopicWriter() = default;
void TopicWriter::close() { client_.reset(); }

Result<void> TopicWriter::open() {
  if (client_ != nullptr) return {};
  auto conf = writer_conf(options_);
  if (!conf) return conf.error();
  auto client = std::make_unique<Client>(options_);
  const std::string protocol = conf_value(conf->get(), "security.protocol");
  client->facts = {.brokers = options_.brokers,
                   .group = {},
                   .instance = {},
                   .mechanism = protocol.starts_with("sasl") ? conf_value(conf->get(), "sasl.mechanisms") : "",
                   .protocol = protocol,
                   .library_version = rd_kafka_version()};
  rd_kafka_conf_set_opaque(conf->get(), client.get());
  rd_kafka_conf_set_dr_msg_cb(conf->get(), WriterCallbacks::report);
  rd_kafka_conf_set_error_cb(conf->get(), WriterCallbacks::error);
  rd_kafka_conf_set_log_cb(conf->get(), WriterCallbacks::log);
  std::array<char, 512> why{};
  client->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), why.data(), why.size());
  if (client->handle == nullptr) return Error{ErrorCode::invalid, client->redactor.redact(why.data())};
  (void)conf->release();  // the handle took it
  client_ = std::move(client);
  return {};
}

Result<void> TopicWriter::write(const Record& record, Duration timeout, std::stop_token stop) {
  auto written = write_all({&record, 1}, timeout, std::move(stop));
  return written.error ? Result<void>(*std::move(written.error)) : Result<void>();
}

TopicWriter::Written TopicWriter::write_all(std::span<const Record> records, Duration timeout, std::stop_token stop) {
  std::vector<Fate> fates = write_each(records, timeout, std::move(stop));
  const auto failed = std::find_if(fates.begin(), fates.end(), [](const Fate& fate) { return fate.error.has_value(); });
  const auto written = static_cast<size_t>(failed - fates.begin());
  return {written, failed == fates.end() ? std::nullopt : std::move(failed->error)};
}

std::vector<TopicWriter::Fate> TopicWriter::write_each(std::span<const Record> records, Duration timeout,
                                                       std::stop_token stop) {
  std::vector<Fate> fates;
  const bool is_new = client_ == nullptr;
  if (auto opened = open(); !opened) return std::vector<Fate>(records.size(), {opened.error(), false});
  const auto begun = Clock::now();
  if (is_new) find_topic(timeout / 2);
  const auto left = std::chrono::duration_cast<Duration>(timeout - (Clock::now() - begun));
  write_and_wait(records, left, stop);
  const Client& client = *client_;
  for (size_t i = 0; i < records.size(); ++i) {
    if (i >= client.reports.size()) {
      fates.push_back({client.refused, false});  // nor were those behind it handed over
    } else if (const auto& report = client.reports[i]; !report) {
      fates.push_back({failure(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ""), true});
    } else if (report->code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fates.push_back({failure(report->code, report->reason), report->perhaps});
    } else {
      fates.emplace_back();
    }
  }
  // A topic that is not there, or not for us, stays so to the library until it looks again, minutes later.
  const bool of_the_topic = std::any_of(fates.begin(), fates.end(), [](const Fate& fate) {
    return fate.error && (fate.error->code == ErrorCode::refused || fate.error->code == ErrorCode::not_found);
  });
  if (of_the_topic) client_.reset();
  return fates;
}

// What is handed over to a new client at once may lie there until the library looks at its topics again, a second
// later. Who asks for the topic is answered as soon as a broker is there. What comes of it is seen when something is
// written.
void TopicWriter::find_topic(Duration timeout) {
  const auto wait = std::chrono::ceil<milliseconds>(std::min<Duration>(timeout, kSearch));
  const std::unique_ptr<rd_kafka_topic_t, FreedBy<rd_kafka_topic_destroy>> topic(
      rd_kafka_topic_new(client_->handle, options_.topic.c_str(), nullptr));
  const rd_kafka_metadata_t* found = nullptr;
  if (topic == nullptr) return;
  const auto code = rd_kafka_metadata(client_->handle, 0, topic.get(), &found, static_cast<int>(wait.count()));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_metadata_destroy(found);
}

// What came of it is in the reports.
void TopicWriter::write_and_wait(std::span<const Record> records, Duration timeout, const std::stop_token& stop) {
  Client& client = *client_;
  const auto end = Clock::now() + timeout;
  client.first = client.number + 1;
  client.reports.clear();
  client.reported = 0;
  client.trouble.reset();
  client.refused.reset();
  for (const Record& record : records) {
    client.reports.emplace_back();
    const auto handed = hand_over(record);
    if (handed) continue;
    client.refused = handed.error();
    client.reports.pop_back();
    break;
  }
  while (client.reported < client.reports.size() && Clock::now() < end && !stop.stop_requested()) {
    rd_kafka_poll(client.handle, at_most(kLook, end));
  }
  if (client.reported == client.reports.size()) return;
  rd_kafka_purge(client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  const auto given_back = Clock::now() + kWithdrawal;
  while (client.reported < client.reports.size() && Clock::now() < given_back) {
    rd_kafka_poll(client.handle, at_most(kLook, given_back));
  }
}

// To the library, which copies it.
Result<void> TopicWriter::hand_over(const Record& record) {
  Client& client = *client_;
  ++client.number;
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  const auto refused = rd_kafka_producev(
      client.handle, RD_KAFKA_V_TOPIC(options_.topic.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(client.number)), RD_KAFKA_V_END);
  if (refused == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  rd_kafka_headers_destroy(headers);  // otherwise the library took them
  --client.number;
  return failure(refused, "");
}

Error TopicWriter::failure(int code, std::string_view reason) const {
  const std::string topic = "topic `" + options_.topic + "`";
  switch (code) {
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
      if (client_->trouble) return to_error(*client_->trouble);
      return {ErrorCode::timeout, "the brokers at " + options_.brokers + " did not acknowledge it in time"};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return {ErrorCode::refused, "the broker does not let us write to " + topic + ": grant WRITE and DESCRIBE on it"};
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return {ErrorCode::not_found, topic + " is not there: create it, or mend its name"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return {ErrorCode::limit, topic +
                                    " takes no record of this size: raise its max.message.bytes, and the property "
                                    "message.max.bytes here"};
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return {ErrorCode::unavailable, "fewer replicas of " + topic + " are in sync than its min.insync.replicas wants"};
    default:
      return to_error(explain(static_cast<rd_kafka_resp_err_t>(code), reason, client_->facts));
  }
}

// All topics are asked for: to ask for one by its name can create it. Where no broker could be reached for a while it
// is not asked again.
Result<int> TopicWriter::partitions(Duration timeout) {
  if (auto opened = open(); !opened) return opened.error();
  client_->trouble.reset();
  client_->all_are_down = false;
  const auto end = Clock::now() + timeout;
  const rd_kafka_metadata_t* found = nullptr;
  const auto ask = [&](milliseconds most) {
    const auto code = rd_kafka_metadata(client_->handle, 1, nullptr, &found, at_most(most, end));
    rd_kafka_poll(client_->handle, 0);  // what it has to tell
    return code;
  };
  auto code = ask(kOtherAddresses);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !client_->all_are_down) code = ask(milliseconds::max());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (client_->trouble) return to_error(*client_->trouble);
    return failure(code, "");
  }
  const std::unique_ptr<const rd_kafka_metadata_t, FreedBy<rd_kafka_metadata_destroy>> owned(found);
  for (const rd_kafka_metadata_topic_t& topic : std::span(found->topics, static_cast<size_t>(found->topic_cnt))) {
    if (options_.topic == topic.topic && topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) return topic.partition_cnt;
  }
  return failure(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "");
}

}  // namespace kedge
