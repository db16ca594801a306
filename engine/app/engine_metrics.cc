#include "app/engine_metrics.h"

namespace kedge {
namespace {

double number(uint64_t value) { return static_cast<double>(value); }
double number(int64_t value) { return static_cast<double>(value); }

void write_partition(MetricsWriter& writer, const std::string& source, const PartitionStatus& partition) {
  const MetricsWriter::Labels labels = {{"source", source},
                                        {"topic", partition.partition.topic},
                                        {"partition", std::to_string(partition.partition.partition)}};
  if (partition.log_end) {
    writer.gauge("kedge_source_partition_lag_messages", "messages of the partition that are not decided yet",
                 number(*partition.log_end - partition.committed), labels);
  }
  writer.gauge("kedge_source_partition_stopped", "1 while the partition is not read until a person decides",
               partition.state == PartitionStatus::State::stopped ? 1 : 0, labels);
}

}  // namespace

void write_metrics(MetricsWriter& writer, size_t lane, const Lane& figures_of) {
  const Lane::Figures figures = figures_of.figures();
  const MetricsWriter::Labels labels = {{"lane", std::to_string(lane)}};
  writer.counter("kedge_lane_messages_total", "messages decided", number(figures.messages), labels);
  writer.counter("kedge_lane_bytes_total", "bytes of the messages decided", number(figures.bytes), labels);
  writer.counter("kedge_lane_events_total", "events in those messages", number(figures.events), labels);
  writer.counter("kedge_lane_matches_total", "pairs of an event and a rule whose pattern it matched",
                 number(figures.matches), labels);
  writer.counter("kedge_lane_findings_total", "plans committed", number(figures.findings), labels);
  writer.counter("kedge_lane_suppressions_total", "plans suppressed, with a record of why",
                 number(figures.suppressions), labels);
  writer.counter("kedge_lane_dead_letters_total", "messages and failures put aside", number(figures.dead_letters),
                 labels);
  writer.counter("kedge_lane_commits_total", "batches committed", number(figures.commits), labels);
}

void write_metrics(MetricsWriter& writer, const Source& figures_of) {
  const SourceStatus status = figures_of.status();
  const std::string name(figures_of.name());
  const MetricsWriter::Labels labels = {{"source", name}};
  writer.gauge("kedge_source_alone", "1 while no foreign member is in the source's group", status.alone ? 1 : 0,
               labels);
  writer.gauge("kedge_source_members_known",
               "1 while the broker says who is in the group; 0: being alone is judged by the partitions",
               status.members_known ? 1 : 0, labels);
  writer.gauge("kedge_source_problems", "what is wrong now; /readyz says it in words", number(status.problems.size()),
               labels);
  writer.counter("kedge_source_messages_total", "messages read", number(status.messages), labels);
  writer.counter("kedge_source_bytes_total", "bytes of the messages read", number(status.bytes), labels);
  writer.counter("kedge_source_tombstones_total", "messages without a value", number(status.tombstones), labels);
  writer.counter("kedge_source_repeated_total", "messages that came again after a rebalance and were dropped",
                 number(status.repeated), labels);
  writer.counter("kedge_source_rebalances_total", "changes of the assignment", number(status.rebalances), labels);
  writer.counter("kedge_source_pauses_total", "times that a partition was paused because its lane was full",
                 number(status.pauses), labels);
  writer.counter("kedge_source_client_errors_total", "errors of the client library", number(status.client_errors),
                 labels);
  writer.counter("kedge_source_commits_failed_total", "commits of offsets to the group that failed",
                 number(status.commits_failed), labels);
  writer.counter("kedge_source_client_renewals_total", "clients that could not get into their group, and were replaced",
                 number(status.client_renewals), labels);
  writer.gauge("kedge_source_client_brokers", "brokers that the client knows, those that are gone included",
               number(status.brokers.size()), labels);
  writer.gauge("kedge_source_client_queue_bytes", "bytes fetched by the client and not yet read",
               number(status.client_queue_bytes), labels);
  for (const PartitionStatus& partition : status.partitions) write_partition(writer, name, partition);
  for (const SourceStatus::Broker& broker : status.brokers) {
    MetricsWriter::Labels with_broker = labels;
    with_broker.emplace_back("broker", broker.name);
    writer.gauge("kedge_source_broker_up", "1 while the connection to the broker stands", broker.up ? 1 : 0,
                 with_broker);
    writer.gauge("kedge_source_broker_round_trip_seconds", "mean over the last interval",
                 std::chrono::duration<double>(broker.round_trip).count(), with_broker);
  }
}

void write_metrics(MetricsWriter& writer, const KafkaHosts::Status& status) {
  writer.gauge("kedge_hosts_read", "1 while what hosts answer is read", status.reads ? 1 : 0);
  writer.counter("kedge_hosts_outcomes_total", "answers of hosts that a call waited for", number(status.outcomes));
  writer.counter("kedge_hosts_outcomes_late_total", "good answers for which nobody waits: late, or another engine's",
                 number(status.late));
  writer.counter("kedge_hosts_alarms_total", "alarms that hosts told by themselves", number(status.alarms));
  writer.counter("kedge_hosts_alarms_beyond_total", "alarms that were not taken: too many of one host",
                 number(status.alarms_beyond));
  writer.counter("kedge_hosts_dropped_total", "records that count for nothing", number(status.foreign),
                 {{"why", "not_signed_by_the_host"}});
  writer.counter("kedge_hosts_dropped_total", "records that count for nothing", number(status.unreadable),
                 {{"why", "unreadable"}});
  for (const auto& [host, heartbeat] : status.heard) {
    const MetricsWriter::Labels labels = {{"host", host}};
    writer.gauge("kedge_host_heard_timestamp_seconds", "when the host's agent wrote the last heartbeat, by its clock",
                 std::chrono::duration<double>(heartbeat.at.time_since_epoch()).count(), labels);
    writer.counter("kedge_host_commands_refused_total", "commands that the host's agent has refused since its start",
                   number(heartbeat.refused), labels);
  }
}

void write_metrics(MetricsWriter& writer, const SensorsHeard::Status& status) {
  for (const auto& [host, at] : status.heard) {
    writer.gauge("kedge_sensor_heard_timestamp_seconds",
                 "when the host's sensor told the last event that was decided, by its clock",
                 std::chrono::duration<double>(at.time_since_epoch()).count(), {{"host", host}});
  }
  writer.counter("kedge_sensors_beyond_total", "events of sensors on more hosts than are remembered",
                 number(status.beyond));
}

void write_metrics(MetricsWriter& writer, const AuditFollower::Status& status) {
  writer.gauge("kedge_audit_log_records", "records behind the checkpoint of the audit log", number(status.published));
  writer.gauge("kedge_audit_log_behind_records", "records of the ledger that the audit log has not",
               number(status.records_behind));
  writer.gauge("kedge_audit_log_behind_seconds", "since when it has not all of them",
               std::chrono::duration<double>(status.behind_for).count());
  writer.counter("kedge_audit_log_publications_total", "checkpoints signed", number(status.publications));
  writer.counter("kedge_audit_log_failures_total", "turns that could not be made", number(status.failures));
}

void write_metrics(MetricsWriter& writer, const std::vector<CheckpointPublishers::PlaceStatus>& places) {
  for (const auto& [name, status] : places) {
    const MetricsWriter::Labels labels = {{"place", name}};
    writer.gauge("kedge_checkpoint_place_behind_seconds",
                 "how long it has been without the newest checkpoint; 0: it has it",
                 std::chrono::duration<double>(status.behind_for).count(), labels);
    writer.counter("kedge_checkpoint_place_publications_total", "checkpoints that it took", number(status.publications),
                   labels);
    writer.counter("kedge_checkpoint_place_failures_total", "tries that failed, and are repeated",
                   number(status.failures), labels);
    if (!status.size || !status.published_at) continue;
    writer.gauge("kedge_checkpoint_place_records", "records behind the checkpoint that it took last",
                 number(*status.size), labels);
    writer.gauge("kedge_checkpoint_place_published_timestamp_seconds", "when it took that one",
                 std::chrono::duration<double>(status.published_at->time_since_epoch()).count(), labels);
  }
}

void write_metrics(MetricsWriter& writer, const std::vector<Watchdog::Loop>& loops) {
  for (const Watchdog::Loop& loop : loops) {
    const MetricsWriter::Labels labels = {{"loop", loop.name}};
    writer.gauge("kedge_loop_silent_seconds", "how long a loop has not turned; 0 while it waits for work",
                 std::chrono::duration<double>(loop.silent_for).count(), labels);
    writer.gauge("kedge_loop_hangs", "1 while a loop has not turned for too long; /healthz says so too",
                 loop.hangs ? 1 : 0, labels);
  }
}

void write_metrics(MetricsWriter& writer, const std::map<std::string, ChannelFigures>& channels) {
  for (const auto& [name, figures] : channels) {
    const MetricsWriter::Labels labels = {{"channel", name}};
    writer.counter("kedge_channel_notices_delivered_total", "notices that were taken", number(figures.delivered),
                   labels);
    writer.counter("kedge_channel_notices_retried_total", "tries that failed and are repeated", number(figures.retried),
                   labels);
    writer.counter("kedge_channel_notices_given_up_total", "notices that nobody took", number(figures.given_up),
                   labels);
    writer.gauge("kedge_channel_failing", "tries that failed since the last success", figures.failing, labels);
    writer.gauge("kedge_channel_gone", "1 when nothing is sent there any more until a restart",
                 figures.gone.empty() ? 0 : 1, labels);
  }
}

}  // namespace kedge
