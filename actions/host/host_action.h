// The engine's end of an action on a host: it declares the action, and hands everything on to the host that the
// argument `host` names. What is done there is in host/ (host_actions.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "remediate/action.h"

namespace kedge {

// "host", which every action on a host takes, before its own.
std::vector<ArgumentSpec> with_host(std::vector<ArgumentSpec> own);

// Places and breakers are each host's own.
Endpoint host_endpoint(const nlohmann::json& args);

// "web-1": letters, digits, dots and hyphens, as keys and topics are made of it.
Result<void> check_host(const nlohmann::json& args);

std::unique_ptr<Action> make_host_action(ActionSpec);

}  // namespace kedge
