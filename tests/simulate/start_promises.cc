#include "tests/simulate/start_promises.h"

#include <algorithm>
#include <chrono>

namespace kedge {
namespace {

constexpr Duration kLongest = std::chrono::minutes(5);  // of all budgets here
constexpr const char* kAccount = "the one";             // that all targets are in

// Windows are kept by a part of their span: a minute by the second, five by five.
Duration surely_within(Duration span) { return span - span / 50 - std::chrono::seconds(1); }

}  // namespace

int StartPromises::lately(const std::string& scope, Duration within) const {
  const Duration since = clock_.elapsed() - surely_within(within);
  return static_cast<int>(std::count_if(
      begun_.begin(), begun_.end(), [&](const Begun& one) { return one.at > since && one.scopes.contains(scope); }));
}

void StartPromises::began(const Plan& plan) {
  while (!begun_.empty() && begun_.front().at <= clock_.elapsed() - kLongest) begun_.pop_front();
  Begun one{clock_.elapsed(), {}};
  for (const ScopedBudget& budget : budgets_of(plan, kAccount, {}, limits_)) {
    expect_(lately(budget.scope, budget.budget.within) < budget.budget.most,
            "more remediations of " + budget.scope + " began within " + format_duration(budget.budget.within) +
                " than are allowed");
    one.scopes.insert(budget.scope);
  }
  begun_.push_back(std::move(one));
}

}  // namespace kedge
