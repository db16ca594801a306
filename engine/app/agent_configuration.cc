#include "app/agent_configuration.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/command_audit.h"
#include "app/host_root_settings.h"
#include "app/local_host_settings.h"
#include "app/yaml_file.h"
#include "audit/key_file.h"
#include "base/files.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void tell(Section& section, const std::vector<OptionMistake>& mistakes) {
  for (const OptionMistake& mistake : mistakes) {
    if (!section.is_wrong(mistake.option())) section.mistake(mistake.field, mistake.message);
  }
}

// Of either client, in this file's words.
std::vector<OptionMistake> mistakes_of(const AgentConfiguration& configuration) {
  std::vector<OptionMistake> mistakes = mistakes_in(configuration.agent.outcomes);
  for (OptionMistake& mistake : mistakes) {
    if (mistake.field == "topic") mistake.field = "outcomes";
  }
  WriterOptions as_a_name = configuration.agent.outcomes;  // no expression, as a consumer would take
  as_a_name.topic = configuration.agent.commands.topics.front();
  for (OptionMistake& mistake : mistakes_in(as_a_name)) {
    if (mistake.field == "topic") mistakes.push_back({"commands", std::move(mistake.message)});
  }
  for (OptionMistake& mistake : mistakes_in(configuration.agent.commands)) {
    const bool is_told = std::any_of(mistakes.begin(), mistakes.end(),
                                     [&](const OptionMistake& other) { return other.field == mistake.field; });
    if (mistake.option() == "properties" && !is_told) mistakes.push_back(std::move(mistake));
  }
  return mistakes;
}

void read_kafka(Section& section, AgentConfiguration& configuration) {
  WriterOptions& outcomes = configuration.agent.outcomes;
  ConsumerOptions& commands = configuration.agent.commands;
  std::vector<std::string> brokers;
  commands.topics = {"host-commands"};
  outcomes.topic = "host-outcomes";
  outcomes.timeout = seconds(10);
  section.texts("brokers", brokers);
  section.require("brokers", "'brokers' is missing: brokers: [HOST:PORT]");
  section.text("commands", commands.topics.front());
  section.text("outcomes", outcomes.topic);
  section.text_map("properties", outcomes.properties);
  section.duration("timeout", outcomes.timeout, milliseconds(100), minutes(5));
  outcomes.brokers = fmt::format("{}", fmt::join(brokers, ","));
  commands.brokers = outcomes.brokers;
  commands.properties = outcomes.properties;
  commands.group = "kedge-agent-" + configuration.agent.host;
  tell(section, mistakes_of(configuration));
}

// A key is itself, "NAME+ID+BASE64", or a file that holds some.
void read_engine(Section& section, AgentConfiguration& configuration) {
  std::string key;
  std::vector<std::string> allow;
  section.required_text("key", key);
  section.texts("allow", allow);
  section.require("allow", "'allow' is missing: what this engine may have done here, like [host.quarantine]");
  check_host_actions(section, "allow", allow);
  if (section.is_wrong("key")) return;
  if (key.find('+') == std::string::npos) key = beside(configuration.path, key);
  const auto keys = read_keys({key});
  if (!keys) return section.mistake("key", keys.error().message);
  for (const VerifierKey& one : *keys) {
    const bool is_there = std::any_of(configuration.rules.keys.begin(), configuration.rules.keys.end(),
                                      [&](const TrustedKey& other) { return other.key == one; });
    if (is_there) section.mistake("key", "is listed already: " + one.to_text());
    configuration.rules.keys.push_back({one, allow});
  }
  for (const std::string& action : allow) {
    std::vector<std::string>& all = configuration.host.allow;
    if (std::find(all.begin(), all.end(), action) == all.end()) all.push_back(action);
  }
}

// Outcomes are verified by the key that an engine has listed under the host's name.
void read_own_key(Section& root, AgentConfiguration& configuration) {
  std::string file;
  root.required_text("key", file);
  if (root.is_wrong("key")) return;
  auto key = read_signing_key(beside(configuration.path, file));
  if (!key) {
    const bool is_missing = key.error().code == ErrorCode::not_found;
    return root.mistake(
        "key", key.error().message +
                   (is_missing ? "; `kedge agent keygen --host " + configuration.agent.host + "` makes one" : ""));
  }
  if (key->verifier().name() != configuration.agent.host && !root.is_wrong("host")) {
    return root.mistake("key", fmt::format("is the key of '{}', and this host is '{}'", key->verifier().name(),
                                           configuration.agent.host));
  }
  configuration.key = *std::move(key);
}

void read_agent(Section& root, AgentConfiguration& configuration) {
  std::string version = "1";
  root.text("version", version);
  root.require("version", "'version' is missing; this agent reads version 1: version: 1");
  if (version != "1" && !root.is_wrong("version")) {
    root.mistake("version", "'" + version + "' is no version that this agent reads: it reads 1");
  }
  root.text("host", configuration.agent.host);
  if (!is_host_name(configuration.agent.host)) {
    root.mistake("host", "must be the host's name: letters, digits, '.', '-' and '_'");
  }
  root.required_text("data", configuration.data);
  configuration.data = beside(configuration.path, configuration.data);
  read_own_key(root, configuration);
  root.sections("engines", [&](Section& s) { read_engine(s, configuration); });
  root.require("engines", "'engines' is missing: engines: [{key: ..., allow: [...]}]");
  root.require("kafka", "'kafka' is missing: kafka: {brokers: [...]}");
  root.section("kafka", [&](Section& s) {
    if (root.has("kafka")) read_kafka(s, configuration);
  });
  root.duration("lifetime_max", configuration.rules.lifetime_max, seconds(1), hours(1));
  root.duration("ahead_max", configuration.rules.ahead_max, Duration{0}, minutes(10));
  root.duration("heartbeat", configuration.agent.heartbeat, seconds(1), hours(1));
  root.duration("check_every", configuration.host.check_every, seconds(1), minutes(1));
  configuration.rules.host = configuration.agent.host;
  configuration.agent.behind = configuration.rules.lifetime_max;
  configuration.agent.actions = configuration.host.allow;
  configuration.host.name = configuration.agent.host;
  configuration.host.directory = configuration.data + "/host";
  configuration.host.roots = read_host_roots(root, configuration.path, configuration.host.directory);
  root.finish();
}

}  // namespace

Result<LoadedAgentConfiguration> load_agent_configuration(const std::string& path, const Environment& environment,
                                                          const std::string& machine) {
  const auto text = read_file(path, 4U << 20U);
  if (!text) return text.error().with("the agent's configuration");
  LoadedAgentConfiguration loaded;
  loaded.configuration.path = path;
  loaded.configuration.agent.host = machine;
  YamlFile file = read_yaml(path, *text, environment, [&](Section& root) { read_agent(root, loaded.configuration); });
  loaded.mistakes = std::move(file.mistakes);
  return loaded;
}

}  // namespace kedge
