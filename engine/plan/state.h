// The states of a remediation and every legal move between them: one table. The ledger applies no move that is not in
// it, and each move writes the kind of record that stands beside it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace kedge {

enum class State {
  planned,      // decided and durable; being observed, nothing written yet
  held,         // a guard or a person must say yes first
  waiting,      // for a timer, a lock, or the end of what stops effects
  running,      // an attempt is committed: the world may have been written
  unknown,      // an attempt's outcome is not known; being observed
  confirming,   // all effects are applied; being read back
  isolated,     // isolation stands and is confirmed; a lease runs
  releasing,    // the lease is being released
  undoing,      // the state before is being restored
  confirmed,    // read back and found as it should be
  unconfirmed,  // applied, but not found as it should be in time
  undone,       // the state before is restored, and read back
  failed,       // a step failed; what was done is on record
  refused,      // a guard said no for good
  cancelled,    // a person said no
  expired,      // nobody said yes in time
  superseded,   // a newer plan for the same target took its place before anything was written
  announced,    // its plan has no step: people were told, nothing was done and nothing was proven
};

// What can happen to a remediation.
enum class Move {
  hold,        // a guard holds it
  wait,        // a guard or a retry defers it
  resume,      // a hold or a wait is over: back to observation
  attempt,     // an attempt is committed, before its first write
  outcome,     // an attempt ended and a further step or attempt follows
  lose_sight,  // an attempt ended without our knowing how
  apply_all,   // the last effect is applied
  confirm,     // read back: as it should be
  give_up_confirming,
  isolate,      // the isolation is confirmed and stays as a lease
  release,      // the lease's end has come
  undo,         // the state before is to be restored
  finish_undo,  // it is restored and read back
  fail,
  refuse,
  cancel,
  expire,
  supersede,
  announce,  // a plan without a step: people are told, and that is all
};

struct Transition {
  State from;
  Move move;
  State to;
  std::string_view record;  // the kind of the journal's record that this move writes
};

// The whole table, ordered by state: documentation and diagrams are made from it.
std::span<const Transition> transitions();

// Where `move` leads from `from`; an error (refused) that names both when the table has no such move.
Result<Transition> transition(State from, Move move);

// Ended remediations leave the ledger's hot tables. (`undo` of an ended one opens it again.)
bool is_end(State);

// True of the states in which a remediation stands before its first attempt. (One of which a part is done already may
// stand in them again, behind a hold.)
bool is_before_writing(State);

std::string_view to_string(State);
std::string_view to_string(Move);
Result<State> parse_state(std::string_view);

}  // namespace kedge
