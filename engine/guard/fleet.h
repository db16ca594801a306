// Fleets: targets that stand in for each other; what lies on a host ("host:NAME/PATH") counts as its host. Only a share
// of a fleet may be out of service at a time, so that the response to one that is compromised, or to many that seem so,
// is not itself the outage. Pure functions of values.
//
// How large a fleet is, the configuration says. The targets that the ledger has seen are no inventory: in a storm their
// number, and with it what the share allows, would grow with what goes wrong. A fleet of unknown size counts as one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

// Of a fleet's targets, how many in a hundred may be acted on within the time, those included on which a remediation
// has not ended yet; at least one.
struct Share {
  int percent = 10;
  Duration within = std::chrono::hours(1);

  bool operator==(const Share&) const = default;
};

// "10%/1h"
std::string to_string(const Share&);
Result<Share> parse_share(std::string_view);

struct Fleet {
  std::vector<std::string> targets;  // exact, or with one * at the end
  int size = 0;                      // 0: unknown
  int keep = 0;                      // so many stay in service, whatever the share says

  bool operator==(const Fleet&) const = default;
};
using Fleets = std::map<std::string, Fleet>;  // by name

// Of the hosts that no fleet names.
inline constexpr const char* kOtherHosts = "hosts";

// The first fleet, by name, that the target is in; a host is always in one. Empty: none.
std::string fleet_of(const std::string& target, const Fleets&);

// What the gate judges by.
struct FleetFigures {
  std::string fleet;
  int size = 0;
  int out = 0;   // others that are out of service, or were within the time
  int most = 0;  // how many may be

  bool is_spent() const { return out >= most; }
};
// `out`: the targets that are out of service, of all fleets; the one that is asked about does not count.
FleetFigures figures_of(const std::string& fleet, const Fleets&, const Share&, const std::string& target,
                        const std::vector<std::string>& out);

}  // namespace kedge
