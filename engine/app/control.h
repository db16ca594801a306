// What a person asks of the engine from the command line: through the running daemon, or, when none runs, by taking the
// ledger's lock and committing it here.
#pragma once

#include <nlohmann/json.hpp>

#include "api/control_request.h"
#include "app/configuration.h"

namespace kedge {

// What the engine answered; `by_daemon` is false in it where none runs, so that nothing comes of it yet. unavailable:
// neither a daemon nor the ledger could be reached.
Result<nlohmann::json> ask_engine(const Configuration& configuration, const ControlRequest& request);

}  // namespace kedge
