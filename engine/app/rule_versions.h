// The versions of one rule, to be asked again: each from the bundle that is kept of it, or, where that is gone and a
// person says so, from the files of today.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "match/matcher.h"
#include "rule/evaluator.h"
#include "trail/rule_history.h"
#include "trail/trail.h"

namespace kedge {

class RuleVersions {
 public:
  struct Version {
    std::string problem;  // not empty: it cannot be asked
    bool of_today = false;
    std::unique_ptr<Evaluator> evaluator;
    size_t rule = 0;  // its index there
    Matcher matcher;  // kWanted, kNearly: what the rule's pattern wants, and that without what it excludes
  };
  static constexpr uint32_t kWanted = 0;
  static constexpr uint32_t kNearly = 1;

  // `today`: the rules to ask for a version that is gone; none: it is not asked. The ledger must outlive it.
  RuleVersions(std::string rule, RuleSet::Options options, const Trail& trail, std::shared_ptr<const RuleSet> today);

  // Loaded when it is asked for first.
  Version& of(const RuleInForce& in_force);

 private:
  Version load(const RuleInForce& in_force) const;
  Version instead_of(std::string problem) const;
  static Version from(std::shared_ptr<const RuleSet> rules, const std::string& rule);

  const std::string rule_;
  const RuleSet::Options options_;
  const Trail& trail_;
  const std::shared_ptr<const RuleSet> today_;
  std::map<std::string, Version> versions_;
};

}  // namespace kedge
