// The judge: whether a host takes a command. Pure: what it knows is given to it.
//
// In this order: the form, the key and its signature, the host, whether it was there before, its time, and whether this
// key may have this action done. The first that is wrong counts.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/command_message.h"
#include "audit/note.h"

namespace kedge {

// Why a command is not begun.
enum class Refusal {
  unreadable,     // it is no command
  unknown_key,    // none of the keys that are listed
  bad_signature,  // it says to be signed by a key that is listed, and is not
  other_host,     // it is for another host
  stale,          // expired, not yet issued, or good for longer than is allowed
  replayed,       // another command has had its id
  not_allowed,    // this key may not have this action done
  busy,           // there is no room to remember it (command_handler.h)
};
std::string_view to_string(Refusal);

// Of an engine: who it is, and what it may have done here.
struct TrustedKey {
  VerifierKey key;
  std::vector<std::string> actions;
};

struct JudgeRules {
  std::string host;
  std::vector<TrustedKey> keys;
  Duration lifetime_max = std::chrono::minutes(10);  // from `issued` to `expires`
  Duration ahead_max = std::chrono::seconds(5);      // how far the engine's clock may be ahead of ours
};

// What the host remembers of the commands that it has begun.
struct Remembered {
  std::function<std::optional<std::string>(const std::string& id)> digest_of;  // none: this id was not there
  Time forgotten{};  // of those that expire until then some may be forgotten
};

struct Judgement {
  enum class Kind { accepted, repeated, refused };
  Kind kind = Kind::refused;
  Refusal refusal = Refusal::unreadable;  // where it is refused
  std::string message;                    // and for people
  std::string digest;                     // of the command
  bool authentic = false;                 // a key that is listed has signed it
  std::optional<CommandMessage> command;  // as far as it could be read; while not authentic, what it claims
};

Judgement judge_command(std::string_view whole, const JudgeRules& rules, const Remembered& remembered, Time now);

}  // namespace kedge
