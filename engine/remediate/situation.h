// Situation: what all phases of a course know about their remediation, kept as the ledger keeps it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "ledger/values.h"
#include "remediate/options.h"
#include "remediate/turn.h"

namespace kedge {

struct Situation {
  Situation(Remediation taken, const ActionCatalog& actions, const ExecutorOptions& settings, Random& randomness,
            bool after_doubt);
  Situation(const Situation&) = delete;
  Situation& operator=(const Situation&) = delete;

  // A mirror of the ledger: changed only when a Change was answered.
  Remediation remediation;
  const std::vector<const Step*> effects;  // of remediation.plan, in the order in which they run

  const ActionCatalog& catalog;    // outlives it
  const ExecutorOptions& options;  // outlives it
  Random& random;                  // outlives it
  // Findings up to this number (of the journal) were known when the world was looked at before the first attempt.
  int64_t findings_covered = 0;

  // Attempts that a step has had when a breaker let it wait: a wait gives back no tries.
  std::map<size_t, int> tried;

  int carried_again = 0;  // times that it was carried out anew, since it was found again while it was confirmed

  const bool resumed;  // taken up after a restart, or after doubt: what an open attempt did is not known

  // The first step that no Start has been of, where a part of the plan is begun; none: every one is begun, or none.
  std::optional<size_t> unstarted() const;
  bool has_open_attempt() const;

  // What isolates stands by our hand: when all is confirmed it is a lease.
  bool isolates() const;

  // Why this engine cannot carry the plan out: an action that it does not have, or has in another version.
  std::optional<std::string> unsupported() const;

  const ActionSpec& spec(const Step&) const;  // of a step that is supported
  CapturedState capture(const Step&, nlohmann::json state) const;

  // The canonical keys that its steps write, sorted.
  std::vector<std::string> touches() const;

  std::string make_mark();  // 16 random bytes, in hexadecimal
  Duration retry_delay(int failures, std::optional<Duration> retry_after);
  Duration poll_delay(int polls) const;

  // The name of the endpoint that calls for a step go to; empty: it is in none.
  std::string endpoint_of(const Step&) const;
  // The breaker that keeps calls for it from being made.
  std::optional<OpenBreaker> shut(const Moment&, const Step&) const;
  // When what waits for a breaker looks at it again.
  Duration asked_again(const Moment&, Time until);

  // Changes that every phase makes.
  Submit hold(std::string guard, std::string reason, nlohmann::json figures = nlohmann::json::object()) const;
  Submit wait(const OpenBreaker&) const;  // the state stays, where it is one that has written; it is on record why

  // The mirror follows what a commit did.
  void started(const Start&);
  void attempted(size_t step, const std::string& mark, bool undo);
  void recorded(const StepOutcome&);
  void isolated(const Moment&);
};

// Whether there is something of ours to undo in it.
bool was_written(const StepProgress&);

// One outcome of an attempt, before what became of it is known.
StepOutcome open_outcome(size_t step, int attempt, std::string mark, Time at);

// How an action's error reads in a record: "AccessDenied: ...".
std::string words_of(const ActionError&);

}  // namespace kedge
