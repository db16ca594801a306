// The list `roots` in the section `host` of the configuration: what of this machine host.replace can replace.
#pragma once

#include <string>
#include <vector>

#include "app/yaml.h"
#include "host/host_root.h"

namespace kedge {

// Of the file `configuration`; what a root has no directory of its own for lies in `directory`. Mistakes are told to
// the sections. Keys are read, nothing else is touched.
std::vector<HostRootOptions> read_host_roots(Section& host, const std::string& configuration,
                                             const std::string& directory);

}  // namespace kedge
