// Who asks: the name that stands in records of what people did.
#pragma once

#include <sys/types.h>

#include <string>

namespace kedge {

// "alice (uid 1000)", or "uid 1000" for one whom the system has no name for.
std::string actor_of(uid_t);

// The user that runs this process.
std::string own_actor();

}  // namespace kedge
