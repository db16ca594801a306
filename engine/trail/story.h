// The story of one remediation, from the event that caused it to its end, as the records tell it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "trail/record_search.h"
#include "trail/state_difference.h"
#include "trail/trail.h"

namespace kedge {

// One effect of the plan, and what came of it.
struct StoryStep {
  std::string action;
  nlohmann::json args;  // as they may be shown
  int64_t attempts = 0;
  int64_t writes = 0;                // calls that were sent to change the world
  std::string result;                // of the last attempt; empty: none was made
  nlohmann::json before;             // null: it was never observed
  nlohmann::json after;              // as we left it; null: it was not observed again
  std::vector<StateChange> changes;  // from before to after, where both are known

  bool operator==(const StoryStep&) const = default;
};

struct Story {
  std::string remediation;
  std::string state;
  nlohmann::json plan;                  // the record that opened it; null when it is no longer kept
  nlohmann::json event;                 // the view that the rule saw; null when it is no longer kept
  nlohmann::json phases;                // in microseconds, by name: those whose both ends are known
  std::vector<StoryStep> steps;         // in the order in which they run
  std::vector<nlohmann::json> records;  // all that concern it, oldest first: those that name it, and notices about them

  bool operator==(const Story&) const = default;
};

// Pure. `records`: all that concern one remediation, oldest first.
Story story_of(std::vector<nlohmann::json> records);

// Reads the records (`search`: those of the trail), the event and, where it is open, how far it is, as far as its
// ledger or its plan tells. `id` may be the beginning of an id. not_found: no
// record names it; invalid: it is the beginning of several.
Result<Story> find_story(const Trail& trail, RecordSearch& search, const std::string& id);
// Without an index.
Result<Story> find_story(const Trail& trail, const std::string& id);

// For people (story_text.cc): cause, decision, phases, what was done and said, before and after. Ends in a line break.
std::string to_text(const Story&);

// For programs: the same, and the records themselves.
nlohmann::json to_json(const Story&);

}  // namespace kedge
