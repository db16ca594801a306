// What the engine must not turn against, as far as the configuration and this machine tell it.
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"
#include "guard/own_things.h"

namespace kedge {

std::vector<OwnThing> own_things(const Configuration&);

// With the ARNs that are us.
std::vector<OwnThing> with_principals(std::vector<OwnThing>, const std::vector<std::string>& arns);

}  // namespace kedge
