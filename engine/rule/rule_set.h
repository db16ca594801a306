// RuleSet: all rules of one directory, loaded, checked and compiled. Immutable; lanes share it, and change to a new one
// between two batches.
//
// A directory is loaded whole or not at all: every problem in it is told at once, each with file, line, field and what
// would be right, and the old rule set stays in force.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "match/matcher.h"
#include "plan/action_spec.h"
#include "plan/policy.h"

namespace kedge {

// Raised whenever a function that the sandbox offers, the evaluator of "public" or an ActionSpec changes an answer: the
// same rules then decide otherwise. It is part of a rule set's digest.
inline constexpr int kSandboxNumber = 1;

// One mistake in a rule's file.
struct RuleProblem {
  std::string file;   // as a path below the rule directory
  int line = 0;       // from 1; 0 where it concerns the whole file
  std::string rule;   // empty where it is not known yet
  std::string field;  // "on.detail.eventName", "limits.per_minute"; empty where it concerns no field
  std::string message;

  bool operator==(const RuleProblem&) const = default;
};

std::string to_string(const RuleProblem&);  // "s3.lua:12: rule aws.s3.public-bucket: severity: ..."

// A pure function that the host offers to rules as MODULE.NAME (require "MODULE"): a JSON value in, a JSON value out.
struct HostFunction {
  std::string module;  // "aws.policy"
  std::string name;    // "public_statements"
  std::string meaning;
  std::function<Result<nlohmann::json>(const nlohmann::json& argument)> call;
};

struct RuleLimits {
  size_t instructions = 2'000'000;  // of one call: loading its file, when, target, respond
  size_t memory_bytes = 16U << 20U;
  size_t result_bytes = 256U << 10U;  // of the plan that it returns
  size_t rules = 100'000;
  size_t file_bytes = 4U << 20U;

  bool operator==(const RuleLimits&) const = default;
};

// What is known of a rule without running it.
struct Rule {
  std::string id;
  std::string version;  // the digest of its bundle: its file and every module and data file that it reaches
  std::string file;
  int line = 0;
  Pattern pattern;
  Policy policy;  // as declared; severity, title and plan may depend on the event
};

// A rule set's digest, from the versions of its rules by their ids.
std::string digest_of_rules(const std::map<std::string, std::string>& versions);

class RuleSet {
 public:
  struct Parts;  // rule/rule_set_parts.h

  struct Options {
    std::string directory;
    const ActionCatalog* actions = nullptr;  // borrowed; must outlive the rule set
    std::vector<HostFunction> host_functions;
    RuleLimits limits;
    Limits engine_limits = {};          // the engine's own, which a rule may only tighten
    std::map<std::string, Mode> modes;  // by rule id: the configuration's word, stricter or looser than the rule's
  };

  // Either the rule set, or every problem that was found.
  struct Loaded {
    std::shared_ptr<const RuleSet> rules;
    std::vector<RuleProblem> problems;  // empty when `rules` is set
  };
  static Loaded load(Options);

  // A rule as it was, from its bundle (as bundle() gave it) instead of a directory. It is alone in the set: of what
  // else its file declares the bundle may lack a list. `directory` is only a name for what is told.
  static Loaded load_bundle(Options, const std::string& bundle, const std::string& rule);

  ~RuleSet();
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  const std::vector<Rule>& rules() const;  // sorted by id; a rule's index here is what the matcher gives
  const Matcher& matcher() const;
  const std::string& digest() const;  // of all bundles, and of the sandbox's number
  const std::string& directory() const;
  const ActionCatalog& actions() const;  // which its plans may name
  const Rule* find(const std::string& id) const;

  // The rule's bundle as one JSON text: {"files": {path: content}}.
  std::string bundle(const Rule&) const;

 private:
  friend class Evaluator;
  friend class RuleTests;
  class Loader;
  explicit RuleSet(std::unique_ptr<Parts>);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kedge
