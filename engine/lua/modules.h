// Compiling files, running them once per environment, and `require`. Inside this folder only.
#pragma once

#include <string>

#include "lua/machine.h"

namespace kedge::lua {

// Runs the file in the open environment and pushes what it returned. Raises.
void run_script(Machine& machine, const File& file);

// Makes the libraries, the host's functions and the declarators: what environments inherit from. Raises.
void build_base(Machine& machine);

}  // namespace kedge::lua
