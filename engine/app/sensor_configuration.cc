#include "app/sensor_configuration.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "app/command_audit.h"
#include "app/yaml_file.h"
#include "base/files.h"
#include "base/hash.h"
#include "host/manifest.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kNoAbsolutePath = "must be an absolute path, without \"//\", \".\" and \"..\"";

// "/usr/" as "/usr"; a mistake where it is no absolute path.
void read_directory(Section& section, const char* key, std::string& path) {
  section.text(key, path);
  if (section.is_wrong(key) || path.empty()) return;
  auto tidy = tidy_paths({path});
  if (tidy) {
    path = tidy->front();
  } else {
    section.mistake(key, kNoAbsolutePath);
  }
}

// Whether what lies at `path` can be `as` of a whole system.
bool ends_with_path(const std::string& path, const std::string& as) {
  return as == "/" || path == as || path.ends_with(as);
}

void check_signature(Section& section, const std::vector<std::string>& keys, SensorRoot& root,
                     std::vector<std::string>& warnings) {
  if (keys.empty()) {
    warnings.push_back(section.path() + ".keys names none: whoever can write the baseline can hide a mutation");
    return;
  }
  const auto read = read_keys(keys);
  if (!read) return section.mistake("keys", read.error().message);
  auto names = signers(*root.baseline, *read);
  if (!names) return section.mistake("baseline", "is not signed by any of `keys`: " + names.error().message);
  root.signed_by = *std::move(names);
}

void read_baseline(Section& section, const std::string& file, const std::string& path,
                   const std::vector<std::string>& keys, SensorRoot& root, std::vector<std::string>& warnings) {
  if (section.is_wrong("baseline")) return;
  const std::string place = beside(file, path);
  const auto text = kedge::read_file(place, kManifestBytesMax);
  if (!text) {
    return section.mistake("baseline",
                           text.error().message + "; make one with `kedge baseline create --root " + root.path + "`");
  }
  auto parsed = parse_manifest(*text, place);
  if (!parsed) return section.mistake("baseline", parsed.error().message);
  root.baseline = std::make_shared<const ReadManifest>(*std::move(parsed));
  if (!section.is_wrong("keys")) check_signature(section, keys, root, warnings);
}

// A key is itself, "NAME+ID+BASE64", or a file that holds some.
void place_keys(const std::string& file, std::vector<std::string>& keys) {
  for (std::string& key : keys) {
    if (key.find('+') == std::string::npos) key = beside(file, key);
  }
}

void read_root(Section& section, LoadedSensorConfiguration& loaded) {
  SensorRoot root;
  std::string baseline;
  std::vector<std::string> keys;
  read_directory(section, "path", root.path);
  section.require("path", "'path' is missing: the directory that is watched");
  read_directory(section, "as", root.as);
  if (!section.has("as")) root.as = root.path;
  section.required_text("baseline", baseline);
  section.texts("keys", keys);
  section.texts("exclude", root.exclude);
  place_keys(loaded.configuration.path, keys);
  if (!section.is_wrong("path") && !section.is_wrong("as") && !ends_with_path(root.path, root.as)) {
    section.mistake("as", "must be /, or what the path ends with: the place of this tree in its own system");
  }
  for (const SensorRoot& other : loaded.configuration.sensor.roots) {
    const bool one_in_other = lies_in(std::string_view(root.path), std::string_view(other.path)) ||
                              lies_in(std::string_view(other.path), std::string_view(root.path));
    if (!section.is_wrong("path") && one_in_other) {
      section.mistake("path", "one root must not lie in another: " + other.path + " is one already");
    }
  }
  read_baseline(section, loaded.configuration.path, baseline, keys, root, loaded.warnings);
  loaded.configuration.sensor.roots.push_back(std::move(root));
}

void read_kafka(Section& section, WriterOptions& options) {
  std::vector<std::string> brokers;
  section.texts("brokers", brokers);
  section.require("brokers", "'brokers' is missing: brokers: [HOST:PORT]");
  options.brokers = fmt::format("{}", fmt::join(brokers, ","));
  section.required_text("topic", options.topic);
  section.text_map("properties", options.properties);
  section.duration("timeout", options.timeout, milliseconds(100), minutes(5));
  for (const OptionMistake& mistake : mistakes_in(options)) {
    if (!section.is_wrong(mistake.option())) section.mistake(mistake.field, mistake.message);
  }
}

Result<SensorOptions::Watch> parse_watch(std::string_view word) {
  if (word == "auto") return SensorOptions::Watch::best;
  if (word == "inotify") return SensorOptions::Watch::inotify;
  if (word == "fanotify") return SensorOptions::Watch::fanotify;
  return Error{ErrorCode::invalid, "must be auto (fanotify where it is allowed, else inotify), inotify or fanotify"};
}

