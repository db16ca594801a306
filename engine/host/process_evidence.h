// Processes as evidence: who runs, from what, and what each holds open.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "host/evidence_writer.h"

namespace kedge {

struct SeenProcesses {
  std::map<uint64_t, std::set<pid_t>> sockets;   // by inode: who has it open
  std::map<uint64_t, pid_t> network_namespaces;  // by inode: one who is in it
};

// processes.jsonl and open_files.jsonl, as /proc tells them. With `init` those of its process namespace, and of the
// namespaces within; otherwise all. What ends meanwhile is left out. The executable of a process whose file is gone, or
// never had a name, is kept as files/executable-PID.
SeenProcesses capture_processes(EvidenceWriter& writer, std::optional<pid_t> init);

}  // namespace kedge
