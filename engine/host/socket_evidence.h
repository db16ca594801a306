// Sockets as evidence: who listens, who is connected, and who reads frames past the protocols.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/evidence_writer.h"
#include "host/process_evidence.h"

namespace kedge {

// sockets.jsonl: the TCP, UDP, raw, packet and Unix sockets of each network namespace that a process of `seen` is in,
// with the processes that hold them.
void capture_sockets(EvidenceWriter& writer, const SeenProcesses& seen);

// What one of /proc/net's tables says, a line each: protocol is "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet"
// or "unix". Lines that cannot be read are left out.
std::vector<Json> parse_sockets(std::string_view protocol, std::string_view table);

}  // namespace kedge
