// Redriver: decides dead letters anew, by the rules in force, as a source of its own.
//
// A letter that a rule failed on is decided by that rule alone, for the others have decided; one that could not be
// decoded goes the whole way. What comes of it is of origin "redrive": observed, and held by the guard "stale" if it is
// not as it should be, until a person approves. Each letter's end and what came of it are one commit.
//
// Ownership:  borrows everything in Parts, which must outlive it.
// Threads:    any, several at once: each call has a Lua state of its own. Whose commit comes second finds the letter
//             gone.
// Failure:    a letter that fails again, or cannot be decided now, stays, and the reason is told.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "ledger/committer.h"
#include "ledger/ledger.h"
#include "pipeline/decider.h"
#include "pipeline/lane.h"
#include "pipeline/own_principals.h"
#include "source/fetch.h"

namespace kedge {

// What became of one dead letter.
struct Redriven {
  // decided: findings, suppressions or dead letters of other rules came of it. nothing: no rule wants anything done.
  // unmatched: no rule in force wants the event. In these three the letter is gone. failed: it stays, and that it was
  // tried is on record. refused: it stays, or is gone already, and nothing was done.
  enum class Kind { decided, nothing, unmatched, failed, refused };
  int64_t number = 0;
  Kind kind = Kind::refused;
  std::vector<std::string> remediations;  // opened or joined
  std::string why;                        // for people
};
std::string_view to_string(Redriven::Kind);

class Redriver {
 public:
  struct Parts {
    Committer& committer;
    LedgerReader& reader;
    CurrentRules& rules;
    Clock& clock;
    Random& random;
    const OwnPrincipals& us;
    // Reads what the ledger keeps only the beginning of from its source again. May take seconds.
    std::function<Result<FetchedRecord>(const PartitionId&, int64_t offset)> fetch = nullptr;
  };

  // A rule is run however often it failed: a person asks for it.
  Redriver(Parts parts, Decider::Options options);

  // In this order. `actor`: who asks.
  std::vector<Redriven> redrive(std::span<const int64_t> numbers, const std::string& actor);

 private:
  // Of one call: sources whose brokers did not answer are not asked again and again.
  using Silent = std::map<std::string, Error>;
  Redriven redrive_one(Decider& decider, Silent& silent, int64_t number, const std::string& actor);
  Result<Batch> batch_of(const DeadLetter& letter, Silent& silent);
  Result<FetchedRecord> whole(const DeadLetter& letter, Silent& silent);

  const Parts parts_;
  const Decider::Options options_;
};

}  // namespace kedge
