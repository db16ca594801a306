// Sockets of a network namespace, as the kernel lists them (sock_diag(7)): those that wait for others, or all.
//
// The kernel picks them out, so that a look at what listens costs the same with ten thousand connections as with none.
// TCP and UDP over IPv4 and IPv6; raw and packet sockets, SCTP and Unix sockets are none of these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace kedge {

enum class SocketProtocol : uint8_t { tcp, udp };
std::string_view to_string(SocketProtocol);  // "tcp"

struct SocketEnd {
  std::string address;  // "0.0.0.0", "::1"
  uint16_t port = 0;

  auto operator<=>(const SocketEnd&) const = default;
};
std::string to_string(const SocketEnd&);  // "0.0.0.0:22", "[::1]:22"

struct Socket {
  SocketProtocol protocol = SocketProtocol::tcp;
  SocketEnd local;
  SocketEnd remote;         // of one that waits for others: all zeros, port 0
  uint64_t inode = 0;       // as /proc/PID/fd names it; 0: no process has it any more
  uint32_t uid = 0;         // who made it
  uint32_t interface = 0;   // that it is bound to; 0: any
  bool is_waiting = false;  // TCP that listens; UDP that is connected to nobody

  bool operator==(const Socket&) const = default;
};

// Threads: one calls.
class SocketTable {
 public:
  enum class Wanted : uint8_t { waiting, all };

  // Of the network namespace that the calling thread is in now, and of that one for ever.
  static Result<SocketTable> open();

  // In no order. A socket that comes or goes meanwhile is in it or not.
  Result<std::vector<Socket>> read(Wanted wanted);

 private:
  explicit SocketTable(Descriptor netlink) : netlink_(std::move(netlink)) {}
  Result<void> read(int family, SocketProtocol protocol, Wanted wanted, std::vector<Socket>& sockets);

  Descriptor netlink_;
  uint32_t sequence_ = 0;
};

}  // namespace kedge
