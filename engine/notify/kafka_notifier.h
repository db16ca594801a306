// KafkaNotifier: a notice as a record of a Kafka topic, acknowledged by all replicas in sync.
//
//   value   the CloudEvent of the notice, in JSON (the structured mode of CloudEvents' Kafka binding): its `id` is the
//           notice's, the same at each try, so that a reader can tell what comes twice
//   key     the target; where the notice names none, its rule, or the source: notices about one thing stay in order
#pragma once

#include <string>

#include "kafka/topic_writer.h"
#include "notify/notifier.h"

namespace kedge {

// The record. `ledger_id` is the event's source.
TopicWriter::Record kafka_record(const Notice& notice, const std::string& ledger_id);

class KafkaNotifier final : public Notifier {
 public:
  KafkaNotifier(WriterOptions options, std::string ledger_id)
      : timeout_(options.timeout), ledger_id_(std::move(ledger_id)), writer_(std::move(options)) {}

  Delivery deliver(const Notice&, Time now, std::stop_token stop) override;

 private:
  const Duration timeout_;
  const std::string ledger_id_;
  TopicWriter writer_;
};

}  // namespace kedge
