// Admission: asked in the lane, from the event and an immutable snapshot, before a finding is committed. A pure
// function.
//
// Order: own change → exception → mode and canary share → stale event → self-protection. Whether somebody else uses our
// credentials is asked beside them: people are told of that whatever is made of the change.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "event/event.h"
#include "guard/own_things.h"
#include "plan/plan.h"
#include "plan/policy.h"

namespace kedge {

// An exception as guards see it.
struct ExceptionView {
  std::string id;
  std::string rule;    // an id, or "*"
  std::string target;  // exact, or with one * at its end
  std::string owner;
  std::string reason;
  Time expires;
};

// True when the exception covers the rule and the target at `now`. It holds until its expiry, not at it.
bool covers(const ExceptionView&, const std::string& rule, const std::string& target, Time now);

struct AdmissionFacts {
  Time now;  // the time of day; in replay the event's time
  Provenance provenance;
  std::vector<std::string> own_principals;  // ARNs that the engine acts as
  bool own_attempt = false;                 // an attempt of ours on this target carries the event's mark or request id
  std::vector<ExceptionView> exceptions;
  std::optional<Time> happened;
  bool redriven = false;
  bool asked_for = false;            // a person wants this very event run again: how old it is is known to them
  std::vector<std::string> touches;  // the keys that the plan would write
  std::vector<OwnThing> own_things;  // what the engine must not turn against
};

struct AdmissionLimits {
  Duration record_only_after = std::chrono::hours(24);

  bool operator==(const AdmissionLimits&) const = default;
};

struct Admission {
  enum class Kind {
    admit,
    suppress,  // a record, no remediation
  };
  Kind kind = Kind::admit;
  std::string guard;  // suppress: "own-change", "exception", "mode", "canary", "stale", "self-protection"
  std::string reason;
  nlohmann::json figures = nlohmann::json::object();
  // Our principal without an attempt of ours: people are told so, whether the plan is admitted or not.
  std::optional<std::string> alarm = std::nullopt;

  bool operator==(const Admission&) const = default;
};

// What is older than record_only_after is only put on record, for after an outage that can be many; not an event that a
// person asked for by its name. A stale event (older than GateLimits::stale_after, redriven, or without a time) is
// admitted: it is observed, and the gate holds it if the target is not as it should be.
Admission admit(const Plan&, const Policy&, const AdmissionFacts&, const AdmissionLimits&);

// Whether mode canary acts on the target: a fixed share of all targets, by the hash of their names.
bool in_canary_share(const std::string& target, int percent);

// The mark that travels with every write, as part of the user agent: "kedge/0.1 (mark 0123abcd...)".
std::string agent_with_mark(const std::string& version, const std::string& mark);
// The mark in a user agent; empty when there is none.
std::string mark_in_agent(const std::string& agent);

}  // namespace kedge
