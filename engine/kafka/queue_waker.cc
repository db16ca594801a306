#include "kafka/queue_waker.h"

#include <string_view>

namespace kedge {
namespace {

constexpr double kShare = 0.125;  // of the queue: so much may be free of it before the client hears of it

std::string value_of(const KafkaProperties& properties, const char* name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string() : found->second;
}

double number_of(rd_kafka_t* client, const char* name) { return std::stod(conf_value(rd_kafka_conf(client), name)); }

// Kerberos takes a name that is given to it as meant. Its clients rest.
bool takes_credentials(rd_kafka_t* client) {
  const rd_kafka_conf_t* conf = rd_kafka_conf(client);
  return !conf_value(conf, "security.protocol").starts_with("sasl") || conf_value(conf, "sasl.mechanisms") != "GSSAPI";
}

}  // namespace

QueueWaker::QueueWaker(rd_kafka_t* client, const KafkaProperties& properties)
    : client_(client),
      user_(value_of(properties, "sasl.username")),
      password_(value_of(properties, "sasl.password")),
      bytes_max_(number_of(client, "queued.max.messages.kbytes") * 1024),
      messages_max_(number_of(client, "queued.min.messages")),
      needed_(rd_kafka_version() < 0x020200ff && takes_credentials(client)) {}

void QueueWaker::took(const rd_kafka_message_t& message) {
  if (!needed_) return;
  taken_ += static_cast<double>(message.len + message.key_len) / bytes_max_ + 1 / messages_max_;
  if (taken_ < kShare) return;
  taken_ = 0;
  const KafkaError refused(rd_kafka_sasl_set_credentials(client_, user_.c_str(), password_.c_str()));
}

}  // namespace kedge
