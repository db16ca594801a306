// The section `host` of the configuration: this machine as a host that actions are carried out on.
#pragma once

#include <string>

#include "app/local_host_options.h"
#include "app/yaml.h"

namespace kedge {

// Of the file `configuration`, with its `data`. Mistakes are told to the section.
LocalHostOptions read_local_host(Section& host, const std::string& configuration, const std::string& data);

}  // namespace kedge
