#include "app/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/engine_metrics.h"

namespace kedge {
namespace {

using std::chrono::seconds;

// What the engine writes itself: of that a sensor would tell without end.
std::vector<std::string> written_by_engine(const Configuration& configuration) {
  std::vector<std::string> paths = {configuration.data, configuration.audit.directory};
  if (!configuration.host.name.empty()) paths.push_back(configuration.host.directory);
  for (const CheckpointPlaceOptions& place : configuration.audit.publish_to) {
    const auto* const file = std::get_if<CheckpointFileOptions>(&place.place);
    if (file != nullptr) paths.push_back(file->path);
  }
  std::erase_if(paths, [](const std::string& path) { return !path.starts_with('/'); });
  return paths;
}

// The engine acts on this machine under one name, and is told of it under another.
std::optional<std::string> other_name(const Configuration& configuration, const SensorConfiguration& sensor) {
  const std::string& name = configuration.host.name;
  if (name.empty() || name == sensor.sensor.host) return std::nullopt;
  return fmt::format(
      "its host is {}, and host.name is {}: what it tells is about no host that actions are carried out on "
      "here",
      sensor.sensor.host, name);
}

void load_sensor(const SensorSettings& settings, const Configuration& configuration, const Environment& environment,
                 LoadedSensors& all) {
  const std::string field = settings.field + ".sensor";
  const std::string& name = configuration.host.name;
  auto loaded =
      load_sensor_configuration(settings.file, environment, name.empty() ? machine_name() : name, SensorPlace::engine);
  if (!loaded) {
    all.mistakes.push_back(mistake_at(configuration, field, loaded.error().message));
    return;
  }
  for (const Mistake& mistake : loaded->mistakes) {
    all.mistakes.push_back(mistake_at(configuration, field, to_string(settings.file, mistake)));
  }
  SensorConfiguration& sensor = loaded->configuration;
  if (auto other = other_name(configuration, sensor)) loaded->warnings.push_back(*std::move(other));
  for (const std::string& warning : loaded->warnings) {
    all.warnings.push_back(fmt::format("{}: {}: {}", field, settings.file, warning));
  }
  if (!sensor.data.empty() && sensor.data == configuration.data) {
    all.mistakes.push_back(mistake_at(
        configuration, field, settings.file + ": data: is the ledger's directory; the sensor needs one of its own"));
  }
  const std::vector<std::string> written = written_by_engine(configuration);
  sensor.sensor.unwatched.insert(sensor.sensor.unwatched.end(), written.begin(), written.end());
  all.sensors.push_back(std::move(sensor));
}

bool is_same(const SensorConfiguration& one, const SensorConfiguration& other) {
  const auto is_same_root = [](const SensorRoot& a, const SensorRoot& b) {
    return a.baseline->digest == b.baseline->digest && a.signed_by == b.signed_by;
  };
  return one.digest == other.digest && std::equal(one.sensor.roots.begin(), one.sensor.roots.end(),
                                                  other.sensor.roots.begin(), other.sensor.roots.end(), is_same_root);
}

void write_sensor_metrics(MetricsWriter& writer, const SensorSource& source) {
  const MetricsWriter::Labels labels = {{"source", std::string(source.name())}};
  const auto sensor = source.sensor();
  writer.gauge("kedge_sensor_watching", "1 while the sensor watches and has read everything once",
               sensor && sensor->has_read_all ? 1 : 0, labels);
  if (!sensor) return;
  writer.gauge("kedge_sensor_differing", "entries that are not as the baselines have them",
               static_cast<double>(sensor->differing), labels);
  writer.gauge("kedge_sensor_spool_events", "events on disk that are not decided yet",
               static_cast<double>(sensor->spool.events), labels);
  writer.gauge("kedge_sensor_spool_bytes", "bytes of the files of these", static_cast<double>(sensor->spool.bytes),
               labels);
  writer.gauge("kedge_sensor_spool_summarised", "events that found no room there, and whose summary waits",
               static_cast<double>(sensor->spool.summarised), labels);
}

}  // namespace

LoadedSensors load_sensors(const Configuration& configuration, const Environment& environment) {
  LoadedSensors all;
  for (const SensorSettings& settings : configuration.sensors) load_sensor(settings, configuration, environment, all);
  for (size_t i = 0; i < all.sensors.size(); ++i) {
    const auto& data = all.sensors[i].data;
    const auto same = [&](const SensorConfiguration& other) { return other.data == data; };
    const auto first = std::find_if(all.sensors.begin(), all.sensors.end(), same);
    if (data.empty() || first == all.sensors.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    all.mistakes.push_back(mistake_at(
        configuration, "sources",
        fmt::format("{} and {} have one 'data': each sensor needs its own", first->path, all.sensors[i].path)));
  }
  return all;
}

Result<std::unique_ptr<Sources>> Sources::create(const Configuration& configuration,
                                                 std::vector<SensorConfiguration> sensors, size_t client_bytes,
                                                 const Lanes& lanes, Positions& positions, Clock& clock) {
  std::unique_ptr<Sources> all(new Sources(configuration));
  for (const SourceSettings& settings : configuration.sources) {
    KafkaSource::Options kafka = settings.kafka;
    kafka.client_queue_bytes = client_bytes / configuration.sources.size();
    auto source = KafkaSource::create(std::move(kafka), lanes, positions, clock);
    if (!source) return source.error().with("source " + settings.kafka.name);
    all->kafka_.push_back(*std::move(source));
  }
  for (size_t i = 0; i < configuration.sensors.size(); ++i) {
    const SensorSettings& settings = configuration.sensors[i];
    auto source = SensorSource::create(settings.name, sensors.at(i), lanes, positions, clock);
    if (!source) return source.error().with("source " + settings.name);
    all->sensors_.push_back({settings.field, *std::move(source), std::move(sensors.at(i))});
  }
  return all;
}

std::vector<Source*> Sources::each() const {
  std::vector<Source*> all;
  for (const auto& source : kafka_) all.push_back(source.get());
  for (const Watching& sensor : sensors_) all.push_back(sensor.source.get());
  return all;
}

std::vector<const Source*> Sources::all() const {
  const std::vector<Source*> all = each();
  return {all.begin(), all.end()};
}

Result<void> Sources::start(Watchdog& watchdog) {
  for (Source* const source : each()) {
    if (auto started = source->start(); !started) return started.error().with("source " + std::string(source->name()));
    watchdog.watch("source " + std::string(source->name()), [source] { return source->status().last_turn; });
  }
  return {};
}

bool Sources::stop(Duration deadline) {
  bool clean = true;
  for (Source* const source : each()) clean = source->stop(deadline) && clean;
  return clean;
}

bool Sources::ledger_in_doubt() const {
  const std::vector<Source*> all = each();
  return std::any_of(all.begin(), all.end(),
                     [](const Source* source) { return source->ledger_in_doubt().has_value(); });
}

Result<void> Sources::look() const {
  for (const Source* const source : each()) {
    const SourceStatus status = source->status();
    if (!status.fatal) continue;
    return Error{ErrorCode::refused, fmt::format("source {}: {}", source->name(), fmt::join(status.problems, "; "))};
  }
  return {};
}

std::vector<std::string> Sources::not_ready() const {
  std::vector<std::string> reasons;
  for (const Source* const source : each()) {
    const SourceStatus status = source->status();
    for (const std::string& problem : status.problems) {
      reasons.push_back(fmt::format("source {}: {}", source->name(), problem));
    }
    if (status.problems.empty() && !status.reading) {
      reasons.push_back(fmt::format("source {}: no partition is assigned yet", source->name()));
    }
  }
  return reasons;
}

std::vector<std::string> Sources::notes() const {
  std::vector<std::string> notes;
  for (const auto& source : kafka_) {
    const SourceStatus status = source->status();
    if (!status.reading || status.members_known) continue;
    notes.push_back(
        fmt::format("source {}: the broker does not say who is in the group: that we are alone is judged by "
                    "the number of our partitions",
                    source->name()));
  }
  for (const Watching& watching : sensors_) {
    const auto sensor = watching.source->sensor();
    if (!sensor || sensor->has_read_all) continue;
    notes.push_back(
        fmt::format("source {}: the sensor reads its trees for the first time since the start: what changed "
                    "before is told when it is come upon",
                    watching.source->name()));
  }
  return notes;
}

void Sources::write_metrics(MetricsWriter& writer) const {
  for (const Source* const source : each()) kedge::write_metrics(writer, *source);
  for (const Watching& watching : sensors_) write_sensor_metrics(writer, *watching.source);
}

Result<Source*> Sources::named(const std::string& name) const {
  for (Source* const source : each()) {
    if (source->name() == name) return source;
  }
  return Error{ErrorCode::not_found, "there is no source '" + name + "'"};
}

Result<Json> Sources::reconsider(const Json& arguments, Permission permission) const {
  const auto source = named(arguments.value("source", ""));
  if (!source) return source.error();
  (*source)->reconsider(arguments.value("topic", ""), arguments.value("partition", 0), permission);
  return Json{{"asked", true}};
}

Result<Source*> Sources::to_seek(const std::string& name) const {
  for (const Watching& watching : sensors_) {
    if (watching.source->name() == name) return Error{ErrorCode::refused, not_kept(name)};
  }
  return named(name);
}

Result<FetchedRecord> Sources::fetch(const PartitionId& partition, int64_t offset, Clock& clock) const {
  constexpr Duration kPatience = seconds(5);
  for (const SourceSettings& source : configuration_.sources) {
    if (source.kafka.name != partition.source) continue;
    return fetch_record(source.kafka, {partition.topic, partition.partition}, offset, clock, kPatience);
  }
  const auto source = to_seek(partition.source);
  return source ? Error{ErrorCode::not_found, "there is no such record"} : source.error();
}

// ---- sensors, read anew --------------------------------------------------------------------------------------------

Result<void> Sources::may_use(const std::vector<SensorConfiguration>& sensors) const {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < sensors_.size(); ++i) {
    if (sensors_[i].in_force.data == sensors.at(i).data) continue;
    return Error{ErrorCode::refused,
                 fmt::format("{}.sensor: {}: data: another directory needs a new start of the daemon",
                             sensors_[i].field, sensors.at(i).path)};
  }
  return {};
}

size_t Sources::use(std::vector<SensorConfiguration> sensors) {
  const std::lock_guard lock(mutex_);
  size_t renewed = 0;
  for (size_t i = 0; i < sensors_.size(); ++i) {
    if (is_same(sensors_[i].in_force, sensors.at(i))) continue;
    sensors_[i].source->use(sensors.at(i));
    sensors_[i].in_force = std::move(sensors.at(i));
    ++renewed;
  }
  return renewed;
}

std::string not_kept(const std::string& source) {
  return fmt::format(
      "source {} is a sensor: an event is kept until it is decided, and there is no log to read it from "
      "again. What is on record of it: `kedge audit list`, `kedge dead-letter list`",
      source);
}

}  // namespace kedge
