// What is asked of a source's brokers from outside of it. Private to source/.
#pragma once

#include "base/result.h"
#include "kafka/consumer.h"

namespace kedge {

// Why a question of a client that has just been made failed with `error`: the client may know more than that says.
Error why_unanswered(KafkaConsumer& consumer, Error error);

}  // namespace kedge
