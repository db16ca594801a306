// What a remediation needs next, and what came of it: the words between the protocol (course.h), which decides and does
// nothing, and the worker, which does and decides nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "guard/breaker.h"
#include "ledger/change.h"
#include "remediate/action.h"
#include "remediate/gated_client.h"

namespace kedge {

// The world's figures at the time of a decision.
struct Moment {
  Duration elapsed{};           // Clock::elapsed: waits and deadlines
  Time now;                     // Clock::now
  int64_t head = 0;             // of the journal
  std::optional<Stop> stopped;  // why effects are stopped; none: they are not
  // What keeps calls to an endpoint from being made now. Empty: nothing does.
  std::function<std::optional<OpenBreaker>(const std::string& endpoint)> shut = {};
};

// Observe one step.
struct Look {
  const Step* step = nullptr;  // of the course's plan
  // It must be over within this time, and must not queue for a place: what is to be isolated waits for it.
  std::optional<Duration> timeout = std::nullopt;
};

// Carry out the attempt that is durable under this mark: apply the step, or undo it.
struct Work {
  const Step* step = nullptr;
  std::string mark;
  Observation now;  // made for this very attempt
  bool undo = false;
  nlohmann::json before, after;  // undo: what to restore, and what is there
};

// Hand a Change to the committer.
struct Submit {
  Change change;
};
bool opens_attempt(const Change&);  // the world may be written behind it

// Nothing to do before this time (Clock::elapsed).
struct Wait {
  Duration until{};
};

// Ask the ledger for the number of the last finding that concerns it.
struct Ask {};

// What the ledger holds is no longer what the course believes: read it and begin a new course.
struct Reread {};

// Nothing is left to do here: it has ended, is held, or somebody else goes on.
struct Over {};

using Turn = std::variant<Look, Work, Submit, Wait, Ask, Reread, Over>;

// What came of a Work.
struct Worked {
  ActionResult<Applied> result = Applied{};
  std::vector<std::string> request_ids;  // of the writes
  int writes = 0;                        // sent, or perhaps sent
  bool unsure = false;                   // a write has had no answer
  std::optional<std::string> kept_back;  // the gate did not let a request through, and why
  Time started;
  Time finished;
  Duration began{};  // Clock::elapsed
};

}  // namespace kedge
