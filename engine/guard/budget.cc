#include "guard/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace kedge {
namespace {

int64_t seconds_of(Duration span) { return std::chrono::ceil<std::chrono::seconds>(span).count(); }

int64_t ceiling(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

int64_t slot_seconds(Duration within) { return std::max<int64_t>(1, ceiling(seconds_of(within), kBudgetSlots)); }

// How many slots a window is long.
int64_t slots_of(Duration within) { return ceiling(seconds_of(within), slot_seconds(within)); }

}  // namespace

std::string to_string(const Budget& budget) {
  return fmt::format("{}/{}", budget.most, format_duration(budget.within));
}

Result<Budget> parse_budget(std::string_view text) {
  const Error wrong{ErrorCode::invalid, fmt::format("'{}' is not a budget; write NUMBER/SPAN, like 10/1m", text)};
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return wrong;
  Budget budget;
  const auto [stop, failure] = std::from_chars(text.data(), text.data() + slash, budget.most);
  if (failure != std::errc() || stop != text.data() + slash || budget.most < 0) return wrong;
  const auto within = parse_duration(text.substr(slash + 1));
  if (!within) return wrong;
  if (*within < std::chrono::seconds(1) || *within > std::chrono::hours(24)) {
    return Error{ErrorCode::invalid, "the span of a budget must be from 1s to 1d"};
  }
  budget.within = *within;
  return budget;
}

bool is_looser(const Budget& budget, const Budget& standard) {
  const int64_t windows = ceiling(standard.within.count(), budget.within.count());
  return budget.most * windows > standard.most;
}

std::string ScopedBudget::ring() const { return fmt::format("{} {}s", scope, seconds_of(budget.within)); }

std::vector<ScopedBudget> budgets_of(const Plan& plan, const std::string& account, const Limits& of_rule,
                                     const BudgetLimits& limits) {
  std::vector<ScopedBudget> budgets = {{"all", limits.all}};
  if (!account.empty()) budgets.push_back({"account " + account, limits.account});
  std::set<std::string> actions;
  for (const Step* step : plan.effects()) actions.insert(step->action);
  for (const std::string& action : actions) budgets.push_back({"action " + action, limits.action});
  const std::string rule = "rule " + plan.rule.id;
  budgets.push_back({rule, limits.rule});
  if (of_rule.per_minute) budgets.push_back({rule, {*of_rule.per_minute, std::chrono::minutes(1)}});
  if (of_rule.per_hour) budgets.push_back({rule, {*of_rule.per_hour, std::chrono::hours(1)}});
  return budgets;
}

int64_t slot_at(Duration within, Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count() / slot_seconds(within);
}

int64_t first_slot(Duration within, Time now) { return slot_at(within, now) - slots_of(within); }

BudgetFigures figures_of(const ScopedBudget& scoped, const std::vector<SpentSlot>& slots, Time now) {
  const Duration within = scoped.budget.within;
  BudgetFigures figures{scoped.scope, scoped.budget, 0, std::nullopt};
  const int64_t first = first_slot(within, now);
  for (const SpentSlot& slot : slots) {
    if (slot.slot >= first) figures.spent += slot.number;
  }
  int left = figures.spent;
  for (const SpentSlot& slot : slots) {
    if (slot.slot < first) continue;
    if (left < scoped.budget.most) break;
    left -= slot.number;
    figures.room = Time(std::chrono::seconds((slot.slot + slots_of(within) + 1) * slot_seconds(within)));
  }
  if (left >= scoped.budget.most) figures.room.reset();
  return figures;
}

BudgetFigures behind(BudgetFigures figures, int waiting) {
  if (figures.room && figures.budget.most > 0) *figures.room += waiting / figures.budget.most * figures.budget.within;
  return figures;
}

}  // namespace kedge
