#pragma once

#include "app/command.h"

namespace kedge {

// `kedge agent`.
void add_agent(CLI::App&, Shell&);

}  // namespace kedge
