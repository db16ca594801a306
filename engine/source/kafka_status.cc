// The loop's picture of itself, for health and metrics.
#include <algorithm>
#include <utility>

#include "source/aloneness.h"
#include "source/kafka_loop.h"

namespace kedge {

using State = PartitionStatus::State;

SourceStatus KafkaSource::Loop::status() const {
  SourceStatus status;
  {
    const std::lock_guard lock(status_mutex_);
    status = status_;
  }
  status.last_turn = Duration(last_turn_.load());
  return status;
}

std::optional<std::string> KafkaSource::Loop::not_alone() const {
  const std::lock_guard lock(status_mutex_);
  return status_.alone ? std::nullopt : std::optional(status_.not_alone);
}

std::optional<std::string> KafkaSource::Loop::ledger_in_doubt() const {
  const std::lock_guard lock(status_mutex_);
  return doubt_.empty() ? std::nullopt : std::optional(doubt_);
}

std::string KafkaSource::Loop::describe_doubt() const {
  if (!group_ahead_.empty()) return group_ahead_.begin()->second;
  if (heads_compared_) return "";
  return "it is not known yet whether the group was read further than our ledger knows" +
         (heads_problem_.empty() ? "" : ": " + heads_problem_);
}

SourceStatus KafkaSource::Loop::describe(Duration now) {
  SourceStatus status = counters_;
  status.problems = problems_.texts();
  status.fatal = problems_.fatal();
  status.client_errors = problems_.count();
  status.commits_failed += consumer_->commits_failed();
  for (const auto& [where, partition] : partitions_) {
    status.partitions.push_back(describe(partition));
    status.reading |= partition.state == State::reading || partition.state == State::paused;
    if (!partition.problem.empty()) status.problems.push_back(partition.problem);
  }
  const KafkaStatistics& client = consumer_->statistics();
  for (const auto& broker : client.brokers) status.brokers.push_back({broker.name, broker.up, broker.round_trip});
  status.client_queue_bytes = client.queue_bytes;

  const bool complete = partitions_total_ > 0 && partitions_.size() >= partitions_total_;
  if (complete) incomplete_since_ = now;
  status.not_alone = why_not_alone({.group = options_.group,
                                    .own_member = own_member_,
                                    .members = members_,
                                    .assigned = partitions_.size(),
                                    .total = partitions_total_,
                                    .incomplete_for = now - incomplete_since_,
                                    .session_timeout = consumer_->session_timeout()});
  status.alone = status.not_alone.empty();
  status.members_known = members_.has_value();
  return status;
}

PartitionStatus KafkaSource::Loop::describe(const Partition& partition) const {
  return {.partition = {options_.name, partition.where.topic, partition.where.partition},
          .state = partition.state,
          .problem = partition.problem,
          .lane = partition.lane,
          .epoch = partition.assignment == nullptr ? 0 : partition.assignment->epoch,
          .read = partition.read,
          .committed = partition.committed,
          .log_end = consumer_->known_end(partition.where),
          .messages = partition.messages,
          .bytes = partition.bytes,
          .tombstones = partition.tombstones};
}

}  // namespace kedge
