// sensor.yaml, read into the options of the sensor's parts, for the process that it has to itself or for the engine
// that it is a source of. Every mistake is found at once, with line, field and remedy, as those of kedge.yaml are; the
// baselines that it names are read and verified with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/confinement.h"
#include "agent/sensor_run.h"
#include "app/yaml.h"
#include "aws/options.h"
#include "kafka/writer_properties.h"

namespace kedge {

struct SensorConfiguration : SensorRunOptions {
  std::string path;    // the file's
  std::string digest;  // SHA-256 of its bytes, hexadecimal
  // Of a process of its own only.
  WriterOptions kafka;
  ConfinementOptions::Filter confine = ConfinementOptions::Filter::enforce;
};

// Where the sensor runs.
enum class SensorPlace : uint8_t {
  own_process,  // `kedge sensor`: its events go to Kafka
  engine,       // a source of `kedge run`: its events go to the lanes
};

struct LoadedSensorConfiguration {
  SensorConfiguration configuration;
  std::vector<Mistake> mistakes;  // empty: it can be used
  std::vector<std::string> warnings;
};

// Errors are those of a file that cannot be read; what is wrong inside it are mistakes. `machine`: the name of this
// host where the file says none.
Result<LoadedSensorConfiguration> load_sensor_configuration(const std::string& path, const Environment& environment,
                                                            const std::string& machine, SensorPlace place);

// This machine's own name.
std::string machine_name();

// The capabilities that a sensor with this configuration needs, where the process has them.
std::vector<std::string> capabilities_of(const SensorConfiguration& configuration);

}  // namespace kedge
