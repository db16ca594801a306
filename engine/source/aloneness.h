// Whether this engine works alone on its partitions: one cell, one consumer group, one member. A pure judgement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kafka/consumer.h"

namespace kedge {

struct AlonenessFacts {
  std::string group;
  std::string own_member;                           // our id in the group; empty: not in it now
  std::optional<std::vector<GroupMember>> members;  // none: not known
  size_t assigned = 0;                              // partitions that the group gave us
  size_t total = 0;                                 // partitions that our topics have; 0: not known
  Duration incomplete_for{};                        // how long we have not had all of them
  Duration session_timeout{};
};

// Why we must take ourselves not to be alone; empty: we are.
std::string why_not_alone(const AlonenessFacts&);

}  // namespace kedge
