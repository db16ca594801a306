// Scenario: all that happens to the engine in one run, as a list. A seed makes one; leaving some of it out makes
// another, which is how a failing one is shrunk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "guard/budget.h"

namespace kedge {

struct Disturbance {
  enum class Kind {
    drift,            // somebody changes a value, and an event tells of it
    tell_again,       // an event comes a second time
    poison,           // a record that is no JSON
    late_event,       // somebody changed a value 20 minutes ago
    mend,             // somebody sets a value right, and no event tells of it
    bad_luck,         // the world answers late, wrongly, twice or not at all, for a while
    good_luck,        // it does no more
    crash,            // the engine dies within the next steps, and starts again
    wall_clock,       // the wall clock jumps
    accept_clock,     // a person says that it is right
    pause,            // a person pauses all effects
    resume,           // and ends it
    pause_rule,       // a person pauses one rule
    approve,          // a person lets go on what is held
    undo,             // a person wants one undone
    except,           // a person adds an exception
    disk_full,        // the ledger's disk has no room, for a while
    rebalance,        // the partition is taken away and given back; its former owner hears of it late
    let_go,           // a person lets rules go on: their pauses and mass matches end
    isolating_drift,  // one that a rule isolates for
    release,          // a person ends an isolation before its time
    hang,             // one of the two endpoints does not answer at all, for a while
    quiet_drift,      // somebody changes a value, and no event tells of it: only where reconcile watches
  };
  Duration at{};  // since the beginning
  Kind kind = Kind::drift;
  uint64_t number = 0;  // which one of those there are, how long, how much
};

struct Scenario {
  uint64_t seed = 0;
  bool on_sqlite = false;                 // the ledger; otherwise it is in memory, which is fast
  std::vector<Disturbance> disturbances;  // by time
  bool reconciles = false;                // the rules ask reconcile to watch what was confirmed
  bool fleet = false;                     // some of the values stand in for each other: a share of them may be out
  BudgetLimits budgets;                   // what may begin; in some, less on the account or by an action than by a rule
};

// `favoured`: half of the disturbances are of these kinds, where a run is to show what they do.
Scenario make_scenario(uint64_t seed, const std::vector<Disturbance::Kind>& favoured = {});

std::string to_string(const Disturbance&);

}  // namespace kedge
