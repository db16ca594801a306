// The gate: asked inside the Change that starts a remediation, after every step of it was observed. A pure function of
// figures that the ledger reads in the same transaction. The first guard that does not let it pass decides; each guard
// that cannot be evaluated holds.
//
// Order: rule gone, off or stricter now → restored → pause → exception → self-protection → stale, or by reconcile →
// flap breaker → mass match → what the rule asks for (window, approval) → share of a fleet → circuit breakers → locks →
// budgets.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "guard/breaker.h"
#include "guard/budget.h"
#include "guard/fleet.h"
#include "guard/opponent.h"
#include "guard/own_things.h"
#include "guard/window.h"
#include "plan/policy.h"

namespace kedge {

// Names of guards that others know.
inline constexpr const char* kMassMatch = "mass-match";
inline constexpr const char* kShare = "share";
inline constexpr const char* kRuleGuard = "rule";
inline constexpr const char* kLocksGuard = "locks";

struct GateLimits {
  BudgetLimits budgets;
  // How often one rule may put one target right within the time; whoever changes it back once more is not fought, for
  // as long as flap_rest since. None: for ever.
  std::optional<Budget> flap = Budget{3, std::chrono::hours(1)};
  Duration flap_rest = std::chrono::hours(24);
  // How many different targets one rule may want to act on within the time; with the next one the rule is held until a
  // person lets it go on. None: as many as it likes.
  std::optional<Budget> mass_match = Budget{5, std::chrono::minutes(10)};
  // How much of a fleet may be out of service at a time; beyond that a person is asked. None: all of it.
  std::optional<Share> share = Share{};
  Fleets fleets;
  // When a rule does nothing more on an account, because what it did there failed; one remediation is let through after
  // a while to see. None: never.
  std::optional<BreakerLimits> rule_breaker = BreakerLimits{3, 5, std::chrono::minutes(15), std::chrono::minutes(15)};
  Budget releases{10, std::chrono::minutes(1)};      // how many leases may be released within the time, of all rules
  Duration approval_within = std::chrono::hours(1);  // what asks for a yes expires after it, and so does the yes
  std::map<std::string, Window> windows;             // change windows, by the names that rules ask for
  Duration stale_after = std::chrono::minutes(15);   // what an older event asks for needs a person's yes
  Duration waited_most = std::chrono::hours(24);     // as does what waited here for longer, but for a window
  Duration held_most = std::chrono::hours(24 * 30);  // what is held and has not begun ends undone after it
  Duration future_most = std::chrono::minutes(1);    // as does one that claims to happen later than this from now

  bool operator==(const GateLimits&) const = default;
};

// A pause as guards see it.
struct PauseView {
  std::string scope;  // "all", "rule:ID", "account:ID"; "file:PATH": the pause file is there
  std::string by;
  std::string reason;

  bool operator==(const PauseView&) const = default;
};

// That a rule put a target right, and who had changed it.
struct PutRight {
  Time at;
  Actor actor;

  bool operator==(const PutRight&) const = default;
};

// What the gate judges by.
struct GateFacts {
  Time now;                 // ledger time
  Time time_of_day;         // the same moment, as people outside name it
  std::string remediation;  // its id: reasons say what to type about it
  State state = State::planned;
  std::string rule;
  std::string target;
  Policy policy;                  // the stricter of the one stored with it and that of the rule as it is loaded
  bool loaded = false;            // the rule is
  std::vector<PauseView> pauses;  // those that concern it
  std::string exception;          // the id of a valid exception for its rule and target; empty: none
  std::string exception_reason;
  std::optional<OwnThing> own;  // what it would write and is the engine's own
  std::optional<Duration> age;  // of its event when it was decided; none: the event carries no time
  Duration waited{};            // since it was decided
  bool redriven = false;
  bool reconciled = false;                      // reconcile found it, and no event
  std::optional<OpenRuleBreaker> rule_breaker;  // of its rule on its account
  std::optional<OpenBreaker> breaker;           // of the endpoint that it would call first
  std::vector<std::string> locked_by;           // other remediations that hold one of its keys
  std::vector<BudgetFigures> budgets;           // those that it would be charged to
  std::optional<FleetFigures> fleet;            // that its target is in; none: in no fleet
  bool charged = false;                         // it has started before, and is counted already
  Actor actor;                                  // of its event
  std::vector<PutRight> put_right;              // of its target, by its rule, within flap_rest; oldest first
  int targets = 0;                              // different ones that its rule wanted to act on lately, with its own
  std::optional<Time> mass_since;               // its rule is held for a mass match since then
  bool let_go = false;                          // held for a mass match or as restored, it was let go with others
  int approvals = 0;                            // people who let it go on: neither staleness nor a budget stops it then
  int approvals_void = 0;                       // those who let another plan go on, or another state before

  bool approved() const { return approvals > 0; }
};

struct Verdict {
  enum class Kind { pass, hold, wait, refuse };
  Kind kind = Kind::pass;
  std::string guard;   // "pause", "budget", ...
  std::string reason;  // for people, with what to type
  nlohmann::json figures = nlohmann::json::object();
  std::optional<Time> due;  // wait: when it is asked again; hold: when it expires

  bool operator==(const Verdict&) const = default;
};

// The engine's limits as far as the rule does not tighten them.
GateLimits tightened(GateLimits, const Limits&);

// The limits are those of the rule already.
Verdict gate(const GateFacts&, const GateLimits&);

// A step's further attempt: rule, pause and breaker, asked again before every single write.
Verdict gate_again(const GateFacts&);

// An undo's attempt: only a pause and a breaker defer it. What was done by a rule that is gone can still be undone.
Verdict gate_undo(const GateFacts&);

}  // namespace kedge
