// Quarantine: what a host that is isolated may still do, and the nftables ruleset that says so. Values and pure
// functions; who carries it out is quarantines.h.
//
// The ruleset is one table of our own: an accept in it overrules nobody's drop, and nobody's accept overrules its drop,
// so that nothing else has to be touched. Loading it is one transaction that replaces the table if it is there.
//
// Its time is the kernel's. Every chain lets everything pass once the elements of the set `standing` have timed out:
// whatever becomes of this program, of the way to it or of its clock, the isolation ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "host/network.h"

namespace kedge {

struct Quarantine {
  std::vector<IpNetwork> management;   // may go on reaching us ...
  std::vector<uint16_t> ports = {22};  // ... at these ports over TCP; we answer, and begin nothing
  std::vector<IpService> lifeline;     // what we must be able to reach over TCP, or the isolation is undone
  std::string user, cgroup;            // isolate only these; both empty: the whole host
  std::chrono::seconds lease = std::chrono::hours(25);  // the engine releases what it has isolated after a day
  bool survives_reboot = false;

  bool whole_host() const { return user.empty() && cgroup.empty(); }
  std::string subject() const;  // in words: "the host", "the user www-data"

  // The arguments of host.quarantine, without the host; errors name the argument and what would be right.
  static Result<Quarantine> read(const nlohmann::json& args);
  // The same in one form: what is isolated and what stays. The lease's length is no part of it.
  nlohmann::json form() const;
};

// Whom rules name in the kernel's words.
struct QuarantineSubject {
  std::optional<uint32_t> user;
  std::string cgroup;  // below /sys/fs/cgroup; empty: none
  int level = 0;       // of the cgroup below the root of its tree

  std::string table() const;  // of family inet
};

// `remediation`: who looks at the host's rules reads there why they are.
std::string quarantine_ruleset(const Quarantine&, const QuarantineSubject&, const std::string& remediation,
                               std::chrono::seconds standing);
std::string release_ruleset(const std::string& table);

}  // namespace kedge
