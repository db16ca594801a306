// A ledger with many open remediations, as a kill finds them: in a storm, while much is held and much waits.
#pragma once

#include <cstdint>
#include <string>

namespace kedge {

struct OpenMix {
  int64_t held = 0;      // for a mass match: until a person lets the rule go on
  int64_t expiring = 0;  // held for an approval, which expires
  int64_t waiting = 0;   // for a budget, each until its time
  int64_t running = 0;   // with an attempt of which the outcome is not known
  int64_t planned = 0;   // decided, and not looked at yet
};

// Makes it in `directory`, which must not hold one: each has come where it stands through the gate.
void make_open(const std::string& directory, const OpenMix&);

}  // namespace kedge
