// What became of a command on a host, as it travels back: one document, signed by the host's key. It names the command
// by its id and its digest, so that it can stand for no other.
#pragma once

#include <string>
#include <string_view>

#include "agent/signed_json.h"
#include "base/time.h"

namespace kedge {

inline constexpr std::string_view kOutcomeType = "kedge.host.outcome.v1";

struct OutcomeMessage {
  enum class Kind {
    done,     // `answer` is the action's
    failed,   // the action said no, or failed: `code` is an ErrorCode's word
    refused,  // the agent did not begin it: `code` is a Refusal's word (command_judge.h)
    unknown,  // it had begun when the agent ended: what was done of it is not known
  };
  std::string command;  // the command's id
  std::string digest;   // of the command
  std::string host;
  Kind kind = Kind::unknown;
  Json answer = Json::object();
  std::string code, message;  // of all but `done`
  Time at{};                  // by the host's clock

  bool operator==(const OutcomeMessage&) const = default;
};
std::string_view to_string(OutcomeMessage::Kind);

// Texts that are no UTF-8 are mended. What is too large, or has no canonical form, becomes an outcome that says so: of
// what failed or was refused without its message, of what was done an internal error.
std::string sign_outcome(OutcomeMessage, const SigningKey&);
Result<OutcomeMessage> read_outcome(const SignedJson&);

}  // namespace kedge
