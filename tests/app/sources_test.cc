// Sensors as sources: what is said of their own files where kedge.yaml names them, and what cannot be asked of them.
#include "app/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/manifest.h"
#include "tests/app/typed.h"

namespace kedge {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSensor = R"(version: 1
data: sensor
roots:
  - path: /srv/web
    baseline: golden.manifest
)";

class SensorAsASource : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    Manifest manifest;
    manifest.entries.emplace_back();
    manifest.entries.back().type = FileType::directory;
    write("golden.manifest", to_text(manifest));
    write("sensor.yaml", kSensor);
    write("kedge.yaml",
          "version: 1\ndata: data\nrules: {directory: rules}\nhost: {name: m1, allow: "
          "[host.capture_evidence]}\nsources:\n  - {name: this-host, sensor: sensor.yaml}\n");
  }

  Configuration configuration() const {
    const auto loaded = load_configuration(path("kedge.yaml"), {});
    EXPECT_TRUE(loaded);
    EXPECT_THAT(loaded->mistakes, IsEmpty());
    return loaded->configuration;
  }
  LoadedSensors load() const { return load_sensors(configuration(), {}); }
};

TEST_F(SensorAsASource, HasTheMachinesNameAndLeavesOutWhatTheEngineWrites) {
  const LoadedSensors loaded = load();
  EXPECT_THAT(loaded.mistakes, IsEmpty());
  ASSERT_EQ(loaded.sensors.size(), 1U);
  const SensorConfiguration& sensor = loaded.sensors[0];
  EXPECT_EQ(sensor.sensor.host, "m1");
  EXPECT_EQ(sensor.data, path("sensor"));
  EXPECT_THAT(sensor.sensor.unwatched, AllOf(Contains(path("sensor")), Contains(path("data")),
                                             Contains(path("data/audit")), Contains(path("data/host"))));
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("sources[0].sensor: " + path("sensor.yaml") + ": roots[0].keys")));
}

TEST_F(SensorAsASource, AnotherNameForThisMachineIsWarnedOf) {
  write("sensor.yaml", std::string(kSensor) + "host: web7\n");
  EXPECT_THAT(load().warnings, Contains(HasSubstr("its host is web7, and host.name is m1")));
}

TEST_F(SensorAsASource, AMistakeInItsFileIsToldByCheckWithBothPlaces) {
  write("sensor.yaml", std::string(kSensor) + "polcy: []\nkafka: {brokers: [\"a:1\"], topic: t}\n");
  const Typed typed = type("check -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.err,
              AllOf(HasSubstr("@kedge.yaml:6: sources[0].sensor: @sensor.yaml:6: polcy: is not a known key (did "
                              "you mean 'policy'?)"),
                    HasSubstr("@kedge.yaml:6: sources[0].sensor: @sensor.yaml:7: kafka: is of a sensor in a "
                              "process of its own: inside `kedge run` its events go to the rules")));
}

TEST_F(SensorAsASource, AFileThatIsNotThereIsToldWhereItIsNamed) {
  change("kedge.yaml", "sensor.yaml", "none.yaml");
  const Typed typed = type("check -c @kedge.yaml");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_THAT(typed.err, HasSubstr("@kedge.yaml:6: sources[0].sensor: the sensor's configuration: cannot open "
                                   "@none.yaml: No such file or directory"));
}

// Who only asks the ledger need not be able to read baselines.
TEST_F(SensorAsASource, ItsFileIsReadByWhoRunsItAlone) {
  change("kedge.yaml", "sensor.yaml", "none.yaml");
  const Typed typed = type("audit list -c @kedge.yaml");
  EXPECT_THAT(typed.err, HasSubstr("there is no ledger in @data"));
}

TEST_F(SensorAsASource, NeedsADirectoryOfItsOwn) {
  write("sensor.yaml", std::string(kSensor).replace(std::string(kSensor).find("data: sensor"), 12, "data: data"));
  ASSERT_EQ(load().mistakes.size(), 1U);
  EXPECT_THAT(load().mistakes[0].message, HasSubstr("data: is the ledger's directory"));
  write("sensor.yaml", kSensor);
  write("other.yaml", std::string(kSensor) + "host: m2\n");
  change("kedge.yaml", "sensor: sensor.yaml}\n", "sensor: sensor.yaml}\n  - {name: other, sensor: other.yaml}\n");
  ASSERT_EQ(load().mistakes.size(), 1U);
  EXPECT_THAT(load().mistakes[0].message, HasSubstr("have one 'data': each sensor needs its own"));
}

TEST_F(SensorAsASource, CannotBeSoughtIn) {
  ASSERT_EQ(type("pause --reason r -c @kedge.yaml").exit_code, kGood);  // so that there is a ledger
  const Typed typed = type("source seek this-host sensor 0 --to beginning --reason r -c @kedge.yaml");
  EXPECT_THAT(typed.err,
              HasSubstr("source this-host is a sensor: an event is kept until it is decided, and there is no "
                        "log to read it from again"));
  EXPECT_EQ(typed.exit_code, kFoundWrong);
}

}  // namespace
}  // namespace kedge
