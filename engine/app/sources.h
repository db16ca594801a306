// Sources: all that the engine reads from, of either kind, and what is asked of them together.
//
// Threads:   start() and stop() by one; the rest by any, once it was created.
// Ownership: owns the sources; borrows what it is created with, which must outlive it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/engine_metrics.h"
#include "app/configuration.h"
#include "app/sensor_configuration.h"
#include "app/sensor_source.h"
#include "app/watchdog.h"
#include "source/fetch.h"
#include "source/source.h"

namespace kedge {

// What the files of the configured sensors say, in their order. Mistakes and warnings name kedge.yaml's setting and the
// sensor's own file with its line.
struct LoadedSensors {
  std::vector<SensorConfiguration> sensors;
  std::vector<Mistake> mistakes;  // empty: they can be used
  std::vector<std::string> warnings;
};
LoadedSensors load_sensors(const Configuration&, const Environment&);

class Sources {
 public:
  // `client_bytes`: what the Kafka clients may hold together. `sensors`: those of the configuration. The error names
  // the source.
  static Result<std::unique_ptr<Sources>> create(const Configuration&, std::vector<SensorConfiguration> sensors,
                                                 size_t client_bytes, const Lanes&, Positions&, Clock&);

  Result<void> start(Watchdog&);
  // False when one did not end before `deadline`: the process must end by _exit.
  bool stop(Duration deadline);

  std::vector<const Source*> all() const;
  bool ledger_in_doubt() const;

  // What is wrong for good, why the engine is not ready, and what else should be known.
  Result<void> look() const;
  std::vector<std::string> not_ready() const;
  std::vector<std::string> notes() const;
  void write_metrics(MetricsWriter&) const;

  // A person's word: {"source", "topic", "partition"}.
  Result<Json> reconsider(const Json& arguments, Permission) const;
  // The same after a seek; refused where there is nothing to seek in.
  Result<Source*> to_seek(const std::string& name) const;
  // A record as it stands in its topic now.
  Result<FetchedRecord> fetch(const PartitionId&, int64_t offset, Clock&) const;

  // Whether these, read anew, can be used without a new start: the sensors of the configuration.
  Result<void> may_use(const std::vector<SensorConfiguration>&) const;
  // Sensors whose settings or baselines are others begin anew. How many.
  size_t use(std::vector<SensorConfiguration>);

 private:
  struct Watching {
    std::string field;  // of the configuration
    std::unique_ptr<SensorSource> source;
    SensorConfiguration in_force;  // guarded by mutex_
  };

  explicit Sources(const Configuration& configuration) : configuration_(configuration) {}
  std::vector<Source*> each() const;
  Result<Source*> named(const std::string& name) const;

  const Configuration& configuration_;
  std::vector<std::unique_ptr<KafkaSource>> kafka_;
  mutable std::mutex mutex_;
  std::vector<Watching> sensors_;
};

// What cannot be had of a sensor's events once they are decided, for whoever asks for them.
std::string not_kept(const std::string& source);

}  // namespace kedge
