// Decision: what a rule said about an event.
#pragma once

#include <optional>
#include <string>

#include "plan/plan.h"
#include "plan/policy.h"

namespace kedge {

struct Decision {
  enum class Kind {
    nothing,  // `when` said no, or the rule is off
    plan,     // something should be done
    failed,   // the rule itself failed: an error, a limit, an invalid plan. Fails closed: a dead letter, no action
  };

  Kind kind = Kind::nothing;
  std::string reason;  // nothing: "when" or "off"; failed: the error with file and line
  std::string target;  // set with a plan
  std::optional<Plan> plan;
  Policy policy;

  bool operator==(const Decision&) const = default;
};

}  // namespace kedge