Result<ConfinementOptions::Filter> parse_confine(std::string_view word) {
  if (word == "enforce") return ConfinementOptions::Filter::enforce;
  if (word == "log") return ConfinementOptions::Filter::log;
  if (word == "off") return ConfinementOptions::Filter::off;
  return Error{ErrorCode::invalid, "must be enforce, log (calls that would fail are only logged) or off"};
}

void read_meaning(Section& section, std::vector<MeaningOfPaths>& lines) {
  MeaningOfPaths line;
  std::string technique;
  section.texts("paths", line.patterns);
  section.require("paths",
                  "'paths' is missing: patterns of paths below the system's root, without a slash before them");
  section.boolean("quiet", line.meaning.quiet);
  section.word<MutationCategory>("category", line.meaning.category, parse_mutation_category);
  section.word<MutationSeverity>("severity", line.meaning.severity, parse_mutation_severity);
  section.text("technique", technique);
  if (!technique.empty()) line.meaning.techniques = {technique};
  for (size_t i = 0; i < line.patterns.size() && !section.is_wrong("paths"); ++i) {
    const bool is_relative = !line.patterns[i].empty() && line.patterns[i].front() != '/';
    if (!is_relative) section.mistake(fmt::format("paths[{}]", i), "begins without a slash, like etc/myapp/*");
  }
  const bool means_nothing = !line.meaning.quiet && !section.has("category");
  if (means_nothing && !section.is_wrong("category")) section.mistake("category", "is missing, or say quiet: true");
  lines.push_back(std::move(line));
}

void read_ports(Section& section, const char* key, std::vector<PortPattern>& ports) {
  std::vector<std::string> texts;
  section.texts(key, texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto pattern = parse_port_pattern(texts[i]);
    if (pattern) {
      ports.push_back(*pattern);
    } else {
      section.mistake(fmt::format("{}[{}]", key, i), pattern.error().message);
    }
  }
}

void read_port_watch(Section& section, std::optional<PortWatch::Options>& ports) {
  PortWatch::Options options;
  section.duration("every", options.every, Duration{0}, hours(1));
  if (section.has("known")) read_ports(section, "known", options.known.known.emplace());
  read_ports(section, "allowed", options.known.allowed);
  section.duration("patience", options.known.patience, Duration{0}, hours(1));
  section.sections("policy", [&](Section& s) {
    MeaningOfPorts line;
    read_ports(s, "ports", line.ports);
    s.require("ports", "'ports' is missing: what the line is about, like tcp/8000-8999");
    s.word<MutationSeverity>("severity", line.severity, parse_mutation_severity);
    s.text("technique", line.technique);
    options.policy.push_back(std::move(line));
  });
  if (options.every > Duration{0}) ports = std::move(options);
}

void read_signs(Section& section, std::vector<MeaningOfSigns>& lines) {
  MeaningOfSigns line;
  std::vector<std::string> kinds;
  section.texts("kinds", kinds);
  for (size_t i = 0; i < kinds.size(); ++i) {
    const auto kind = parse_process_sign(kinds[i]);
    if (kind) {
      line.kinds.push_back(*kind);
    } else {
      section.mistake(fmt::format("kinds[{}]", i), kind.error().message);
    }
  }
  section.texts("paths", line.patterns);
  section.require("paths", "'paths' is missing: patterns of whole paths, like /opt/myapp/*, or * for any");
  section.boolean("quiet", line.quiet);
  section.word<MutationSeverity>("severity", line.severity, parse_mutation_severity);
  section.text("technique", line.technique);
  lines.push_back(std::move(line));
}

// With a slash at their ends, as signs_of() wants them.
void read_open_places(Section& section, std::vector<std::string>& places) {
  std::vector<std::string> paths;
  section.texts("open_places", paths);  // also where it is not there: whoever mistypes it is told the name
  if (!section.has("open_places")) return;
  places.clear();
  for (size_t i = 0; i < paths.size(); ++i) {
    const auto tidy = tidy_paths({paths[i]});
    if (!tidy) {
      section.mistake(fmt::format("open_places[{}]", i), kNoAbsolutePath);
    } else {
      places.push_back(tidy->front() == "/" ? "/" : tidy->front() + "/");
    }
  }
}

void read_process_watch(Section& section, std::optional<ProcessWatch::Options>& processes) {
  ProcessWatch::Options options;
  section.duration("every", options.every, Duration{0}, hours(1));
  read_open_places(section, options.open_places);
  section.sections("policy", [&](Section& s) { read_signs(s, options.policy); });
  if (options.every > Duration{0}) processes = std::move(options);
}

// Kafka and confinement are of a process of its own.
void read_place(Section& root, SensorPlace place, SensorConfiguration& configuration) {
  if (place == SensorPlace::own_process) {
    root.require(
        "kafka",
        "'kafka' is missing: kafka: {brokers: [...], topic: ...}; without it a sensor can be a source of `kedge "
        "run` (docs/sensor.md)");
    root.section("kafka", [&](Section& s) {
      if (root.has("kafka")) read_kafka(s, configuration.kafka);
    });
    return root.word<ConfinementOptions::Filter>("confine", configuration.confine, parse_confine);
  }
  root.refuse("kafka",
              "is of a sensor in a process of its own: inside `kedge run` its events go to the rules, and to no topic. "
              "Leave it out; or run `kedge sensor`, and read its topic by a source of kind kafka");
  root.refuse("confine",
              "is of a sensor in a process of its own: inside `kedge run` it has what the engine has. Leave it out");
}

