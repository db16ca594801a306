// What may be done to this host, done by the host itself: each action's own end, and the list of those that are
// allowed.
//
// An action has two ends. The engine's (actions/host) declares it and calls a host; this one, on the host, observes,
// applies and undoes. Between them travels JSON only, within one machine or over a topic.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace kedge {

// Of one call.
struct HostCall {
  Clock& clock;
  Duration deadline{};      // on Clock::elapsed: nothing is begun behind it
  std::string remediation;  // which remediation asks
  std::string mark;         // of its attempt; empty while observing
  std::stop_token stop = {};
};

// What was seen.
struct HostSight {
  bool holds = false;               // the desired state holds already
  nlohmann::json state;             // what it is now: undo restores from it. Canonical JSON values only
  std::string summary;              // one line for people
  std::optional<std::string> hold;  // set: it cannot be told for certain; a person decides, and why
};

// The host's end of one action. Stateless but for what stands on the host; every method may be called from any thread.
//
// What an Error of apply and undo tells: `invalid`, `refused`: no, and again no; `unavailable`, `conflict`: surely
// nothing was done, and it may work later; anything else: it may have been done.
class HostAction {
 public:
  virtual ~HostAction() = default;

  virtual const std::string& name() const = 0;  // "host.quarantine"
  // Changes nothing.
  virtual Result<HostSight> observe(HostCall&, const nlohmann::json& args) = 0;
  // `now`: a state as observe told it, a moment ago. Both give what was done, in words.
  virtual Result<std::vector<std::string>> apply(HostCall&, const nlohmann::json& args, const nlohmann::json& now) = 0;
  virtual Result<std::vector<std::string>> undo(HostCall&, const nlohmann::json& args, const nlohmann::json& before,
                                                const nlohmann::json& after) = 0;
};

// Hands a command to the action that it names, if that is allowed here. Thread-safe.
class HostActions {
 public:
  // `allowed`: names of actions; what is not named is refused, whoever asks.
  HostActions(std::vector<std::unique_ptr<HostAction>> actions, std::vector<std::string> allowed);

  // `operation` and `body`, and the answer: as remediate/hosts.h has them. Errors: as an action's, and `refused` for
  // what is not allowed.
  Result<nlohmann::json> run(HostCall&, std::string_view action, std::string_view operation,
                             const nlohmann::json& body);

 private:
  Result<HostAction*> find(std::string_view action) const;
  static Result<nlohmann::json> run(HostAction&, HostCall&, std::string_view operation, const nlohmann::json& body);

  const std::vector<std::unique_ptr<HostAction>> actions_;
  const std::vector<std::string> allowed_;
};

}  // namespace kedge
