// Rerunner: runs an event again that was decided before, because a person wants it: by the rule in force that decided
// it, and by no other.
//
// What is named is a remediation that has ended, or a suppression by the number of its record. The event is the one
// that the ledger keeps for it. A redrive number makes its keys new ones (contracts §4): the number that the journal's
// next record will have. So no two that follow each other have the same; of two at once either both have the same, and
// the second finds it decided, or the second joins what the first has opened, where that is the same plan.
//
// All guards are asked but for how old an event may be to be acted on at all; what comes of it is of origin "redrive":
// observed, and held by the guard "stale" if it is not as it should be, until a person approves.
//
// Ownership:  borrows everything in Parts, which must outlive it.
// Threads:    any, several at once: each call has a Lua state of its own.
// Failure:    an event that the rule fails on leaves a record of that, and no dead letter: who asked is told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "ledger/committer.h"
#include "ledger/ledger.h"
#include "pipeline/decider.h"
#include "pipeline/lane.h"
#include "pipeline/own_principals.h"

namespace kedge {

// What became of it.
struct Rerun {
  std::string outcome;  // "decided", "nothing" (the rule wants nothing done), "unmatched", "failed"
  int64_t redrive = 0;
  std::vector<std::string> remediations;  // opened or joined
  std::string why;                        // for people
};

class Rerunner {
 public:
  struct Parts {
    Committer& committer;
    LedgerReader& reader;
    CurrentRules& rules;
    Clock& clock;
    Random& random;
    const OwnPrincipals& us;
  };

  Rerunner(Parts parts, Decider::Options options);

  // `what`: a remediation's id, or the number of a suppression's record. `actor`: who asks, and `reason`: why.
  //
  // Errors: what cannot be run again, and what to do: nothing of that name is there (not_found), or its event is not
  // kept any more; a remediation that is open (conflict); a rule that is not loaded, and what no event asked for
  // (refused).
  Result<Rerun> run(const std::string& what, const std::string& actor, const std::string& reason);

 private:
  struct Decided;  // what is run again
  Result<Decided> find(const std::string& what);
  Result<Decided> find_remediation(const std::string& id);
  Result<Decided> find_suppression(int64_t number);
  Result<Decider::Outcome> decide(const Decided& decided, const Rule& rule, const std::shared_ptr<const RuleSet>& rules,
                                  int64_t redrive);

  const Parts parts_;
  const Decider::Options options_;
};

}  // namespace kedge
