// What the configuration says of hosts that are called over Kafka.
#pragma once

#include <string>
#include <vector>

#include "audit/note.h"
#include "kafka/writer_properties.h"

namespace kedge {

struct RemoteHostsOptions {
  std::string key;                   // the file of the key that signs commands; empty: no host is called over Kafka
  WriterOptions commands;            // brokers and properties are those of both topics
  std::string outcomes;              // the topic
  std::vector<VerifierKey> hosts{};  // the hosts' keys, each by its host's name; several of one name: any of them
};

// How the topic of outcomes is read.
ConsumerOptions outcomes_of(const RemoteHostsOptions&);

}  // namespace kedge
