// agent.yaml, read into the options of the agent's parts. Every mistake is found at once, with line, field and remedy,
// as those of kedge.yaml are; the keys that it names are read with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/command_judge.h"
#include "app/local_host_options.h"
#include "app/yaml.h"
#include "audit/note.h"
#include "aws/options.h"

namespace kedge {

struct AgentConfiguration {
  std::string path;  // the file's
  std::string data;  // the directory of the journal and the record
  Agent::Options agent;
  JudgeRules rules;
  LocalHostOptions host;          // what may be done here, whoever of those that are listed asks
  std::optional<SigningKey> key;  // the host's; set where nothing is wrong
};

struct LoadedAgentConfiguration {
  AgentConfiguration configuration;
  std::vector<Mistake> mistakes;  // empty: it can be used
};

// Errors are those of a file that cannot be read; what is wrong inside it are mistakes. `machine`: the name of this
// host where the file says none.
Result<LoadedAgentConfiguration> load_agent_configuration(const std::string& path, const Environment& environment,
                                                          const std::string& machine);

}  // namespace kedge
