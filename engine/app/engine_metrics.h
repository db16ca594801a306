// The figures of lanes, sources, hosts and their sensors, channels and loops as metrics. (Those of the ledger and the
// executor are in api/.)
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/kafka_hosts.h"
#include "api/engine_metrics.h"
#include "app/checkpoint_publishers.h"
#include "app/watchdog.h"
#include "notify/dispatcher.h"
#include "pipeline/audit_follower.h"
#include "pipeline/lane.h"
#include "pipeline/sensors_heard.h"
#include "source/source.h"

namespace kedge {

void write_metrics(MetricsWriter&, size_t lane, const Lane&);
void write_metrics(MetricsWriter&, const Source&);
void write_metrics(MetricsWriter&, const KafkaHosts::Status&);
void write_metrics(MetricsWriter&, const SensorsHeard::Status&);
void write_metrics(MetricsWriter&, const AuditFollower::Status&);
void write_metrics(MetricsWriter&, const std::vector<CheckpointPublishers::PlaceStatus>&);
void write_metrics(MetricsWriter&, const std::vector<Watchdog::Loop>&);
void write_metrics(MetricsWriter&, const std::map<std::string, ChannelFigures>&);

}  // namespace kedge
