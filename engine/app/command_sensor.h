#pragma once

#include "app/command.h"

namespace kedge {

// `kedge sensor`.
void add_sensor(CLI::App&, Shell&);

}  // namespace kedge
