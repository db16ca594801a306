// The section `hosts` of the configuration: hosts that are called over Kafka.
#pragma once

#include <string>

#include "app/remote_hosts_options.h"
#include "app/yaml.h"

namespace kedge {

// Of the file `configuration`; `own`: this machine's name as a host, empty where it is none. The hosts' keys are read;
// the engine's own is not, as whoever only asks about the past may not read it. Mistakes are told to the section.
RemoteHostsOptions read_remote_hosts(Section& hosts, const std::string& configuration, const std::string& own);

}  // namespace kedge
