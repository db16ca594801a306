#include "app/sensor_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/configuration.h"
#include "host/manifest.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SensorConfigurationTest : public testing::Test {
 protected:
  void SetUp() override {
    Manifest manifest;
    manifest.entries.emplace_back();
    manifest.entries.back().type = FileType::directory;
    place.write("golden.manifest", to_text(manifest));
  }

  LoadedSensorConfiguration load(const std::string& text, SensorPlace where = SensorPlace::own_process) const {
    auto loaded =
        load_sensor_configuration(place.write("sensor.yaml", text).string(), {{"PASSWORD", "secret"}}, "web1", where);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return *std::move(loaded);
  }
  std::vector<std::string> mistakes(const std::string& text, SensorPlace where = SensorPlace::own_process) const {
    std::vector<std::string> lines;
    for (const Mistake& mistake : load(text, where).mistakes) lines.push_back(to_string("sensor.yaml", mistake));
    return lines;
  }

  const TemporaryDirectory place;
  const std::string least = R"(version: 1
data: data
roots:
  - path: /srv/web
    baseline: golden.manifest
kafka:
  brokers: ["127.0.0.1:9092"]
  topic: host-events
)";
};

TEST_F(SensorConfigurationTest, NeedsNoMoreThanRootsAndATopic) {
  const auto loaded = load(least);
  EXPECT_THAT(mistakes(least), IsEmpty());
  const SensorConfiguration& c = loaded.configuration;
  EXPECT_EQ(c.sensor.host, "web1");
  EXPECT_EQ(c.data, (place.path() / "data").string());
  ASSERT_EQ(c.sensor.roots.size(), 1U);
  EXPECT_EQ(c.sensor.roots[0].path, "/srv/web");
  EXPECT_EQ(c.sensor.roots[0].as, "/srv/web");
  EXPECT_EQ(c.sensor.roots[0].baseline->manifest.entries.size(), 1U);
  EXPECT_EQ(c.kafka.topic, "host-events");
  EXPECT_EQ(c.sensor.unwatched, std::vector{c.data});
  EXPECT_EQ(c.confine, ConfinementOptions::Filter::enforce);
  EXPECT_THAT(capabilities_of(c), ElementsAre("dac_read_search", "sys_ptrace", "sys_admin"));
  ASSERT_TRUE(c.ports);
  EXPECT_EQ(c.ports->every, seconds(1));
  EXPECT_FALSE(c.ports->known.known);
  ASSERT_TRUE(c.processes);
  EXPECT_EQ(c.processes->open_places, default_open_places());
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("roots[0].keys names none")));
}

TEST_F(SensorConfigurationTest, PortsAndProcessesCanBeLeftOut) {
  const std::string without = least + "ports: {every: 0s}\nprocesses: {every: 0s}\n";
  EXPECT_THAT(mistakes(without), IsEmpty());
  EXPECT_FALSE(load(without).configuration.ports);
  EXPECT_FALSE(load(without).configuration.processes);
}

TEST_F(SensorConfigurationTest, NoPlaceNeedBeOpen) {
  const std::string none = least + "processes: {open_places: []}\n";
  EXPECT_THAT(mistakes(none), IsEmpty());
  EXPECT_THAT(load(none).configuration.processes->open_places, IsEmpty());
}

TEST_F(SensorConfigurationTest, WhoMistypesAKeyIsToldItsName) {
  EXPECT_THAT(mistakes(least + "processes: {open_place: [/x]}\n"),
              ElementsAre(HasSubstr("did you mean 'open_places'")));
}

