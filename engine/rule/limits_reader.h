// What a rule's field `limits` says: its own limits, which only tighten the engine's.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "plan/policy.h"

namespace kedge {

struct LimitProblem {
  std::string field;  // "per_minute", "rule_breaker.in_a_row"; empty: the field `limits` itself
  std::string message;

  bool operator==(const LimitProblem&) const = default;
};

// Into `limits`. What would loosen one of the engine's own is a problem, too.
std::vector<LimitProblem> read_limits(const nlohmann::json& value, const Limits& engine, Limits& limits);

}  // namespace kedge
