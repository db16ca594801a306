// What the engine must not turn against, as far as the configuration and this machine tell it.
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"
#include "guard/own_things.h"

namespace kedge {

std::vector<OwnThing> own_things(const Configuration&);

}  // namespace kedge
