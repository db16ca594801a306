// The unix socket between the command line and the daemon: addresses, and lines in both directions within limits.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace kedge {

inline constexpr size_t kControlRequestMax = 1U << 20U;
inline constexpr size_t kControlReplyMax = 16U << 20U;

// A non-blocking stream socket. not_found: nobody listens there. refused: it may not be used by us.
Result<Descriptor> connect_to(const std::string& path);
// invalid: this machine has no such group.
Result<gid_t> group_named(const std::string& name);
// Takes the place of what an earlier process left. `group`: the name of a group whose members may connect; empty: only
// the owner. limit: the path is longer than a socket's may be.
Result<Descriptor> listen_at(const std::string& path, const std::string& group);

// One conversation's patience: how long in all, and a descriptor that becomes readable when it is to be broken off.
struct Deadline {
  Clock& clock;
  Duration deadline;  // on Clock::elapsed
  int cancel = -1;
};

// Up to and without the next "\n". limit: more than `bytes_max` came without one. timeout: the deadline is over.
// unavailable: the other side has gone, or we were told to break off.
Result<std::string> read_line(const Descriptor&, size_t bytes_max, const Deadline&);
Result<void> write_all(const Descriptor&, std::string_view bytes, const Deadline&);

}  // namespace kedge
