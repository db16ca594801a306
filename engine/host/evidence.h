// What is captured of a host before it is changed, for those who investigate: what is volatile first (RFC 3227).
//
// processes, open files, sockets, mounts, loaded modules, routes and neighbours, logins, then the files that were
// changed. Bounded in bytes and in time; whatever was left out is named in the index, with why. Nothing on the host is
// changed by it, but for what the kernel itself notes when a file is read.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "host/evidence_writer.h"

namespace kedge {

struct EvidenceRequest {
  std::string host;
  // The files of the host, as this process sees them.
  std::string root = "/";
  // A process in whose namespaces the host is; none: the host is this machine.
  std::optional<pid_t> init = {};
  std::vector<std::string> paths = {};  // below the root
  EvidenceLimits limits = {};
};

// Writes DIRECTORY/ID. Evidence of that id that is there already is checked and given back: what was captured first is
// what counts, however often it is asked for. Errors: invalid (the id), corrupt (what is there is not what was
// captured), no_room, unavailable.
Result<Evidence> capture_evidence(const EvidenceRequest& request, const std::string& directory, const std::string& id,
                                  Clock& clock);

}  // namespace kedge
