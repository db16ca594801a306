// The first process of a host that has namespaces of its own: started behind a gate, recognised, ended, and asked for
// its health.
//
// It is the first of a process namespace: when it ends, the kernel ends all that runs in there. Its mounts, host name
// and message queues are its own; its network is one that stands already, or the machine's. It is nobody's child here:
// it goes on when the process that started it ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace kedge {

// A process by what no other can have: its number, when it was started, and in which boot.
struct HostProcess {
  pid_t number = 0;
  uint64_t started_ticks = 0;
  std::string boot;

  bool operator==(const HostProcess&) const = default;
};

struct HostProcessOptions {
  std::string root;                  // a mount point, which it sees as "/"
  std::string host_name;             // empty: the machine's
  std::string network;               // "/run/netns/web1"; empty: the machine's
  std::vector<std::string> command;  // the program's path within the root, and its arguments
};

// A first process that has all that it needs, and waits: it becomes its program when it is let go, and ends when this
// is destroyed before that, also by the end of our process. So what was written down of it before is never wrong.
class GatedProcess {
 public:
  // With its mounts, and with its command found to be there. Errors: refused (no right to make namespaces), not_found
  // (the network, a directory, the command), unavailable.
  static Result<GatedProcess> start(const HostProcessOptions& options, Clock& clock);

  const HostProcess& process() const { return process_; }

  // Until it is its program. An error: it could not be, and has ended.
  Result<void> let_go();

 private:
  GatedProcess(HostProcess process, Descriptor gate, Descriptor report)
      : process_(std::move(process)), gate_(std::move(gate)), report_(std::move(report)) {}

  HostProcess process_;
  Descriptor gate_;
  Descriptor report_;
};

bool is_running(const HostProcess& process, Clock& clock);

// Ends it, and all that runs in its process namespace, and waits until that is done. One that is not running is no
// error. timeout: it is still there.
Result<void> end_process(const HostProcess& process, Clock& clock, Duration timeout);

// Whether a command, run within the host's namespaces, ends with 0. Else what it said is the error: refused when it
// ended otherwise, timeout when it was ended for taking too long, not_found when the host's process is gone.
Result<void> run_within(const HostProcess& process, const std::vector<std::string>& command, Clock& clock,
                        Duration timeout);

// Waits for so long, or until the process ends. Whether it runs still.
bool still_runs_after(const HostProcess& process, Clock& clock, Duration span);

}  // namespace kedge
