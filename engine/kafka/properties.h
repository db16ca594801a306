// librdkafka's properties: which a user may give, which the engine sets itself, and what is said about a wrong one.
//
// A user may give any property that the installed library knows, but for those on which the engine's promises rest:
// they are refused with the reason and with what to use instead. The value of a secret property stands in no error and
// no log.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kafka/handle.h"

namespace kedge {

using KafkaProperties = std::map<std::string, std::string>;

struct ConsumerOptions {
  std::string brokers;              // "host:port,host:port"
  std::string group;                // group.id
  std::string instance;             // group.instance.id; empty: no static membership
  std::vector<std::string> topics;  // names, or regular expressions that begin with "^"
  KafkaProperties properties;       // the user's
  size_t queue_bytes = 32U << 20U;  // what is fetched and not yet polled may take in memory, unless a property says it
  Duration statistics_interval = std::chrono::seconds(10);
  bool tells_ends = false;  // poll tells where a partition was read to its end (PartitionEnd)
};

// Removes the values of secret properties from texts that the library writes. Immutable; any thread.
class Redactor {
 public:
  explicit Redactor(const KafkaProperties&);
  std::string redact(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;
};

// True for properties whose value must not be shown: passwords, keys, tokens.
bool is_secret_property(std::string_view name);

// The library's configuration for a consumer of the engine. The error names the property and what would be right.
Result<KafkaConf> consumer_conf(const ConsumerOptions&);

// The user's, and those that the engine sets where the user does not. The room of the queue is not among them.
KafkaProperties properties_in_force(const ConsumerOptions&);

// Everything about the options that can be checked without a broker, files of keys and certificates included.
Result<void> check_consumer_options(const ConsumerOptions&);

// What is wrong with one option.
struct OptionMistake {
  std::string field;  // "brokers[0]", "group", "topics[1]", "properties.group.id", "properties"
  std::string message;

  std::string option() const { return field.substr(0, field.find_first_of(".[")); }
  bool operator==(const OptionMistake&) const = default;
};

// All of it at once, where check_consumer_options tells the first; and brokers that are no HOST:PORT.
std::vector<OptionMistake> mistakes_in(const ConsumerOptions&);

// The value of a property of a configuration, empty when it has none.
std::string conf_value(const rd_kafka_conf_t*, const char* name);

}  // namespace kedge
