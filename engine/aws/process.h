// A command whose output is wanted.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

// Runs `command` with /bin/sh and our environment, and returns what it wrote to standard output. Its standard error is
// ours. Refused: an exit code other than 0. When `timeout` is over it is killed, with what it has started in its
// process group. The error never repeats output or command: they may hold secrets.
Result<std::string> run_command(const std::string& command, Duration timeout, size_t output_bytes_max);

}  // namespace kedge
