#include "remediate/hosts.h"

#include <array>

namespace kedge {
namespace {

constexpr std::array<std::string_view, 3> kOperations = {"observe", "apply", "undo"};

}  // namespace

std::string_view to_string(HostOperation operation) { return kOperations[static_cast<size_t>(operation)]; }

ActionResult<nlohmann::json> NoHosts::call(const HostCommand& command) {
  return ActionError{ActionError::Kind::refused,
                     "no_host",
                     command.action + " is for the host '" + command.host +
                         "', and this engine can call none: `host` in the configuration makes this machine one, and "
                         "`hosts` names those that have an agent",
                     {}};
}

}  // namespace kedge
