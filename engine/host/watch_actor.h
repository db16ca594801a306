// Who a process is, as /proc tells it at this moment.
#pragma once

#include <memory>

#include "host/watch.h"

namespace kedge {

// Never fails: of a process that is gone only the number is known. Arguments are cut after 4,096 bytes.
std::shared_ptr<const Actor> read_actor(pid_t process);

}  // namespace kedge
