// Which version of a rule was in force when, and when nothing was decided at all: what the records of rule sets that
// were loaded, of starts and of stops tell.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "trail/record_search.h"
#include "trail/trail.h"

namespace kedge {

struct RuleInForce {
  Time since;           // until the next one
  std::string version;  // the digest of its bundle; empty: the rule set had no such rule
  std::string mode;
  std::string bundle;    // the digest by which the ledger keeps its bundle
  bool as_today = true;  // what the sandbox offers answers today as it did then

  bool operator==(const RuleInForce&) const = default;
};

struct RuleHistory {
  // From a stop, or the last record before a start without one, until the rules were loaded again. The first one begins
  // with time itself where the records go back to the ledger's birth; the last one may have no end.
  struct Standstill {
    Time from;
    Time to;

    bool operator==(const Standstill&) const = default;
  };

  std::vector<RuleInForce> versions;  // oldest first; no two neighbours are equal
  std::vector<Standstill> standstills;
  std::set<std::string> known;  // ids of rules that were ever loaded, as far as was looked for

  // The version in force at this time; null: none is known.
  const RuleInForce* at(Time time) const;

  // When that was decided, at the earliest, which could be read at `time`.
  Time decided(Time time) const;
  // The earliest time at which that could be read which was not decided before `time`.
  Time readable_since(Time time) const;
};

// A rule set's digest as today's engine makes it, from the versions of its rules by their ids.
using DigestOfRules = std::function<std::string(const std::map<std::string, std::string>& versions)>;

// Of the records before `to`, back to what was in force at `from`. Where none of these knows the rule, `known` has the
// ids of all rules that were ever loaded.
Result<RuleHistory> rule_history(RecordSearch& search, const Trail& parts, const std::string& rule, Time from, Time to,
                                 const DigestOfRules& digest_of);

}  // namespace kedge
