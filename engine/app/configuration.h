// The configuration: kedge.yaml, read into the options of the rooms. Nothing else in the engine knows the file.
//
// Loading finds every mistake at once, each with line, field and remedy. Paths in the file are relative to its folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/monitoring_server.h"
#include "app/audit_log.h"
#include "app/local_host_options.h"
#include "app/remote_hosts_options.h"
#include "app/yaml.h"
#include "aws/options.h"
#include "event/decoder.h"
#include "guard/admission.h"
#include "guard/gate.h"
#include "ledger/throttle.h"
#include "notify/channel.h"
#include "remediate/options.h"
#include "rule/rule_set.h"
#include "source/kafka_source.h"

namespace kedge {

// A source that reads Kafka.
struct SourceSettings {
  std::string field;  // "sources[0]"
  KafkaSource::Options kafka;
  Decoder::Options decoder;
  Reading reading = Reading::strict;
};

// A source that is a sensor. What its own file says is read where it is to run (app/sources.h): nobody else needs,
// or may read, the baselines.
struct SensorSettings {
  std::string field;  // "sources[1]"
  std::string name;
  std::string file;  // sensor.yaml
};

struct Configuration {
  std::string path;    // the file's
  std::string data;    // the directory of the ledger
  std::string digest;  // SHA-256 of the file's bytes, hexadecimal
  FieldLines lines;    // of the file

  std::string rules_directory;
  std::map<std::string, Mode> modes;
  RuleLimits rule_limits;

  std::vector<SourceSettings> sources;
  std::vector<SensorSettings> sensors;  // sources too
  AwsOptions aws;
  std::string aws_ca_file;                  // empty: the system's
  std::vector<std::string> aws_principals;  // ARNs that are us; empty: asked of STS at the start
  LocalHostOptions host;                    // without a name: no action is carried out on this machine
  RemoteHostsOptions remote_hosts;          // without a key: no other host is called
  ExecutorOptions executor;
  AdmissionLimits admission;
  GateLimits gate;
  std::vector<std::string> protected_keys;  // which no remediation may touch, besides what is known to be our own
  bool unsafe_limits = false;
  std::vector<std::string> loosened;  // settings that are looser than their defaults: guards.budgets.rule

  AuditOptions audit;

  std::vector<ChannelOptions> channels;
  std::vector<std::string> alarms;        // channels
  std::vector<std::string> dead_letters;  // channels
  NoticePace notices;                     // notify.fold

  std::string listen = "127.0.0.1:9464";  // metrics and health, as it is written
  MonitoringServer::Options monitoring;   // the same, taken apart
  std::string control_group;              // may use the control socket besides its owner; empty: nobody

  size_t lanes = 1;
  size_t queue_bytes = 64U << 20U;  // of memory, for what waits: half in the sources' clients, half before the lanes
  Duration seen_for = std::chrono::hours(24 * 7);
  Duration undo_horizon = std::chrono::hours(24 * 90);
  Duration shutdown = std::chrono::seconds(20);
};

struct LoadedConfiguration {
  Configuration configuration;
  std::vector<Mistake> mistakes;  // empty: it can be used
  std::vector<std::string> warnings;
};

// Errors are those of a file that cannot be read; what is wrong inside it are mistakes.
Result<LoadedConfiguration> load_configuration(const std::string& path, const Environment& environment);

// A mistake that is found only later, where the world is looked at.
Mistake mistake_at(const Configuration&, std::string field, std::string message);

// The same of an error that begins with the setting it is about: "aws.profile: there is no ...".
Mistake mistake_from(const Configuration&, const Error&);

// "kedge.yaml:12: sources[0].topics: must be a list"
std::string to_string(const std::string& path, const Mistake& mistake);

// Every key with the value in force, defaults included and secrets hidden, as YAML.
std::string effective_configuration(const Configuration&);

}  // namespace kedge
