// The gate: asked inside the Change that starts a remediation, after every step of it was observed. A pure function of
// figures that the ledger reads in the same transaction. The first guard that does not let it pass decides; each guard
// that cannot be evaluated holds.
//
// Order: rule gone or off → pause → exception → locks → rate. (Flap breaker, mass match, windows, approvals, circuit breakers and
// budgets join here, in the order of the design.)
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "plan/policy.h"

namespace kedge {

struct GateLimits {
  int remediations_per_minute = 10;  // of all rules together that may start within a minute

  bool operator==(const GateLimits&) const = default;
};

// What the gate judges by.
struct GateFacts {
  Time now;                             // ledger time
  Policy policy;                        // as stored with the remediation
  std::optional<Mode> current_mode;     // of the rule as it is loaded now; none: the rule is gone
  std::vector<std::string> pauses;      // the scopes that concern it and are paused
  std::string exception;                // the id of a valid exception for its rule and target; empty: none
  std::string exception_reason;
  std::vector<std::string> locked_by;   // other remediations that hold one of its keys
  int started_within_minute = 0;        // remediations of all rules
  std::optional<Time> minute_has_room;  // when the sliding window lets the next one pass
  bool approved = false;                // a person has resumed it: the rate does not hold it again
};

struct Verdict {
  enum class Kind { pass, hold, wait, refuse };
  Kind kind = Kind::pass;
  std::string guard;   // "pause", "rate", ...
  std::string reason;  // for people, with what to type
  nlohmann::json figures = nlohmann::json::object();
  std::optional<Time> due;  // wait

  bool operator==(const Verdict&) const = default;
};

Verdict gate(const GateFacts&, const GateLimits&);

// A step's further attempt: pause and rule, asked again before every single write.
Verdict gate_again(const GateFacts&);

}  // namespace kedge
