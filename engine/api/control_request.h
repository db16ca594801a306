// ControlRequest: what a person may ask of the engine, and how it becomes a Change of the ledger.
//
// The daemon and the command line that works without one (it holds the ledger's lock then) translate by the same
// function, so that a record says the same either way.
//
//   command               arguments                                        becomes
//   pause                 scope = "all", reason = ""                       AddPause
//   resume                scope = "all"; no file's                         RemovePause
//   ledger.accept-clock   reason                                           AcceptClock
//   exception.add         id, rule, target, owner, reason, expires         AddException
//   exception.revoke      id                                               RevokeException
//   remediation.approve   id, reason = ""                                  PersonalMove resume
//   remediation.retry     id, reason = ""                                  PersonalMove resume, approves nothing
//   remediation.reject    id, reason                                       PersonalMove cancel
//   remediation.cancel    id, reason                                       PersonalMove cancel
//   remediation.undo      id, reason                                       PersonalMove undo
//   remediation.release   id, reason                                       PersonalMove release
//   dead-letter.discard   numbers                                          CloseDeadLetters
//   source.seek           source, topic, partition, cluster, next, reason  SeekPosition
//
// Further commands are the daemon's own (dead-letter.redrive, remediation.rerun, source.accept, source.adopt, reload):
// app gives them to the server as functions. So is source.seek where a daemon runs, for it has to look at the position
// anew.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "ledger/change.h"

namespace kedge {

struct ControlRequest {
  std::string command;
  nlohmann::json arguments = nlohmann::json::object();

  bool operator==(const ControlRequest&) const = default;
};

// Pure. Refused (invalid): an argument that is missing, unknown or wrong; a command that becomes no Change. The error
// names the argument and what would be right. `actor`: who asks (actor.h); `now`: ledger time.
Result<Change> change_of(const ControlRequest& request, const std::string& actor, Time now);

// Whether a command becomes a Change at all: the others only a running daemon can do.
bool becomes_change(const std::string& command);

// What the one who asked is told: {"seq": the record's number}, or why it was not done.
Result<nlohmann::json> reply_of(const Answer& answer);

// One line of JSON each, as they go over the socket.
std::string line_of(const ControlRequest& request);
Result<ControlRequest> request_in(const std::string& line);
std::string line_of(const Result<nlohmann::json>& reply);
Result<nlohmann::json> reply_in(const std::string& line);

}  // namespace kedge
