#include "tests/simulate/scenario.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "base/random.h"

namespace kedge {
namespace {

struct Weighed {
  std::string_view name;
  uint64_t weight;
};

// By kind.
constexpr std::array<Weighed, 23> kKinds = {
    {{"drift", 12},   {"tell_again", 3}, {"poison", 2},     {"late_event", 2}, {"mend", 2},
     {"bad_luck", 4}, {"good_luck", 2},  {"crash", 5},      {"wall_clock", 1}, {"accept_clock", 1},
     {"pause", 2},    {"resume", 2},     {"pause_rule", 1}, {"approve", 2},    {"undo", 4},
     {"except", 1},   {"disk_full", 1},  {"rebalance", 3},  {"let_go", 1},     {"isolating_drift", 2},
     {"release", 2},  {"hang", 1},       {"quiet_drift", 0}}};

constexpr uint64_t kOneOnSqlite = 100;  // of so many runs
constexpr uint64_t kOneWithFleet = 4;

Disturbance::Kind draw_kind(Random& dice) {
  uint64_t all = 0;
  for (const Weighed& one : kKinds) all += one.weight;
  uint64_t left = dice.below(all);
  for (size_t kind = 0;; ++kind) {
    if (left < kKinds[kind].weight) return static_cast<Disturbance::Kind>(kind);
    left -= kKinds[kind].weight;
  }
}

BudgetLimits draw_budgets(Random& dice) {
  using std::chrono::minutes;
  BudgetLimits budgets{{3, minutes(1)}, {10, minutes(1)}, {10, minutes(1)}, {5, minutes(5)}};
  const uint64_t which = dice.below(4);
  if (which == 0) budgets.account = {4, minutes(5)};
  if (which == 1) budgets.action = {3, minutes(5)};
  return budgets;
}

// Most follow each other closely, where they meet; some after a while.
Duration draw_gap(Random& dice) {
  constexpr uint64_t kMillisecond = 1000;
  const uint64_t most = dice.below(3) == 0 ? 120'000 : dice.below(2) == 0 ? 5000 : 100;
  return Duration(dice.below(most * kMillisecond));
}

// Some of it when there may be claims already.
void add_quiet_drifts(Scenario& scenario, Random& dice) {
  const Duration last = scenario.disturbances.back().at + std::chrono::minutes(40);
  for (uint64_t left = 1 + dice.below(4); left > 0; --left) {
    const Disturbance one{Duration(dice.below(static_cast<uint64_t>(last.count()))), Disturbance::Kind::quiet_drift,
                          dice.number()};
    const auto behind = std::upper_bound(scenario.disturbances.begin(), scenario.disturbances.end(), one,
                                         [](const auto& a, const auto& b) { return a.at < b.at; });
    scenario.disturbances.insert(behind, one);
  }
}

}  // namespace

Scenario make_scenario(uint64_t seed, const std::vector<Disturbance::Kind>& favoured) {
  Random dice(seed * 7919 + 1);
  Scenario scenario{seed, seed % kOneOnSqlite == 0, {}, false, seed % kOneWithFleet == 0, draw_budgets(dice)};
  Duration at = std::chrono::seconds(1);
  for (uint64_t left = 4 + dice.below(24); left > 0; --left) {
    at += draw_gap(dice);
    const bool is_favoured = !favoured.empty() && dice.below(2) == 0;
    const auto kind = is_favoured ? favoured[dice.below(favoured.size())] : draw_kind(dice);
    scenario.disturbances.push_back({at, kind, dice.number()});
  }
  const bool wants_quiet = std::count(favoured.begin(), favoured.end(), Disturbance::Kind::quiet_drift) > 0;
  scenario.reconciles = wants_quiet || dice.below(4) == 0;
  if (scenario.reconciles) add_quiet_drifts(scenario, dice);
  return scenario;
}

std::string to_string(const Disturbance& one) {
  const auto micros = one.at.count();
  std::string seconds =
      std::to_string(micros / 1'000'000) + "." + std::to_string(micros % 1'000'000 + 1'000'000).substr(1);
  return seconds + " s  " + std::string(kKinds[static_cast<size_t>(one.kind)].name) + " (" +
         std::to_string(one.number % 1000) + ")";
}

}  // namespace kedge
