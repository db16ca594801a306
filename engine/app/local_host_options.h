// What the configuration says of this machine as a host that actions are carried out on.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/time.h"
#include "host/host_root.h"

namespace kedge {

struct LocalHostOptions {
  std::string name;                // of this machine, as rules call it; empty: no action is carried out on it
  std::vector<std::string> allow;  // names of actions
  std::string directory;           // what is kept of what was done
  Duration check_every = std::chrono::seconds(5);
  std::vector<HostRootOptions> roots;  // of this machine, that can be replaced
};

}  // namespace kedge
