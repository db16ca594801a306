// Whether packets of ours reach somebody: what an isolation is proven by.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "host/network.h"
#include "host/quarantine.h"

namespace kedge {

// Those of the services that accept a connection over TCP within the time, sorted. All are tried at once.
std::vector<IpService> answering(const std::vector<IpService>&, Duration timeout);

// Sends datagrams to addresses that nobody has (RFC 5737, RFC 3849), over IPv4 and IPv6, as the subject: from a process
// of its own where that is a user or a cgroup (`cgroup_folder`), which is in the network namespace `network` (a
// descriptor; negative: in ours). Gives how one got out; none: none did.
Result<std::optional<std::string>> way_out(const QuarantineSubject&, const std::string& cgroup_folder, int network);

}  // namespace kedge
