// What an engine asks of a host, as it travels: one document, signed by the engine's key (signed_json.h).
#pragma once

#include <string>
#include <string_view>

#include "agent/signed_json.h"
#include "base/time.h"

namespace kedge {

inline constexpr std::string_view kCommandType = "kedge.host.command.v1";

struct CommandMessage {
  std::string id;            // a UUID: made anew for each call
  std::string host;          // "web-1"
  std::string action;        // "host.quarantine"
  std::string operation;     // "observe", "apply", "undo"
  Json body;                 // remediate/hosts.h
  std::string remediation;   // empty: none
  std::string mark;          // of its attempt; empty while observing
  Time issued{}, expires{};  // from then on nothing is begun

  bool writes() const { return operation != "observe"; }
  bool operator==(const CommandMessage&) const = default;
};

// Errors: (invalid) names the member, (limit) the sizes.
Result<std::string> sign_command(const CommandMessage&, const SigningKey&);
Result<CommandMessage> read_command(const SignedJson&);

// Names a message in outcomes: the SHA-256 of all of it, in hexadecimal.
std::string message_digest(std::string_view whole);

// "web-1": letters, digits, dots, hyphens and underscores, as keys and records are made of it.
bool is_host_name(std::string_view);

}  // namespace kedge
