// Hosts: how an action calls a host. An edge of the world: over a topic by agent/, within this machine by app/.
//
// A host does what is asked of it itself, by its own list of what may be done to it: it observes, applies and undoes as
// an action does (host/host_actions.h), and what it answers is an action's answer.
#pragma once

#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/time.h"
#include "remediate/action_result.h"

namespace kedge {

enum class HostOperation { observe, apply, undo };
std::string_view to_string(HostOperation);

struct HostCommand {
  std::string host;                                  // "web-1"
  std::string action;                                // "host.quarantine"
  HostOperation operation = HostOperation::observe;  // all but observe write
  // observe: {"args"}; apply: {"args", "now"}; undo: {"args", "before", "after"}. `now`, `before` and `after` are
  // states that the host has answered before.
  nlohmann::json body;
  Duration timeout = std::chrono::seconds(20);  // for everything; the host is told, and begins nothing behind it
  std::string remediation;
  std::string mark;  // of the attempt; empty while observing
  std::stop_token stop;

  bool writes() const { return operation != HostOperation::observe; }
};

// Codes of errors that are not the host's own: of the way to it.
inline constexpr const char* kHostUnreachable = "host_unreachable";  // it was surely not asked: retry
inline constexpr const char* kHostSilent = "host_silent";            // asked, and without an answer: unknown

// Thread-safe; each call blocks its thread until there is an answer or the timeout is over.
class Hosts {
 public:
  virtual ~Hosts() = default;

  // observe: {"holds", "state", "summary"}, and "hold" where it cannot be told for certain. apply, undo: {"notes"}.
  virtual ActionResult<nlohmann::json> call(const HostCommand&) = 0;
};

// Where no host can be called: refuses, and says what would be right.
class NoHosts final : public Hosts {
 public:
  ActionResult<nlohmann::json> call(const HostCommand&) override;
};

}  // namespace kedge