void read_sensor(Section& root, SensorPlace place, LoadedSensorConfiguration& loaded) {
  SensorConfiguration& configuration = loaded.configuration;
  SensorOptions& sensor = configuration.sensor;
  std::string version = "1";
  root.text("version", version);
  root.require("version", "'version' is missing; this sensor reads version 1: version: 1");
  if (version != "1" && !root.is_wrong("version")) {
    root.mistake("version", "'" + version + "' is no version that this sensor reads: it reads 1");
  }
  root.text("host", sensor.host);
  if (sensor.host.empty() || sensor.host.find_first_of("/ ") != std::string::npos) {
    root.mistake("host", "must be the host's name, without slashes and spaces");
  }
  root.required_text("data", configuration.data);
  configuration.data = beside(configuration.path, configuration.data);
  root.sections("roots", [&](Section& s) { read_root(s, loaded); });
  root.require("roots", "'roots' is missing: roots: [{path: ..., baseline: ...}]");
  if (root.has("roots") && sensor.roots.empty() && !root.is_wrong("roots")) root.mistake("roots", "names no tree");
  read_place(root, place, configuration);
  root.word<SensorOptions::Watch>("watch", sensor.watch, parse_watch);
  root.section("settle", [&](Section& s) {
    s.duration("window", sensor.settle.window, milliseconds(10), seconds(60));
    s.duration("ceiling", sensor.settle.ceiling, milliseconds(10), minutes(10));
    s.bytes("bytes_max", sensor.settle.bytes_max, 64 << 10, 1LL << 30);
    if (sensor.settle.ceiling < sensor.settle.window) s.mistake("ceiling", "must be at least `window`");
  });
  root.section("rescan", [&](Section& s) {
    s.duration("every", sensor.rescan.every, seconds(1), hours(24));
    s.duration("read_every", sensor.rescan.read_every, seconds(1), hours(24 * 31));
    if (sensor.rescan.read_every < sensor.rescan.every) s.mistake("read_every", "must be at least `every`");
  });
  root.duration("heartbeat", sensor.heartbeat, seconds(1), hours(1));
  root.duration("packages_wait", sensor.packages_wait, Duration{0}, hours(6));
  root.integer("differing_max", sensor.differing_max, 100, 10'000'000);
  root.section("spool", [&](Section& s) {
    s.bytes("bytes_max", configuration.spool.bytes_max, 256 << 10, 1LL << 40);
    configuration.spool.segment_bytes = std::clamp<size_t>(configuration.spool.bytes_max / 16, 16U << 10U, 1U << 20U);
  });
  root.section("ports", [&](Section& s) { read_port_watch(s, configuration.ports); });
  if (configuration.ports) configuration.ports->host = sensor.host;
  root.section("processes", [&](Section& s) { read_process_watch(s, configuration.processes); });
  if (configuration.processes) {
    configuration.processes->host = sensor.host;
    configuration.processes->packages_wait = sensor.packages_wait;
  }
  std::vector<MeaningOfPaths> lines;
  root.sections("policy", [&](Section& s) { read_meaning(s, lines); });
  sensor.policy = MutationPolicy(std::move(lines));
  sensor.unwatched = {configuration.data};
  root.finish();
}

}  // namespace

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// Everything is read, whoever it belongs to; fanotify, and what a process has mapped, is asked of the kernel by who may
// administer; and whose process it is, by who may trace.
std::vector<std::string> capabilities_of(const SensorConfiguration& configuration) {
  std::vector<std::string> names = {"dac_read_search", "sys_ptrace"};
  const bool may_use_fanotify = configuration.sensor.watch != SensorOptions::Watch::inotify;
  if (may_use_fanotify) names.emplace_back("sys_admin");
  if (!may_use_fanotify && configuration.processes) names.emplace_back("checkpoint_restore");
  return names;
}

Result<LoadedSensorConfiguration> load_sensor_configuration(const std::string& path, const Environment& environment,
                                                            const std::string& machine, SensorPlace place) {
  const auto text = read_file(path, 4U << 20U);
  if (!text) return text.error().with("the sensor's configuration");
  LoadedSensorConfiguration loaded;
  loaded.configuration.path = path;
  loaded.configuration.digest = sha256(*text).hex();
  loaded.configuration.sensor.host = machine;
  YamlFile file = read_yaml(path, *text, environment, [&](Section& root) { read_sensor(root, place, loaded); });
  loaded.mistakes = std::move(file.mistakes);
  return loaded;
}

}  // namespace kedge
