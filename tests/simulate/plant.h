// Bugs that can be planted into a run, to see that the simulation finds them. Each is one that an engine of this kind
// may well have.
#pragma once

#include <array>
#include <string_view>

#include "tests/simulate/scenario.h"

namespace kedge {

enum class Plant {
  none,
  drop_sync,              // a commit is answered before it is durable
  early_position,         // the position is durable before what was decided
  unheld_attempt,         // an attempt is carried out that the ledger does not hold
  look_remembered,        // what was seen some seconds ago is taken for what is there now
  success_is_proof,       // what was answered with 200 is taken for done
  budget_per_process,     // a restart forgets what was spent
  seen_forgotten,         // a restart forgets which events were seen
  pause_ignored,          // nobody asks again before the write
  epoch_ignored,          // a former owner of a partition can still commit
  locks_ignored,          // what a remediation touches is nobody else's business
  time_follows_wall,      // budgets and waits go by the wall clock
  poison_dropped,         // what cannot be decoded is skipped
  hold_forgotten,         // a restart lets go on what waits for a person
  exception_lost,         // an exception is answered, and not kept
  open_forgotten,         // a restart does not take up what was open
  record_skipped,         // reading goes on one record too far
  foreign_mark,           // the write does not carry its attempt's mark
  disk_lies,              // SQLite's disk answers a sync before anything is safe
  drift_as_event,         // what reconcile finds is taken for what a live event told
  breaker_ignored,        // what fails is called all the same
  clock_trusted,          // a wall clock that jumped stops nothing
  mass_ignored,           // a rule acts on as many targets as it likes
  approval_ignored,       // a rule that asks for a yes is not asked whether it does
  scope_ignored,          // before the write only a pause of everything is asked for
  writers_ignored,        // as many write at an endpoint at once as like
  before_captured_twice,  // a later attempt's look takes the place of the state before
  undo_repeated,          // an undo that failed is sent again at once
  account_uncounted,      // what an account may be charged with is no limit
  action_uncounted,       // nor is what an action may
  lease_cut_short,        // what is isolated is released before its time
  fleet_ignored,          // all of a fleet may be out of service at once
  far_forgotten,          // what has a time that is far off is not taken up when it comes near
};

inline constexpr std::array<std::string_view, 33> kPlantNames = {"none",
                                                                 "drop_sync",
                                                                 "early_position",
                                                                 "unheld_attempt",
                                                                 "look_remembered",
                                                                 "success_is_proof",
                                                                 "budget_per_process",
                                                                 "seen_forgotten",
                                                                 "pause_ignored",
                                                                 "epoch_ignored",
                                                                 "locks_ignored",
                                                                 "time_follows_wall",
                                                                 "poison_dropped",
                                                                 "hold_forgotten",
                                                                 "exception_lost",
                                                                 "open_forgotten",
                                                                 "record_skipped",
                                                                 "foreign_mark",
                                                                 "disk_lies",
                                                                 "drift_as_event",
                                                                 "breaker_ignored",
                                                                 "clock_trusted",
                                                                 "mass_ignored",
                                                                 "approval_ignored",
                                                                 "scope_ignored",
                                                                 "writers_ignored",
                                                                 "before_captured_twice",
                                                                 "undo_repeated",
                                                                 "account_uncounted",
                                                                 "action_uncounted",
                                                                 "lease_cut_short",
                                                                 "fleet_ignored",
                                                                 "far_forgotten"};

// The seed's scenario, with more of what brings this one out.
Scenario make_scenario_for(Plant, uint64_t seed);

inline std::string_view to_string(Plant plant) { return kPlantNames[static_cast<size_t>(plant)]; }

}  // namespace kedge
