// The daemon: builds the world from a configuration, top to bottom, runs it until it is told to end, and takes it down
// in reverse.
#pragma once

#include "app/configuration.h"
#include "base/result.h"

namespace kedge {

// Runs until SIGTERM or SIGINT (clean: what runs is finished or handed back within the shutdown deadline), or until
// something is wrong for good. SIGHUP loads the rules anew. Tells systemd when it is ready, and that it is alive.
// Blocks these signals in the calling thread: call it before any other thread is started.
Result<void> run_daemon(const Configuration& configuration, const Environment& environment);

}  // namespace kedge
