// What can be set about the executor, in one place: the protocol and the loops read the same values.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/time.h"
#include "guard/breaker.h"

namespace kedge {

// How what was confirmed is looked at again (claim_schedule.h).
struct ReconcileOptions {
  Duration every = std::chrono::hours(1);  // each claim once in this time
  int per_second = 10;                     // claims at most
  int places = 4;                          // claims at once; half of them at one endpoint

  bool operator==(const ReconcileOptions&) const = default;
};

struct ExecutorOptions {
  int workers = 10;              // an eighth of them takes only what isolates
  int per_endpoint = 4;          // turns at one endpoint (service, account, region) at once, and one more that isolates
  int writers_per_endpoint = 1;  // of them, with a write; and one more that isolates
  // Remediations that wait for their turn in memory, some 10 KB each. What waits beyond it lies in the ledger alone,
  // and is read from there when its turn comes.
  size_t courses_max = 500;

  Duration remediation_deadline = std::chrono::minutes(10);  // from the first attempt to the last outcome
  Duration confirm_deadline = std::chrono::seconds(60);      // how long the world may take to show the effect
  Duration call_timeout = std::chrono::seconds(20);          // one observe, apply or undo
  // What stands behind `isolate` has this long, in all, to be observed before isolation begins without it.
  Duration before_isolation = std::chrono::seconds(2);
  Duration visibility_delay = std::chrono::seconds(2);  // how long an endpoint may show what was before a write

  Duration retry_first = std::chrono::milliseconds(500);  // back-off after an error: full jitter below first * 2^n ...
  Duration retry_most = std::chrono::seconds(30);         // ... and this
  Duration poll_first = std::chrono::milliseconds(200);   // reading back: doubled each time ...
  Duration poll_most = std::chrono::seconds(5);           // ... up to this
  Duration stopped_poll = std::chrono::seconds(1);        // while effects are stopped: how often it is asked again

  std::optional<BreakerLimits> breaker = BreakerLimits{};  // of each endpoint; none: nothing ever opens
  Duration breaker_spread = std::chrono::seconds(2);       // what waits for one does not all come back at once

  // A wait before anything was written becomes a row that people can see (state `waiting`) when the world could not be
  // observed for this long; shorter ones are in memory.
  Duration visible_wait = std::chrono::seconds(30);

  // What has nothing to do before a time further off than this lies in the ledger alone, and is taken from there as its
  // time comes near: a storm of which each piece is held for a month costs nothing in memory.
  Duration in_hand = std::chrono::hours(1);

  ReconcileOptions reconcile;

  std::string agent_version = "0.1.0";  // of the user agent
  std::string redaction_salt;           // of the digests that stand for sensitive values (plan/redaction.h)
};

}  // namespace kedge
