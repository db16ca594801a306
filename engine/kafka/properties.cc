#include "kafka/properties.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kafka/property_rules.h"
#include "kafka/subscription.h"

namespace kedge {
namespace {

constexpr const char* kNewsInterval = "topic.metadata.refresh.interval.ms";

// Set by the engine; a user may set them otherwise. Fetches of 2 MB keep the library's memory small at full speed.
constexpr std::array kDefaults = {
    Property{"session.timeout.ms", "30000"},
    Property{"heartbeat.interval.ms", "3000"},
    Property{"max.poll.interval.ms", "300000"},
    Property{"fetch.max.bytes", "2000000"},
    Property{"fetch.message.max.bytes", "1048576"},
    Property{"fetch.wait.max.ms", "100"},  // how long a newly assigned partition may wait behind an idle request
    Property{"check.crcs", "true"},
    Property{"socket.nagle.disable", "true"},
    Property{"reconnect.backoff.max.ms", "1000"},
    Property{"client.id", "kedge"},
};
// Set by the engine, and by nobody else.
constexpr std::array kFixed = {
    Property{"enable.auto.commit", "false"},
    Property{"enable.auto.offset.store", "false"},
    Property{"auto.offset.reset", "error"},
    Property{"isolation.level", "read_committed"},
    Property{"partition.assignment.strategy", "range"},
    Property{"enable.partition.eof", "false"},
    Property{"allow.auto.create.topics", "false"},
};

// Why a property is the engine's, and what to use instead.
constexpr std::array kOwned = {
    Property{"bootstrap.servers", "the setting `brokers` is used for it"},
    Property{"metadata.broker.list", "the setting `brokers` is used for it"},
    Property{"group.id", "the setting `group` is used for it"},
    Property{"group.instance.id", "the setting `instance` is used for it"},
    Property{"group.protocol", "the engine uses the classic protocol"},
    Property{"group.protocol.type", "the engine uses the classic protocol"},
    Property{"group.remote.assignor", "the engine uses the classic protocol"},
    Property{"enable.auto.commit", "offsets are committed behind the ledger, never by themselves"},
    Property{"auto.commit.enable", "offsets are committed behind the ledger, never by themselves"},
    Property{"auto.commit.interval.ms", "offsets are committed behind the ledger, never by themselves"},
    Property{"enable.auto.offset.store", "offsets are committed behind the ledger, never by themselves"},
    Property{"offset.store.method", "offsets are committed behind the ledger, never by themselves"},
    Property{"auto.offset.reset",
             "a rewind is never silent; where a new topic starts is the setting `start` (earliest or latest)"},
    Property{"isolation.level", "records of transactions that were aborted are never read"},
    Property{"partition.assignment.strategy",
             "the engine uses `range`: with others this library loses partitions or aborts"},
    Property{"enable.partition.eof", "the engine asks for the ends of logs itself"},
    Property{"allow.auto.create.topics", "a misspelt topic is an error, not a new topic"},
    Property{"statistics.interval.ms", "the engine makes its metrics from them"},
    Property{"enabled_events", "the engine serves the library's callbacks itself"},
    Property{"log.queue", "the engine reads the library's log as it comes: a topic made anew is seen in it alone"},
    Property{"test.mock.num.brokers", "it would replace the brokers by an imitation; use `kedge dev-kafka`"},
};

// Half of the room is for the messages' bytes, and half for what the library keeps of each besides, which is more than
// the bytes where they are few.
Result<void> set_queue(rd_kafka_conf_t* conf, size_t bytes) {
  constexpr size_t kMessageBytes = 600;  // measured with 2.0.2, with what malloc loses between them
  const size_t kilobytes = std::clamp<size_t>(bytes / 2 / 1024, 1, 2'097'151);
  const size_t messages = std::clamp<size_t>(bytes / 2 / kMessageBytes, 1, 10'000'000);
  auto done = set_property(conf, "queued.max.messages.kbytes", std::to_string(kilobytes));
  if (done)
    done = set_property(conf, "queued.min.messages", std::to_string(messages));  // it is the most, whatever its name
  if (done && rd_kafka_version() >= 0x020200ff)
    done = set_property(conf, "fetch.queue.backoff.ms", "5");  // see queue_waker.h
  return done;
}

// With `topic`, which tells what nothing else does: see library_log.h.
std::string debug_contexts(const KafkaProperties& users) {
  const auto wanted = users.find("debug");
  return wanted == users.end() || wanted->second.empty() ? "topic" : wanted->second + ",topic";
}

Result<void> check_names(const ConsumerOptions& options) {
  if (options.brokers.empty()) return Error{ErrorCode::invalid, "`brokers` is empty: give host:port, or several"};
  if (options.group.empty()) return Error{ErrorCode::invalid, "`group` is empty: give the consumer group's name"};
  const auto subscription = Subscription::create(options.topics);
  return subscription ? Result<void>() : subscription.error();
}

void check_topics(const std::vector<std::string>& topics, std::vector<OptionMistake>& mistakes) {
  if (topics.empty()) mistakes.push_back({"topics", "must not be empty: name at least one topic"});
  for (size_t i = 0; i < topics.size(); ++i) {
    const auto subscription = Subscription::create({topics[i]});
    if (!subscription) mistakes.push_back({"topics[" + std::to_string(i) + "]", subscription.error().message});
  }
}

}  // namespace

Redactor::Redactor(const KafkaProperties& properties) {
  constexpr size_t kSecretBytesMin = 3;  // shorter ones would blacken ordinary words, and protect nothing
  for (const auto& [name, value] : properties) {
    if (is_secret_property(name) && value.size() >= kSecretBytesMin) secrets_.push_back(value);
  }
}

std::string Redactor::redact(std::string_view text) const {
  std::string clean(text);
  for (const std::string& secret : secrets_) {
    for (size_t at = 0; (at = clean.find(secret, at)) != std::string::npos; at += 3) {
      clean.replace(at, secret.size(), "***");
    }
  }
  return clean;
}

bool is_secret_property(std::string_view name) {
  for (const std::string_view part :
       {"password", "secret", "passphrase", "key.pem", "ssl_key", "token", "oauthbearer.config"}) {
    if (name.find(part) != std::string_view::npos && !name.ends_with(".url")) return true;
  }
  return false;
}

Result<KafkaConf> consumer_conf(const ConsumerOptions& options) {
  if (auto named = check_names(options); !named) return named.error();
  KafkaConf conf(rd_kafka_conf_new());
  Result<void> done = set_properties(conf.get(), kDefaults);
  if (done) done = set_queue(conf.get(), options.queue_bytes);
  if (done) done = set_users(conf.get(), options.properties, kOwned);
  // How long a partition that is added may go unseen. After two sessions the engine takes itself not to be alone for
  // want of it.
  if (done && !options.properties.contains(kNewsInterval)) {
    done = set_property(conf.get(), kNewsInterval, conf_value(conf.get(), "session.timeout.ms"));
  }
  if (done) done = set_properties(conf.get(), kFixed);
  if (done && options.tells_ends) done = set_property(conf.get(), "enable.partition.eof", "true");
  if (done) done = set_property(conf.get(), "debug", debug_contexts(options.properties));
  if (done) done = set_property(conf.get(), "bootstrap.servers", options.brokers);
  if (done) done = set_property(conf.get(), "group.id", options.group);
  if (done && !options.instance.empty()) done = set_property(conf.get(), "group.instance.id", options.instance);
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(options.statistics_interval);
  if (done) done = set_property(conf.get(), "statistics.interval.ms", std::to_string(interval.count()));
  if (!done) return done.error();
  return conf;
}

KafkaProperties properties_in_force(const ConsumerOptions& options) {
  KafkaProperties all = options.properties;
  const auto conf = consumer_conf(options);
  if (!conf) return all;
  for (const Property& property : kDefaults) all.emplace(property.name, conf_value(conf->get(), property.name));
  all.emplace(kNewsInterval, conf_value(conf->get(), kNewsInterval));
  return all;
}

Result<void> check_consumer_options(const ConsumerOptions& options) {
  auto conf = consumer_conf(options);
  if (!conf) return conf.error();
  return try_client(RD_KAFKA_CONSUMER, *std::move(conf), options.properties);
}

std::vector<OptionMistake> mistakes_in(const ConsumerOptions& options) {
  std::vector<OptionMistake> mistakes;
  check_brokers(options.brokers, mistakes);
  if (options.group.empty()) mistakes.push_back({"group", "must not be empty: give the consumer group's name"});
  check_topics(options.topics, mistakes);
  check_properties(options.properties, kOwned, mistakes);
  if (!mistakes.empty()) return mistakes;
  if (const auto checked = check_consumer_options(options); !checked) {
    const std::string& message = checked.error().message;
    mistakes.push_back({property_in(message, options.properties), message});
  }
  return mistakes;
}

std::string conf_value(const rd_kafka_conf_t* conf, const char* name) {
  size_t size = 0;
  if (rd_kafka_conf_get(conf, name, nullptr, &size) != RD_KAFKA_CONF_OK || size == 0) return {};
  std::string value(size, '\0');
  if (rd_kafka_conf_get(conf, name, value.data(), &size) != RD_KAFKA_CONF_OK) return {};
  value.resize(size - 1);  // without the terminating zero
  return value;
}

}  // namespace kedge
