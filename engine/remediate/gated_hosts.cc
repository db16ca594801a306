#include "remediate/gated_hosts.h"

#include <algorithm>

namespace kedge {

ActionResult<nlohmann::json> GatedHosts::call(const HostCommand& command) {
  const std::string what = command.action + " " + std::string(to_string(command.operation));
  if (const auto refusal = gate_.refuse(command.writes(), what)) {
    const auto kind = gate_.misused() ? ActionError::Kind::refused : ActionError::Kind::retry;
    return ActionError{kind, gate_.misused() ? "internal" : "kept_back", refusal->message, {}};
  }
  HostCommand bounded = command;
  bounded.timeout = std::min(command.timeout, gate_.left());
  if (!bounded.stop.stop_possible()) bounded.stop = gate_.stop();
  auto answer = hosts_.call(bounded);
  judge(answer);
  if (!command.writes()) return answer;
  if (answer || answer.error().kind != ActionError::Kind::retry) ++writes_;
  if (!answer && answer.error().kind == ActionError::Kind::unknown) unsure_ = true;
  return answer;
}

void GatedHosts::judge(const ActionResult<nlohmann::json>& answer) {
  const bool lost = !answer && (answer.error().code == kHostUnreachable || answer.error().code == kHostSilent);
  if (health_ == Breaker::Outcome::bad || (lost && gate_.stop().stop_requested())) return;
  health_ = lost ? Breaker::Outcome::bad : Breaker::Outcome::good;
  if (lost) trouble_ = answer.error().message;
}

}  // namespace kedge
