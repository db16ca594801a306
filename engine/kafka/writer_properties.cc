#include "kafka/writer_properties.h"

#include <array>

#include "kafka/property_rules.h"

namespace kedge {
namespace {

// Set by the engine; a user may set them otherwise.
constexpr std::array kDefaults = {
    Property{"linger.ms", "0"},  // one record at a time: nothing is gained by waiting for another
    Property{"topic.metadata.propagation.max.ms", "5000"},  // a topic that is not there is said to be so
    Property{"socket.nagle.disable", "true"},
    Property{"reconnect.backoff.max.ms", "1000"},
    Property{"client.id", "kedge"},
};
// Set by the engine, and by nobody else.
constexpr std::array kFixed = {
    Property{"acks", "all"},
    Property{"enable.idempotence", "false"},
};

// Why a property is the engine's, and what to use instead.
constexpr std::array kOwned = {
    Property{"bootstrap.servers", "the setting `brokers` is used for it"},
    Property{"metadata.broker.list", "the setting `brokers` is used for it"},
    Property{"acks", "a record counts as written when all replicas in sync have it"},
    Property{"request.required.acks", "a record counts as written when all replicas in sync have it"},
    Property{"message.timeout.ms", "the setting `timeout` is used for it"},
    Property{"delivery.timeout.ms", "the setting `timeout` is used for it"},
    Property{"delivery.report.only.error", "each acknowledgement is waited for"},
    Property{"enable.idempotence",
             "a record that is written twice does no harm, and an error of it would end the client"},
    Property{"enable.gapless.guarantee", "a record that is written twice does no harm"},
    Property{"transactional.id", "each record stands by itself"},
    Property{"statistics.interval.ms", "nobody reads them"},
    Property{"enabled_events", "the engine serves the library's callbacks itself"},
    Property{"log.queue", "the engine reads the library's log as it comes"},
    Property{"test.mock.num.brokers", "it would replace the brokers by an imitation; use `kedge dev-kafka`"},
};

// As a broker takes it.
bool is_topic_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  constexpr size_t kLongest = 249;
  return !name.empty() && name.size() <= kLongest && name != "." && name != ".." &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace

Result<KafkaConf> writer_conf(const WriterOptions& options) {
  KafkaConf conf(rd_kafka_conf_new());
  Result<void> done = set_properties(conf.get(), kDefaults);
  if (done) done = set_users(conf.get(), options.properties, kOwned);
  if (done) done = set_properties(conf.get(), kFixed);
  if (done) done = set_property(conf.get(), "bootstrap.servers", options.brokers);
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(options.timeout);
  if (done) done = set_property(conf.get(), "message.timeout.ms", std::to_string(timeout.count()));
  if (!done) return done.error();
  return conf;
}

std::vector<OptionMistake> mistakes_in(const WriterOptions& options) {
  std::vector<OptionMistake> mistakes;
  check_brokers(options.brokers, mistakes);
  if (!is_topic_name(options.topic)) {
    mistakes.push_back({"topic", "must be the name of a topic: letters, digits, '.', '_' and '-', at most 249"});
  }
  check_properties(options.properties, kOwned, mistakes);
  if (!mistakes.empty()) return mistakes;
  auto conf = writer_conf(options);
  const Result<void> tried = conf ? try_client(RD_KAFKA_PRODUCER, *std::move(conf), options.properties) : conf.error();
  if (!tried) {
    const std::string& message = tried.error().message;
    mistakes.push_back({property_in(message, options.properties), message});
  }
  return mistakes;
}

KafkaProperties properties_in_force(const WriterOptions& options) {
  KafkaProperties all = options.properties;
  for (const Property& property : kDefaults) all.emplace(property.name, property.text);
  return all;
}

}  // namespace kedge
