// Flows: what sockets of this network namespace are connected, and how they are cut.
//
// A packet filter that drops only pauses a connection: it goes on when the filter is gone. Cut, its socket is closed
// with an error for who uses it, and nothing of it comes back.
#pragma once

#include <linux/inet_diag.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/network.h"

namespace kedge {

struct Flow {
  bool udp = false;
  IpService local, remote;
  uint32_t user = 0;    // the socket's owner
  uint64_t cgroup = 0;  // in which the socket was made; the inode of its folder
  inet_diag_req_v2 socket{};

  std::string text() const;  // "tcp 192.0.2.1:22 with 198.51.100.7:4000"
};

// Connected sockets, over TCP and UDP; what only listens, or waits for its end, is none.
Result<std::vector<Flow>> connected_flows();

// False: it had ended already. Needs CAP_NET_ADMIN, and a kernel with INET_DIAG_DESTROY: `not_found` says that it has
// not.
Result<bool> cut(const Flow&);

// The addresses of this host itself.
Result<std::vector<IpAddress>> own_addresses();

}  // namespace kedge
