// StartPromises: how much begins. Within the span of each budget (of all, of the account, of an action, of a rule) no
// more remediations begin than it allows, across restarts and clocks that jump.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "guard/budget.h"
#include "tests/simulate/expect.h"

namespace kedge {

class StartPromises {
 public:
  StartPromises(Clock& clock, Expect expect) : clock_(clock), expect_(std::move(expect)) {}

  void allow(BudgetLimits limits) { limits_ = limits; }
  void began(const Plan&);

 private:
  struct Begun {
    Duration at{};
    std::set<std::string> scopes;
  };
  int lately(const std::string& scope, Duration within) const;

  Clock& clock_;
  const Expect expect_;
  BudgetLimits limits_;
  std::deque<Begun> begun_;
};

}  // namespace kedge
