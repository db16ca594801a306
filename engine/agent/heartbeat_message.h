// What an agent tells of itself at times: that it lives, what it allows, and how many commands it had to do with. One
// document, signed by the host's key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/signed_json.h"
#include "base/time.h"

namespace kedge {

inline constexpr std::string_view kHeartbeatType = "kedge.host.heartbeat.v1";

struct HeartbeatMessage {
  std::string host;
  std::string run;                   // one life of the agent: a UUID
  int64_t sequence = 0;              // of its heartbeats, from 1
  Time at{};                         // by the host's clock
  std::vector<std::string> actions;  // that it allows to somebody
  int64_t executed = 0, repeated = 0, refused = 0;
  int64_t unanswered = 0;  // refused, and neither answered nor recorded: there were too many

  bool operator==(const HeartbeatMessage&) const = default;
};

Result<std::string> sign_heartbeat(const HeartbeatMessage&, const SigningKey&);
Result<HeartbeatMessage> read_heartbeat(const SignedJson&);

}  // namespace kedge
