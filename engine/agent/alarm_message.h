// What an agent tells by itself because people have to hear of it: an isolation that somebody has changed, a root that
// does not run. One document, signed by the host's key.
//
// The host may be anybody's by now: an engine takes no other kinds than these, and not many (KafkaHosts).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/signed_json.h"
#include "base/time.h"

namespace kedge {

inline constexpr std::string_view kHostAlarmType = "kedge.host.alarm.v1";

struct HostAlarmMessage {
  std::string id;  // a UUID: of one that comes again it is the same
  std::string host;
  Time at{};                // by the host's clock
  std::string kind;         // "isolation-changed", "isolation-failed", "isolation-renewed", "isolation-ended",
                            // "root-not-started"
  std::string message;      // for people
  std::string remediation;  // that it is about; empty: none
  std::vector<std::string> difference;  // lines that were found, "+ ...", or missing, "- ..."

  bool operator==(const HostAlarmMessage&) const = default;
};

Result<std::string> sign_host_alarm(const HostAlarmMessage&, const SigningKey&);
Result<HostAlarmMessage> read_host_alarm(const SignedJson&);

}  // namespace kedge
