// sensor.yaml, read into the options of the sensor's parts. Every mistake is found at once, with line, field and
// remedy, as those of kedge.yaml are; the baselines that it names are read and verified with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/confinement.h"
#include "agent/spool_index.h"
#include "app/yaml.h"
#include "aws/options.h"
#include "host/port_watch.h"
#include "host/process_watch.h"
#include "host/sensor.h"
#include "kafka/writer_properties.h"

namespace kedge {

struct SensorConfiguration {
  std::string path;  // the file's
  std::string data;  // the directory of the spool
  SensorOptions sensor;
  std::optional<PortWatch::Options> ports;  // none: they are not looked at
  std::optional<ProcessWatch::Options> processes;
  WriterOptions kafka;
  SpoolIndex::Options spool;
  ConfinementOptions::Filter confine = ConfinementOptions::Filter::enforce;
};

struct LoadedSensorConfiguration {
  SensorConfiguration configuration;
  std::vector<Mistake> mistakes;  // empty: it can be used
  std::vector<std::string> warnings;
};

// Errors are those of a file that cannot be read; what is wrong inside it are mistakes. `machine`: the name of this
// host where the file says none.
Result<LoadedSensorConfiguration> load_sensor_configuration(const std::string& path, const Environment& environment,
                                                            const std::string& machine);

// The capabilities that a sensor with this configuration needs, where the process has them.
std::vector<std::string> capabilities_of(const SensorConfiguration& configuration);

}  // namespace kedge
