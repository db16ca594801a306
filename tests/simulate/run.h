// A run: one scenario, played to its end, and what of the promises it broke.
#pragma once

#include <string>
#include <vector>

#include "tests/simulate/life.h"
#include "tests/simulate/scenario.h"

namespace kedge {

struct RunReport {
  std::vector<std::string> broken;  // promises, in words; empty: all were kept
  uint64_t turns = 0;
  uint64_t lives = 0;
  uint64_t writes = 0;
  uint64_t records = 0;        // of the journal
  std::string journal_digest;  // the same for the same scenario
};

RunReport play(const Scenario&, const Stage&, Plant = Plant::none);

// A failing scenario without what it fails without, too.
Scenario shrink(Scenario, const Stage&, Plant = Plant::none);

}  // namespace kedge
