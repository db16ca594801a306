#include "app/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "base/files.h"

namespace kedge {
namespace {

constexpr const char* kGood = R"(version: 1
data: data
rules:
  directory: rules
  modes: {aws.s3.public-bucket: shadow}
sources:
  - name: cloudtrail
    kind: kafka
    brokers: ["127.0.0.1:9092"]
    topics: [cloudtrail]
    group: kedge
    start: earliest
notify:
  channels:
    security: {kind: webhook, url: "https://example.com/hook", secrets: ["${env:SECRET}"]}
  alarms: [security]
)";

LoadedConfiguration load(const std::string& text) {
  // Tests run beside each other: each has a file of its own.
  const std::string path = testing::TempDir() + "kedge_configuration_" + std::to_string(getpid()) + ".yaml";
  EXPECT_TRUE(write_file_atomically(path, text).ok());
  auto loaded = load_configuration(path, {{"SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}});
  EXPECT_TRUE(loaded.ok());
  return *std::move(loaded);
}

std::string mistakes(const std::string& text) {
  std::string all;
  for (const Mistake& mistake : load(text).mistakes) all += to_string("kedge.yaml", mistake) + "\n";
  return all;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(Configuration, IsReadIntoTheOptionsOfTheRooms) {
  const LoadedConfiguration loaded = load(kGood);
  ASSERT_EQ(mistakes(kGood), "");
  const Configuration& c = loaded.configuration;
  EXPECT_EQ(c.data, testing::TempDir() + "data");
  EXPECT_EQ(c.rules_directory, testing::TempDir() + "rules");
  EXPECT_EQ(c.modes.at("aws.s3.public-bucket"), Mode::shadow);
  ASSERT_EQ(c.sources.size(), 1U);
  EXPECT_EQ(c.sources[0].kafka.topics, std::vector<std::string>{"cloudtrail"});
  EXPECT_EQ(c.channels[0].secrets[0].substr(0, 6), "whsec_");
}

TEST(Configuration, ASensorIsASourceThatNeedsNoBroker) {
  const std::string text = replaced(kGood, "sources:\n", "sources:\n  - {name: this-host, sensor: sensor.yaml}\n");
  ASSERT_EQ(mistakes(text), "");
  const Configuration c = load(text).configuration;
  ASSERT_EQ(c.sensors.size(), 1U);
  EXPECT_EQ(c.sensors[0].name, "this-host");
  EXPECT_EQ(c.sensors[0].file, testing::TempDir() + "sensor.yaml");
  EXPECT_EQ(c.sensors[0].field, "sources[0]");
  ASSERT_EQ(c.sources.size(), 1U);
  EXPECT_EQ(c.sources[0].field, "sources[1]");
  const std::string alone =
      "version: 1\ndata: data\nrules: {directory: rules}\n"
      "sources: [{name: this-host, kind: sensor, sensor: sensor.yaml}]\n";
  EXPECT_EQ(mistakes(alone), "");
  EXPECT_THAT(load(alone).warnings, testing::IsEmpty());
  EXPECT_THAT(effective_configuration(c), testing::HasSubstr("kind: \"sensor\""));
}

TEST(Configuration, SaysWhichSettingsAreOfWhichKindOfSource) {
  const std::string sensor = "version: 1\ndata: data\nrules: {directory: rules}\nsources:\n  - name: this-host\n";
  EXPECT_EQ(mistakes(sensor + "    kind: sensor\n"),
            "kedge.yaml:5: sources[0]: 'sensor' is missing: the sensor's own settings, like sensor: sensor.yaml\n");
  EXPECT_EQ(mistakes(sensor + "    sensor: \"\"\n"),
            "kedge.yaml:6: sources[0].sensor: must not be empty: the sensor's own settings, like sensor.yaml\n");
  EXPECT_EQ(mistakes(sensor + "    sensor: sensor.yaml\n    group: kedge\n"),
            "kedge.yaml:7: sources[0].group: is of a source of kind kafka: the settings of a sensor are in its own "
            "file\n");
  EXPECT_EQ(mistakes(sensor + "    sensor: sensor.yaml\n  - {name: this-host, sensor: other.yaml}\n"),
            "kedge.yaml:7: sources[1].name: two sources have this name\n");
  EXPECT_EQ(mistakes(sensor + "    sensor: sensor.yaml\n  - {name: other, sensor: sensor.yaml}\n"),
            "kedge.yaml:7: sources[1].sensor: is the sensor of source 'this-host' already\n");
  EXPECT_EQ(mistakes(replaced(kGood, "    group: kedge\n", "    group: kedge\n    sensor: sensor.yaml\n")),
            "kedge.yaml:12: sources[0].sensor: is of a source of kind sensor: leave it out, or write kind: sensor, and "
            "nothing of Kafka\n");
  EXPECT_EQ(mistakes(replaced(kGood, "kind: kafka", "kind: kafak")),
            "kedge.yaml:8: sources[0].kind: must be kafka or sensor\n");
}

TEST(Configuration, TellsEveryMistakeAtOnceWithItsLine) {
  std::string text = replaced(kGood, "version: 1", "version: 2");
  text = replaced(text, "alarms: [security]", "alarms: [nobody]");
  text = replaced(text, "start: earliest", "start: beginning");
  const std::string all = mistakes(text);
  EXPECT_NE(all.find("kedge.yaml:1: version: '2' is no version that this engine reads"), std::string::npos) << all;
  EXPECT_NE(all.find("kedge.yaml:12: sources[0].start: "), std::string::npos) << all;
  EXPECT_NE(all.find("kedge.yaml:16: notify.alarms[0]: there is no channel 'nobody'"), std::string::npos) << all;
}

TEST(Configuration, TellsWhatIsWrongWithAChannelToATopic) {
  const std::string good = replaced(kGood, "  alarms: [security]",
                                    "    letters: {kind: kafka, brokers: [b:9092], topic: letters}\n"
                                    "  dead_letters: [letters]");
  EXPECT_EQ(mistakes(good), "");
  EXPECT_EQ(load(good).configuration.channels[1].notices_per_minute, 6000);
  EXPECT_THAT(mistakes(replaced(good, "[letters]", "[letter]")),
              testing::HasSubstr("kedge.yaml:17: notify.dead_letters[0]: there is no channel 'letter'"));
  EXPECT_THAT(mistakes(replaced(good, ", topic: letters", "")),
              testing::HasSubstr("kedge.yaml:16: notify.channels.letters: 'topic' is missing"));
  EXPECT_THAT(mistakes(replaced(good, "b:9092", "b:port")),
              testing::HasSubstr("kedge.yaml:16: notify.channels.letters.brokers[0]: "));
  EXPECT_THAT(mistakes(replaced(good, "topic: letters", "topic: letters, properties: {acks: \"0\"}")),
              testing::HasSubstr("kedge.yaml:16: notify.channels.letters.properties.acks: "));
}

TEST(Configuration, RefusesToLoosenAGuardInPassing) {
  const std::string looser = std::string(kGood) + "guards:\n  budgets: {rule: 5/1m}\n";
  EXPECT_NE(mistakes(looser).find("kedge.yaml:18: guards.budgets.rule: 5/1m loosens a guard beyond its default"),
            std::string::npos)
      << mistakes(looser);
  EXPECT_EQ(mistakes(looser + "  unsafe_limits: true\n"), "");
  EXPECT_EQ(load(looser + "  mass_match: off\n  breaker: {first: 20s}\n  unsafe_limits: true\n").configuration.loosened,
            (std::vector<std::string>{"guards.budgets.rule", "guards.mass_match", "guards.breaker.first"}));
  EXPECT_EQ(load(std::string(kGood) + "guards: {unsafe_limits: true}\n").configuration.loosened,
            std::vector<std::string>());
  EXPECT_NE(mistakes(std::string(kGood) + "guards: {share: 11%/1h}\n").find("guards.share: 11%/1h loosens a guard"),
            std::string::npos);
  EXPECT_EQ(mistakes(std::string(kGood) + "guards: {share: 5%/2h}\n"), "");
  EXPECT_NE(mistakes(std::string(kGood) + "guards: {mass_match: off}\n").find("guards.mass_match: off loosens a guard"),
            std::string::npos);
  EXPECT_EQ(mistakes(std::string(kGood) + "guards:\n  budgets: {all: 1/1m, rule: 5/1h}\n"), "");
  for (const char* breaker : {"off", "{in_a_row: 4}", "{of_ten: 6}", "{first: 20s}", "{most: 4m}"}) {
    const std::string text = std::string(kGood) + "guards:\n  breaker: " + breaker + "\n";
    EXPECT_NE(mistakes(text).find("loosens a guard"), std::string::npos) << text;
    EXPECT_EQ(mistakes(text + "  unsafe_limits: true\n"), "");
  }
  EXPECT_NE(mistakes(std::string(kGood) + "guards: {rule_breaker: {first: 1m}}\n").find("loosens a guard"),
            std::string::npos);
  EXPECT_EQ(mistakes(std::string(kGood) + "guards: {breaker: {in_a_row: 2, first: 1m, most: 1h}}\n"), "");
  EXPECT_NE(mistakes(std::string(kGood) + "guards: {breaker: {first: 10m}}\n").find("must not be shorter than first"),
            std::string::npos);
}

TEST(Configuration, TellsTheGateHowOldAnEventMayBe) {
  const std::string text = std::string(kGood) + "guards: {stale_after: 5m}\n";
  EXPECT_EQ(load(text).configuration.gate.stale_after, std::chrono::minutes(5));
}

TEST(Configuration, LoosensWhatHoldsBackEffectsElsewhereOnlyWithUnsafeLimits) {
  for (const char* looser :
       {"executor: {workers: 11}", "executor: {per_endpoint: 5}", "executor: {writers_per_endpoint: 2}",
        "audit: {keys: [/keys/log.key], on_failure: continue}", "audit: {keys: [/keys/log.key], behind_records: 10001}",
        "audit: {keys: [/keys/log.key], behind_for: 31s}"}) {
    const std::string text = std::string(kGood) + looser + "\n";
    EXPECT_NE(mistakes(text).find("loosens a guard beyond its default"), std::string::npos) << looser;
    EXPECT_EQ(mistakes(text + "guards: {unsafe_limits: true}\n"), "") << looser;
  }
  EXPECT_EQ(mistakes(std::string(kGood) + "executor: {workers: 4, per_endpoint: 1}\n"), "");
}

TEST(Configuration, TellsWhatIsWrongWithAWindow) {
  const std::string windows = std::string(kGood) + "windows:\n  nights: ";
  EXPECT_EQ(mistakes(windows + "{from: 22:00, to: 06:00}\n"), "");
  EXPECT_NE(mistakes(windows + "{to: 06:00}\n").find("windows.nights: 'from' is missing"), std::string::npos)
      << mistakes(windows + "{to: 06:00}\n");
  const std::string all = mistakes(windows + "{days: [mon, someday], from: 22:60, to: 6, time_zone: Europe/Nowhere}\n");
  for (const char* field : {"days[1]: 'someday'", "from: '22:60'", "to: '6'", "time_zone: there is no time zone"}) {
    EXPECT_NE(all.find(std::string("windows.nights.") + field), std::string::npos) << all;
  }
}

TEST(Configuration, RefusesPropertiesThatTheEngineOwns) {
  const std::string text =
      replaced(kGood, "    start: earliest", "    start: earliest\n    properties: {enable.auto.commit: \"true\"}");
  EXPECT_NE(mistakes(text).find("enable.auto.commit"), std::string::npos) << mistakes(text);
}

TEST(Configuration, TrustsASourceOnlyWhereItsFormatIsKnown) {
  const auto with = [](const std::string& lines) {
    return replaced(kGood, "    start: earliest\n", "    start: earliest\n" + lines);
  };
  EXPECT_EQ(mistakes(with("    format: eventbridge\n    reading: trusted\n")), "");
  EXPECT_EQ(load(with("    format: json\n    reading: trusted\n")).configuration.sources[0].reading, Reading::trusted);
  EXPECT_NE(mistakes(with("    reading: trusted\n")).find("trusted needs format: eventbridge or json"),
            std::string::npos);
  EXPECT_NE(mistakes(with("    reading: quick\n")).find("strict or trusted"), std::string::npos);
}

TEST(Configuration, ListensAtAnAddressAndAPortThatThereIs) {
  const auto listening = [](const std::string& where) { return kGood + ("api:\n  listen: " + where + "\n"); };
  for (const char* wrong : {"foo", "127.0.0.1:99999", "127.0.0.1:-1", "\"127.0.0.1:\"", "127.0.0.1:80x", "\":9464\"",
                            "::1:9464", "\"[]:9464\"", "http://127.0.0.1:9464", "9464"}) {
    EXPECT_EQ(
        mistakes(listening(wrong)),
        "kedge.yaml:18: api.listen: must be ADDRESS:PORT with a port from 0 (any) to 65535, like 127.0.0.1:9464 or "
        "[::1]:9464\n")
        << wrong;
  }
  const Configuration v4 = load(listening("0.0.0.0:65535")).configuration;
  EXPECT_EQ(v4.monitoring.address, "0.0.0.0");
  EXPECT_EQ(v4.monitoring.port, 65535);
  const Configuration v6 = load(listening("\"[::1]:0\"")).configuration;
  EXPECT_EQ(v6.monitoring.address, "::1");
  EXPECT_EQ(v6.monitoring.port, 0);
  EXPECT_EQ(load(kGood).configuration.monitoring.port, 9464);
}

TEST(Configuration, AFileThatIsNoYamlIsNamedWithItsLine) {
  EXPECT_EQ(mistakes("version: 1\n  data: [").substr(0, 13), "kedge.yaml:2:");
}

TEST(Configuration, PrintsNoSecretInItsEffectiveForm) {
  const std::string text =
      replaced(kGood, "notify:", "aws:\n  credentials: {access_key_id: AKIAX, secret_access_key: abcdef}\nnotify:");
  const std::string printed = effective_configuration(load(text).configuration);
  EXPECT_EQ(printed.find("whsec_"), std::string::npos);
  EXPECT_EQ(printed.find("abcdef"), std::string::npos);
  EXPECT_EQ(printed.find("example.com"), std::string::npos);
  EXPECT_NE(printed.find("group: \"kedge\""), std::string::npos);
}

// ---- the audit log ----

TEST(AuditSettings, HaveADirectoryThatIsNotTheLedgers) {
  const auto in = [](const std::string& directory) {
    return mistakes(std::string(kGood) + "audit:\n  keys: [audit.key]\n  directory: " + directory + "\n");
  };
  for (const char* directory : {"data", "data/", "./data", ".", "data/audit/..", "/"}) {
    EXPECT_NE(in(directory).find("kedge.yaml:19: audit.directory: holds 'data', with the ledger"), std::string::npos)
        << directory << in(directory);
  }
  for (const char* directory : {"data/audit", "data/log", "database", "/var/lib/kedge-log"}) {
    EXPECT_EQ(in(directory), "") << directory;
  }
}

TEST(AuditSettings, NameKeysThatDoNotLieInTheLogsDirectory) {
  const auto with = [](const std::string& key) {
    return mistakes(std::string(kGood) + "audit: {keys: [audit.key, " + key + "], directory: log}\n");
  };
  for (const char* key : {"log/audit.key", "log/deeper/audit.key", "log/../log/audit.key"}) {
    EXPECT_NE(with(key).find("kedge.yaml:17: audit.keys[1]: lies in the log's directory"), std::string::npos)
        << key << with(key);
  }
  EXPECT_EQ(with("logs/audit.key"), "");
}

// ---- where checkpoints are kept ----

std::string with_places(const std::string& places) {
  return std::string(kGood) + "audit:\n  keys: [audit.key]\n  publish_to:\n" + places;
}

TEST(CheckpointSettings, AreAListOfPlacesEachOfOneKind) {
  const std::string text = with_places(
      "    - file: outside/checkpoints\n"
      "    - {name: hook, webhook: {url: \"https://example.com/x\", secrets: \"${env:SECRET}\"}, every: 1m}\n"
      "    - kafka: {brokers: [\"a:9092\", \"b:9092\"], topic: checkpoints}\n");
  ASSERT_EQ(mistakes(text), "");
  const auto places = load(text).configuration.audit.publish_to;
  ASSERT_EQ(places.size(), 3U);
  EXPECT_EQ(places[0].name, "file");
  EXPECT_EQ(std::get<CheckpointFileOptions>(places[0].place).path, testing::TempDir() + "outside/checkpoints");
  EXPECT_EQ(places[1].name, "hook");
  EXPECT_EQ(std::get<CheckpointWebhookOptions>(places[1].place).secrets[0].substr(0, 6), "whsec_");
  EXPECT_EQ(places[1].every, Duration(std::chrono::minutes(1)));
  EXPECT_EQ(places[2].name, "kafka");
  EXPECT_EQ(std::get<CheckpointTopicOptions>(places[2].place).brokers, "a:9092,b:9092");
}

TEST(CheckpointSettings, AreToldWhatIsWrongWithTheirLine) {
  const std::string all =
      mistakes(with_places("    - file: data/audit/checkpoints\n"
                           "    - webhook: {url: \"ftp://example.com/secret-path\"}\n"
                           "    - kafka: {brokers: [\"a:x\"], topic: \"a topic\", properties: {acks: \"1\"}}\n"
                           "    - {file: a, webhook: {url: \"https://example.com/\"}}\n"
                           "    - {name: hook, webhook: {url: \"https://example.com/\", headers: {webhook-id: x}}}\n"
                           "    - {name: file, file: b, webhok: {}}\n"));
  for (const char* line :
       {"kedge.yaml:20: audit.publish_to[0].file: lies in the log's directory",
        "kedge.yaml:21: audit.publish_to[1].webhook.url: not a URL that can be used",
        "kedge.yaml:22: audit.publish_to[2].kafka.brokers[0]: must be HOST:PORT",
        "kedge.yaml:22: audit.publish_to[2].kafka.topic: must be the name of a topic",
        "kedge.yaml:22: audit.publish_to[2].kafka.properties.acks: is set by the engine",
        "kedge.yaml:23: audit.publish_to[3]: a place is one of file: PATH, webhook",
        "kedge.yaml:24: audit.publish_to[4].webhook.headers.webhook-id: is a header that kedge sends itself",
        "kedge.yaml:25: audit.publish_to[5].webhok: is not a known key (did you mean 'webhook'?)",
        "kedge.yaml:25: audit.publish_to[5].name: two places are called 'file'"}) {
    EXPECT_NE(all.find(line), std::string::npos) << line << "\n" << all;
  }
  EXPECT_EQ(all.find("secret-path"), std::string::npos);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 9) << all;
}

TEST(CheckpointSettings, MayNotNameTheLogsDirectoryByALink) {
  const std::string link = testing::TempDir() + "kedge_link_" + std::to_string(getpid());
  std::filesystem::create_directories(testing::TempDir() + "data/audit");
  std::filesystem::create_directory_symlink(testing::TempDir() + "data/audit", link);
  EXPECT_NE(mistakes(with_places("    - file: " + link + "/checkpoints\n")).find("lies in the log's directory"),
            std::string::npos);
  std::filesystem::remove(link);
}

TEST(CheckpointSettings, AreMissedWhereThereIsALogAndNoPlace) {
  const auto warnings = [](const std::string& text) {
    std::string all;
    for (const std::string& warning : load(text).warnings) all += warning + "\n";
    return all;
  };
  EXPECT_EQ(warnings(kGood), "");
  EXPECT_EQ(warnings(with_places("    - file: outside/checkpoints\n")), "");
  EXPECT_NE(warnings(std::string(kGood) + "audit: {keys: [audit.key]}\n").find("audit.publish_to names no place"),
            std::string::npos);
  EXPECT_NE(warnings(with_places("    - file: data/checkpoints\n")).find("audit.publish_to[0].file lies in 'data'"),
            std::string::npos);
  const std::string together = "the audit log and its signed head both lie in 'data'";
  for (const char* in_data : {"    - file: data/checkpoints\n", "    - webhook: {url: \"http://127.0.0.1:1/\"}\n"}) {
    EXPECT_NE(warnings(with_places(in_data)).find(together), std::string::npos) << in_data;
  }
  EXPECT_EQ(warnings(with_places("    - file: outside/checkpoints\n")).find(together), std::string::npos);
  EXPECT_EQ(warnings(std::string(kGood) + "audit: {keys: [audit.key], directory: log}\n").find(together),
            std::string::npos);
  EXPECT_NE(mistakes(std::string(kGood) + "audit: {publish_to: [{file: outside/x}]}\n").find("audit.keys: needs"),
            std::string::npos);
}

// All that a file may say, each otherwise than the default.
constexpr const char* kAll = R"(version: 1
data: elsewhere
rules: {directory: my-rules, modes: {my.rule: canary}}
sources:
  - name: audit
    kind: kafka
    brokers: ["a:9092", "b:9092"]
    topics: [one, "^two-.*"]
    group: engine
    start: latest
    format: json
    source: my-app
    reading: trusted
    event_bytes: 4096
    depth: 20
    instance: node-1
    properties: {session.timeout.ms: "7000", sasl.password: "${env:SECRET}"}
aws:
  region: eu-west-1
  profile: security
  credentials: {access_key_id: AKIAX, secret_access_key: "${env:SECRET}", session_token: "${env:SECRET}"}
  roles:
    "123456789012": {arn: "arn:aws:iam::123456789012:role/kedge", external_id: "${env:SECRET}"}
    "*": {arn: "arn:aws:iam::210987654321:role/kedge"}
  home_account: "210987654321"
  session_name: me
  principals: ["arn:aws:iam::123456789012:role/kedge"]
  endpoint: http://127.0.0.1:5000
  endpoints: {s3: "https://s3.example.com"}
  path_style: false
  ca_file: ca.pem
guards: {budgets: {all: 5/1m, account: 4/30s, action: 3/1h, rule: 2/1d}, flap: 2/3h, flap_rest: 2d, mass_match: 4/20m, share: 5%/2h, breaker: {in_a_row: 2, of_ten: 4, first: 40s, most: 6m}, rule_breaker: {in_a_row: 2, of_ten: 4, first: 16m, most: 17m}, protected: ["arn:aws:s3:::audit-*"], approval_within: 30m, stale_after: 10m, waited_most: 5h, held_most: 6d, future_most: 30s, record_only_after: 12h, unsafe_limits: true}
fleets:
  web: {targets: ["host:www-*", "host:www"], size: 40, keep: 30}
windows:
  nights: {days: [mon, sat], from: "22:00", to: "06:00", time_zone: UTC}
  always: {days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00", time_zone: UTC}
audit:
  keys: [audit.key]
  directory: log
  publish_every: 2s
  behind_records: 7
  behind_for: 8s
  on_failure: continue
  publish_to:
    - {name: share, file: kept/checkpoints, every: 1m, alarm_after: 2m}
    - {webhook: {url: "https://example.com/${env:SECRET}", secrets: ["${env:SECRET}"], headers: {x-token: "${env:SECRET}"}, timeout: 3s}}
    - {kafka: {brokers: ["a:9092", "b:9092"], topic: checkpoints, properties: {sasl.password: "${env:SECRET}"}, timeout: 4s}}
notify:
  channels:
    hook: {kind: webhook, url: "https://example.com/${env:SECRET}", secrets: ["${env:SECRET}"], notices_per_minute: 6, timeout: 3s}
    chat: {kind: slack, url: "https://example.com/chat"}
    letters: {kind: kafka, brokers: ["a:9092", "b:9092"], topic: dead-letters, properties: {sasl.password: "${env:SECRET}"}, timeout: 4s}
  alarms: [chat]
  dead_letters: [letters, hook]
  fold: {after: 3, within: 20m}
api: {listen: "127.0.0.1:1", control_group: wheel}
host:
  name: web-1
  allow: [host.quarantine]
  directory: on-host
  check_every: 7s
  roots:
    - {name: web, image: /srv/web.erofs, manifest: /srv/web.manifest, keys: ["golden+31952432+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"], identity: /srv/web-identity,
       network: /run/netns/web, start: [/sbin/init], health: [/bin/check, now], health_deadline: 3s, keep: 5, directory: roots/w}
hosts:
  brokers: ["a:9092", "b:9092"]
  commands: to-hosts
  outcomes: of-hosts
  key: engine.key
  keys: ["web-2+fe2be4c3+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"]
  timeout: 3s
  properties: {sasl.password: "${env:SECRET}"}
executor: {workers: 2, per_endpoint: 3, writers_per_endpoint: 2, call_timeout: 4s, retry_first: 250ms, retry_most: 5s, remediation_deadline: 6m,
           confirm_deadline: 7s, visibility_delay: 1s, reconcile: {every: 90m, per_second: 7, places: 2}}
limits: {lanes: 3, queue_bytes: 2097152, rule_instructions: 5000, rule_memory_bytes: 131072, rule_result_bytes: 2048,
         seen_for: 2h, undo_horizon: 3h, shutdown: 4s}
)";

bool is_secret_or_path(const std::string& key) {
  for (const char* each : {"data", "directory", "ca_file", "secret_access_key", "session_token", "external_id", "url",
                           "secrets", "sasl.password", "key", "keys", "file", "x-token"}) {
    if (key == each) return true;
  }
  return false;
}

void expect_all_in(const YAML::Node& printed, const YAML::Node& written, const std::string& where) {
  if (written.IsMap()) {
    for (const auto& member : written) {
      const auto key = member.first.as<std::string>();
      ASSERT_TRUE(printed.IsMap() && printed[key]) << where << "." << key;
      if (!is_secret_or_path(key)) expect_all_in(printed[key], member.second, where + "." + key);
    }
  } else if (written.IsSequence()) {
    ASSERT_EQ(printed.size(), written.size()) << where;
    for (size_t i = 0; i < written.size(); ++i) expect_all_in(printed[i], written[i], where);
  } else {
    EXPECT_EQ(printed.as<std::string>(), written.as<std::string>()) << where;
  }
}

constexpr const char* kRoot =
    "{name: web, image: /i, manifest: /m, keys: [\"golden+31952432+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\"], "
    "start: [/init], health: [/check]}";

std::string with_root(const std::string& from, const std::string& to) {
  std::string root = kRoot;
  root.replace(root.find(from), from.size(), to);
  return std::string(kGood) + "host:\n  name: web-1\n  allow: [host.replace]\n  roots:\n    - " + root + "\n";
}

TEST(Configuration, OfARootOfAHostTellsWhatIsWrong) {
  const auto first = [](const std::string& text) {
    const auto found = load(text).mistakes;
    return found.empty() ? std::string() : found[0].field + ": " + found[0].message;
  };
  EXPECT_EQ(first(with_root("web", "web")), "");
  EXPECT_EQ(first(with_root("web", "../web")), "host.roots[0].name: '../web' must be letters, digits, '-' and '_'");
  EXPECT_EQ(first(with_root("/i,", "/i:j,")).substr(0, 19), "host.roots[0].name:") << "a path that no overlay takes";
  EXPECT_EQ(first(with_root("start: [/init], ", "")).substr(0, 33), "host.roots[0]: 'start' is missing");
  EXPECT_EQ(first(with_root("health: [/check]", "healthy: [/check]")).substr(0, 21), "host.roots[0].healthy");
  EXPECT_EQ(first(with_root("golden+", "golden")).substr(0, 19), "host.roots[0].keys:");
}

TEST(Configuration, OfAFleetTellsWhatIsWrong) {
  const auto with = [](const std::string& fleet) {
    return mistakes(std::string(kGood) + "fleets:\n  web: " + fleet + "\n");
  };
  EXPECT_EQ(with("{targets: [\"host:web-*\"], size: 40, keep: 40}"), "");
  EXPECT_THAT(with("{size: 40}"), testing::HasSubstr("kedge.yaml:18: fleets.web: 'targets' is missing"));
  EXPECT_EQ(mistakes(std::string(kGood) + "fleets: {hosts: {size: 40}}\n"), "") << "those that no other names";
  const Fleets fleets = load(kAll).configuration.gate.fleets;
  EXPECT_EQ(fleets.at("hosts"), (Fleet{{}, 2, 0})) << "web-2, which has a key, and this machine, web-1";
  EXPECT_THAT(with("{targets: [], size: 40}"), testing::HasSubstr("fleets.web.targets: must name a target"));
  EXPECT_THAT(with("{targets: [\"host:*-web\"], size: 40}"),
              testing::HasSubstr("fleets.web.targets[0]: must be a target, exact or with one * at its end"));
  EXPECT_THAT(with("{targets: [\"host:web-*\"]}"), testing::HasSubstr("fleets.web: 'size' is missing"));
  EXPECT_THAT(with("{targets: [\"host:web-*\"], size: 0}"), testing::HasSubstr("fleets.web.size: "));
  EXPECT_THAT(with("{targets: [\"host:web-*\"], size: 4, keep: 5}"),
              testing::HasSubstr("fleets.web.keep: must not be more than size"));
}

TEST(Configuration, ShowsEveryValueInForce) {
  const std::string printed = effective_configuration(load(kAll).configuration);
  expect_all_in(YAML::Load(printed), YAML::Load(kAll), "");
  EXPECT_EQ(printed.find("whsec_"), std::string::npos) << printed;
  EXPECT_EQ(effective_configuration(load(printed).configuration), printed) << "it can be read as a file";
  EXPECT_NE(effective_configuration(load(kGood).configuration).find("fetch.max.bytes: \"2000000\""), std::string::npos);
}

}  // namespace
}  // namespace kedge
