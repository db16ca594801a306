// Keys and messages for tests of an agent's two ends.
#pragma once

#include <string>
#include <utility>

#include "agent/command_message.h"
#include "audit/note.h"

namespace kedge {

// Of one name always the same.
inline SigningKey some_key(const std::string& name, char seed = 'k') {
  return SigningKey::from_seed(name, std::string(kEd25519KeyBytes, seed)).value();
}

inline constexpr const char* kSomeId = "01a1fe25-dad4-7e76-b79f-9f4ca3a7006e";

// Of the host "web-1", issued at `now`, good for 20 seconds.
inline CommandMessage some_command(Time now, std::string operation = "apply") {
  CommandMessage command;
  command.id = kSomeId;
  command.host = "web-1";
  command.action = "host.lamp";
  command.operation = std::move(operation);
  command.body = {{"args", {{"lit", true}}}, {"now", {{"lit", false}}}};
  command.remediation = "01a1fe25-dad4-7e76-b79f-000000000001";
  command.mark = "mark-1";
  command.issued = now;
  command.expires = now + std::chrono::seconds(20);
  return command;
}

inline std::string signed_by(const SigningKey& key, const CommandMessage& command) {
  return sign_command(command, key).value();
}

}  // namespace kedge
