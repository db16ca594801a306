// The section `host` of the configuration: this machine as a host that actions are carried out on.
#pragma once

#include <string>
#include <vector>

#include "app/local_host_options.h"
#include "app/yaml.h"

namespace kedge {

// Of the file `configuration`, with its `data`. Mistakes are told to the section.
LocalHostOptions read_local_host(Section& host, const std::string& configuration, const std::string& data);

// Names of actions in the list `key` of the section that no host can carry out are mistakes.
void check_host_actions(Section& section, const char* key, const std::vector<std::string>& names);

}  // namespace kedge
