// QueueWaker: keeps a client from resting at a full queue.
//
// Before version 2.2.0 the library looks at a queue that was full again only after a second, or when one of its
// brokers' threads is woken for another reason. A queue must then hold more than is read in a second, hundreds of
// megabytes, or reading stands still for most of the time. Of what wakes these threads only one thing is harmless at
// any time: giving the client its own user name and password again (rd_kafka_sasl_set_credentials, rdkafka.h). Newer
// ones need no waking.
#pragma once

#include <cstddef>
#include <string>

#include "kafka/handle.h"
#include "kafka/properties.h"

namespace kedge {

// Belongs to the thread that polls. The client must outlive it.
class QueueWaker {
 public:
  QueueWaker(rd_kafka_t* client, const KafkaProperties& properties);

  // A message was taken out of the queue.
  void took(const rd_kafka_message_t& message);

 private:
  rd_kafka_t* client_;
  std::string user_;
  std::string password_;
  double bytes_max_;     // of the queue
  double messages_max_;  // the same
  bool needed_;
  double taken_ = 0;  // since the last waking; 1 is all that the queue can hold
};

}  // namespace kedge