TEST_F(SensorConfigurationTest, IsReadIntoTheOptionsOfTheParts) {
  const auto loaded = load(R"(version: 1
host: db7
data: /var/lib/kedge-sensor
roots:
  - {path: /srv/image/, as: /, baseline: golden.manifest, exclude: [var/lib/app/*]}
kafka: {brokers: [a:1, b:2], topic: t, timeout: 5s, properties: {sasl.password: "${env:PASSWORD}"}}
watch: inotify
settle: {window: 50ms, ceiling: 3s, bytes_max: 1MiB}
rescan: {every: 30m, read_every: 2d}
heartbeat: 10s
packages_wait: 2m
differing_max: 1000
spool: {bytes_max: 8MiB}
ports:
  every: 250ms
  known: [tcp/22, "tcp/127.0.0.1:5432"]
  allowed: udp/32768-60999
  patience: 5s
  policy: [{ports: tcp/8080, severity: low, technique: T1090}]
confine: log
processes:
  every: 5s
  open_places: [/home, /srv/upload/]
  policy: [{kinds: maps_memory, paths: "/memfd:jit*", quiet: true}, {paths: /opt/x, severity: low, technique: T1055}]
policy:
  - {paths: [srv/secret/*], category: credentials, severity: critical, technique: T1552}
  - {paths: [srv/scratch/*], quiet: true}
)");
  std::string all;
  for (const Mistake& mistake : loaded.mistakes) all += to_string("sensor.yaml", mistake) + "\n";
  ASSERT_EQ(all, "");
  const SensorConfiguration& c = loaded.configuration;
  EXPECT_EQ(c.sensor.host, "db7");
  EXPECT_EQ(c.sensor.roots[0].path, "/srv/image");
  EXPECT_EQ(c.sensor.roots[0].as, "/");
  EXPECT_EQ(c.kafka.brokers, "a:1,b:2");
  EXPECT_EQ(c.kafka.properties.at("sasl.password"), "secret");
  EXPECT_EQ(c.sensor.watch, SensorOptions::Watch::inotify);
  EXPECT_EQ(c.sensor.rescan.every, minutes(30));
  EXPECT_EQ(c.sensor.heartbeat, seconds(10));
  EXPECT_EQ(c.spool.bytes_max, 8U << 20U);
  ASSERT_TRUE(c.ports);
  EXPECT_EQ(c.ports->host, "db7");
  EXPECT_EQ(c.ports->every, milliseconds(250));
  EXPECT_EQ(c.ports->known.known,
            (std::vector{*parse_port_pattern("tcp/22"), *parse_port_pattern("tcp/127.0.0.1:5432")}));
  EXPECT_EQ(c.ports->known.allowed, std::vector{*parse_port_pattern("udp/32768-60999")});
  EXPECT_EQ(c.ports->known.patience, seconds(5));
  ASSERT_EQ(c.ports->policy.size(), 1U);
  EXPECT_EQ(c.ports->policy[0].severity, MutationSeverity::low);
  EXPECT_EQ(c.ports->policy[0].technique, "T1090");
  EXPECT_EQ(c.confine, ConfinementOptions::Filter::log);
  EXPECT_THAT(capabilities_of(c), ElementsAre("dac_read_search", "sys_ptrace", "checkpoint_restore"));
  ASSERT_TRUE(c.processes);
  EXPECT_EQ(c.processes->host, "db7");
  EXPECT_EQ(c.processes->every, seconds(5));
  EXPECT_EQ(c.processes->packages_wait, minutes(2));
  EXPECT_THAT(c.processes->open_places, ElementsAre("/home/", "/srv/upload/"));
  ASSERT_EQ(c.processes->policy.size(), 2U);
  EXPECT_EQ(c.processes->policy[0].kinds, std::vector{ProcessSignKind::maps_memory});
  EXPECT_TRUE(c.processes->policy[0].quiet);
  EXPECT_EQ(c.processes->policy[1].technique, "T1055");
  EXPECT_TRUE(c.sensor.policy.is_quiet("srv/scratch/x"));
  EXPECT_EQ(c.sensor.policy.meaning_of("srv/secret/x").severity, MutationSeverity::critical);
}

TEST_F(SensorConfigurationTest, SaysOfEachMistakeWhereItStandsAndWhatWouldBeRight) {
  EXPECT_THAT(
      mistakes(R"(version: 2
data: data
host: a/b
roots:
  - path: srv
    baseline: none.manifest
  - {path: /srv/image, as: /usr, baseline: golden.manifest}
kafka: {brokers: ["a:1"], topic: "a topic"}
watch: polling
settle: {window: 1s, ceiling: 500ms}
polcy: []
ports: {allowed: [tcp/22, 80]}
processes: {open_places: [/home, tmp], policy: [{kinds: [runs_deletd]}]}
policy:
  - {paths: [/etc/x], category: binaries}
)"),
      ElementsAre("sensor.yaml:1: version: '2' is no version that this sensor reads: it reads 1",
                  HasSubstr("sensor.yaml:3: host: must be the host's name"),
                  HasSubstr("sensor.yaml:5: roots[0].path: must be an absolute path"),
                  HasSubstr("sensor.yaml:6: roots[0].baseline: "), HasSubstr("sensor.yaml:7: roots[1].as: must be /"),
                  HasSubstr("sensor.yaml:8: kafka.topic: "), HasSubstr("sensor.yaml:9: watch: must be auto"),
                  HasSubstr("sensor.yaml:10: settle.ceiling: must be at least"),
                  HasSubstr("sensor.yaml:11: polcy: is not a known key (did you mean 'policy'?)"),
                  HasSubstr("sensor.yaml:12: ports.allowed[1]: '80' names no port: write tcp/22"),
                  HasSubstr("sensor.yaml:13: processes.open_places[1]: must be an absolute path"),
                  HasSubstr("sensor.yaml:13: processes.policy[0].kinds[0]: must be one of runs_deleted"),
                  HasSubstr("sensor.yaml:13: processes.policy[0]: 'paths' is missing"),
                  HasSubstr("sensor.yaml:15: policy[0].category: must be one of binary"),
                  HasSubstr("sensor.yaml:15: policy[0].paths[0]: begins without a slash")));
}

TEST_F(SensorConfigurationTest, SaysWhatIsMissing) {
  EXPECT_THAT(mistakes("host: x\n"), ElementsAre(HasSubstr("'version' is missing"), HasSubstr("'data' is missing"),
                                                 HasSubstr("'roots' is missing"), HasSubstr("'kafka' is missing")));
}

TEST_F(SensorConfigurationTest, InsideTheEngineThereIsNoKafkaAndNothingToConfine) {
  const std::string text = least.substr(0, least.find("kafka:"));
  EXPECT_THAT(mistakes(text, SensorPlace::engine), IsEmpty());
  EXPECT_EQ(load(text, SensorPlace::engine).configuration.sensor.host, "web1");
  EXPECT_THAT(mistakes(text), ElementsAre(HasSubstr("'kafka' is missing: kafka: {brokers: [...], topic: ...}; without "
                                                    "it a sensor can be a source of `kedge run`")));
  EXPECT_THAT(mistakes(least + "confine: off\n", SensorPlace::engine),
              ElementsAre(HasSubstr("sensor.yaml:6: kafka: is of a sensor in a process of its own"),
                          HasSubstr("sensor.yaml:9: confine: is of a sensor in a process of its own")));
  EXPECT_THAT(mistakes(text + "kafak: {}\n", SensorPlace::engine),
              ElementsAre(HasSubstr("sensor.yaml:6: kafak: is not a known key")));
}

TEST_F(SensorConfigurationTest, ABaselineThatIsDamagedIsToldWithItsOwnLine) {
  place.write("golden.manifest", "#mtree\n#kedge baseline 1\n. type=dir\n");
  EXPECT_THAT(mistakes(least), ElementsAre(testing::AllOf(HasSubstr("sensor.yaml:5: roots[0].baseline: "),
                                                          HasSubstr("golden.manifest:3: "))));
}

TEST_F(SensorConfigurationTest, ABaselineMustBeSignedWhereKeysAreNamed) {
  const SigningKey key = SigningKey::from_seed("golden.example.com", std::string(32, 'k')).value();
  std::string text = least;
  text.insert(text.find("kafka:"), "    keys: [key.pub]\n");
  place.write("key.pub", key.verifier().to_text() + "\n");
  EXPECT_THAT(mistakes(text),
              ElementsAre(HasSubstr("sensor.yaml:5: roots[0].baseline: is not signed by any of `keys`")));
  const std::string manifest = place.read("golden.manifest");
  place.write("golden.manifest", manifest + note_lines(manifest, key));
  const auto loaded = load(text);
  EXPECT_THAT(loaded.mistakes, IsEmpty());
  EXPECT_THAT(loaded.configuration.sensor.roots[0].signed_by, ElementsAre("golden.example.com"));
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST_F(SensorConfigurationTest, OneRootMustNotLieInAnother) {
  std::string text = least;
  text.insert(text.find("kafka:"), "  - {path: /srv/web/sub, baseline: golden.manifest}\n");
  EXPECT_THAT(mistakes(text), ElementsAre(HasSubstr("sensor.yaml:6: roots[1].path: one root must not lie in another")));
}

}  // namespace
}  // namespace kedge
