// What holds for the properties of every client of the library: how they are set, and what is said about a wrong one.
// Private to kafka/.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kafka/properties.h"

namespace kedge {

struct Property {
  const char* name;
  const char* text;  // its value; or why it is the engine's, and what to use instead
};
using PropertyTable = std::span<const Property>;

// Errors name the property.
Result<void> set_property(rd_kafka_conf_t*, const std::string& name, const std::string& value);
Result<void> set_properties(rd_kafka_conf_t*, PropertyTable);
// The user's, of which none may be in `owned`.
Result<void> set_users(rd_kafka_conf_t*, const KafkaProperties&, PropertyTable owned);

// What is wrong with options that all clients have.
void check_brokers(const std::string& brokers, std::vector<OptionMistake>&);
void check_properties(const KafkaProperties&, PropertyTable owned, std::vector<OptionMistake>&);

// Makes a client without brokers, and lets it go: it reads its files and checks what depends on several properties, and
// connects nowhere. The error is redacted.
Result<void> try_client(rd_kafka_type_t, KafkaConf, const KafkaProperties& users);

// The field that a text of the library is about, where it names a property of the user's; else all properties.
std::string property_in(const std::string& text, const KafkaProperties& users);

}  // namespace kedge
