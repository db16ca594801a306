// Plan: what shall be done about one target. Data, not a program: short lists of steps, in the order in which they run.
//
//   isolate → revert or replace (one of them) → confirm → release, and whom to notify.
//
// The canonical form is JSON; its digest is what approvals bind to:
//   {"v":1,"rule":{"id","version"},"target","isolate":[S],"revert":[S],"replace":[S],"confirm":[S],"release":[S],
//    "notify":["channel"]}
//   S = {"action","version","args","timeout_ms","attempts","on_failure"}
// An empty `confirm` means: observe every step again. An empty `release`: undo the isolate steps in reverse.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"

namespace kedge {

enum class OnFailure { stop, proceed, undo };  // written "stop", "continue", "undo"

struct Step {
  std::string action;                              // "aws.s3.block_public_access"
  int version = 1;                                 // of the action's arguments; an engine that does not know it holds
  nlohmann::json args = nlohmann::json::object();  // checked against the action's ActionSpec
  Duration timeout = std::chrono::seconds(60);     // for the step with all its attempts
  int attempts = 4;                                // writes at most this often
  OnFailure on_failure = OnFailure::stop;

  bool operator==(const Step&) const = default;
};

struct RuleVersion {
  std::string id;
  std::string version;  // the digest of its bundle, in hexadecimal

  bool operator==(const RuleVersion&) const = default;
};

struct Plan {
  RuleVersion rule;
  std::string target;  // the canonical name of the one thing to act on: an ARN, host:NAME, k8s:CLUSTER/KIND/NS/NAME
  std::vector<Step> isolate;
  std::vector<Step> revert;
  std::vector<Step> replace;
  std::vector<Step> confirm;
  std::vector<Step> release;
  std::vector<std::string> notify;

  // The steps that have an effect, in the order in which they run: isolate, then revert or replace.
  std::vector<const Step*> effects() const;

  bool operator==(const Plan&) const = default;
};

nlohmann::json to_json(const Plan&);

// Errors name the member: "revert[0].timeout_ms: ...".
Result<Plan> plan_from_json(const nlohmann::json&);

// SHA-256 of the canonical JSON. Args hold only what canonical JSON can carry (the loader of rules sees to it).
Digest digest_of(const Plan&);

}  // namespace kedge
