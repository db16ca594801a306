// Budgets: how many remediations may start within a sliding window, in one scope: of all rules together, of one rule,
// on one account, by one action. Pure functions of values.
//
// Starts are counted in a ring of counters of constant size: a counter is of a sixtieth of the window, at least of a
// second. What is counted is a little more than the window, never less.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "plan/plan.h"
#include "plan/policy.h"

namespace kedge {

struct Budget {
  int most = 0;
  Duration within = std::chrono::minutes(1);

  bool operator==(const Budget&) const = default;
};

// "10/1m"
std::string to_string(const Budget&);
Result<Budget> parse_budget(std::string_view);

// Whether more may start within the standard's window than the standard lets.
bool is_looser(const Budget& budget, const Budget& standard);

struct BudgetLimits {
  Budget all{10, std::chrono::minutes(1)};
  Budget account{10, std::chrono::minutes(1)};
  Budget action{10, std::chrono::minutes(1)};
  Budget rule{5, std::chrono::minutes(5)};

  bool operator==(const BudgetLimits&) const = default;
};

// A budget and what it is of: "all", "rule ID", "account ID", "action NAME".
struct ScopedBudget {
  std::string scope;
  Budget budget;

  std::string ring() const;  // the name of its counters
};

// Those that a plan is charged to. A rule's own limits stand beside the engine's, so they can only tighten them.
// `account`: empty where the target is in none.
std::vector<ScopedBudget> budgets_of(const Plan&, const std::string& account, const Limits& of_rule,
                                     const BudgetLimits&);

// The counters of one ring, oldest first.
struct SpentSlot {
  int64_t slot = 0;
  int number = 0;
};
inline constexpr int64_t kBudgetSlots = 60;  // a window has at most so many, besides the one at hand
int64_t slot_at(Duration within, Time);
int64_t first_slot(Duration within, Time now);  // of the window that ends now

// What the gate judges by.
struct BudgetFigures {
  std::string scope;
  Budget budget;
  int spent = 0;
  std::optional<Time> room;  // when the next one may start; none: never

  bool is_spent() const { return spent >= budget.most; }
};
BudgetFigures figures_of(const ScopedBudget&, const std::vector<SpentSlot>&, Time now);

// The same behind `waiting` others: each window has room for `most` of them, so that they do not all come back at once.
BudgetFigures behind(BudgetFigures, int waiting);

}  // namespace kedge
