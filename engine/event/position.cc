#include "event/position.h"

#include <fmt/format.h>

namespace kedge {

std::string to_string(const PartitionId& id) { return fmt::format("{}/{}[{}]", id.source, id.topic, id.partition); }

}  // namespace kedge
