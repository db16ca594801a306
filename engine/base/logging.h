// The daemon's log, for operators: spdlog, as text or as one JSON object a line, on standard error.
//
// Rooms log with spdlog's own calls (spdlog::info("...", ...)). Nothing secret is ever given to it: secrets are read
// where they are used and live in no message.
#pragma once

#include <string_view>

#include "base/result.h"

namespace kedge {

enum class LogFormat { text, json };

// Call before the first thread starts; a later call takes the place of an earlier one. `level`: trace, debug, info,
// warn, error.
Result<void> configure_logging(LogFormat, std::string_view level);

}  // namespace kedge
