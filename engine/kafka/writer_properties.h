// The properties of a client that writes: as those of one that reads (properties.h), with other ones of the engine's.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kafka/properties.h"

namespace kedge {

struct WriterOptions {
  std::string brokers;  // "host:port,host:port"
  std::string topic;
  KafkaProperties properties;                   // the user's
  Duration timeout = std::chrono::seconds(15);  // until a record is acknowledged
};

// The library's configuration. The error names the property and what would be right.
Result<KafkaConf> writer_conf(const WriterOptions&);

// Everything that can be said of the options without a broker, files of keys and certificates included: "brokers[0]",
// "topic", "properties.acks", "properties".
std::vector<OptionMistake> mistakes_in(const WriterOptions&);

// The user's, and those that the engine sets where the user does not.
KafkaProperties properties_in_force(const WriterOptions&);

}  // namespace kedge
