// What is known after a run, from three sides that do not know each other: who made the drift, the proxy that saw the
// calls, and the engine's own journal. And what of it breaks a promise.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "tests/crash/fault_proxy.h"

namespace kedge {

// Somebody made a target drift, and an event told of it.
struct Drift {
  std::string target;  // as Call names it
  std::string event;   // the request that made it, as its event names it
  FaultProxy::Clock::time_point from;
  FaultProxy::Clock::time_point to;  // it was made in between
};

struct Evidence {
  std::vector<Drift> drifts = {};
  std::vector<FaultProxy::Seen> calls = {};
  Json records = Json::array();  // `kedge audit list`, oldest first
  Json open = Json::array();     // `kedge remediation list`
};

// Each gives a line for each breach.
std::vector<std::string> lost_events(const Evidence&);  // neither decided nor a dead letter
std::vector<std::string> events_decided_twice(const Evidence&);
std::vector<std::string> effects_made_twice(const Evidence&);      // carried out again, and nothing drifted in between
std::vector<std::string> effects_without_intent(const Evidence&);  // calls whose mark no attempt on record has
// Of these targets, which are not as they should be, those of which nobody was told: what was last tried there did not
// end failed or unconfirmed.
std::vector<std::string> silently_wrong(const Evidence&, const std::vector<std::string>& targets);
std::vector<std::string> stuck(const Evidence&);  // open, and no guard says why and what to do

}  // namespace kedge
