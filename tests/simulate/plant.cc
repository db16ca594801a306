#include "tests/simulate/plant.h"

#include <vector>

namespace kedge {
namespace {

using Kind = Disturbance::Kind;

std::vector<Kind> kinds_that_show(Plant plant) {
  switch (plant) {
    case Plant::pause_ignored:
      return {Kind::pause, Kind::resume, Kind::drift};
    case Plant::scope_ignored:
      return {Kind::pause_rule, Kind::let_go, Kind::drift};
    case Plant::epoch_ignored:
      return {Kind::rebalance, Kind::poison};
    case Plant::seen_forgotten:
      return {Kind::tell_again, Kind::crash};
    case Plant::breaker_ignored:
      return {Kind::bad_luck, Kind::drift};
    case Plant::clock_trusted:
      return {Kind::wall_clock, Kind::drift};
    case Plant::disk_lies:
      return {Kind::crash, Kind::drift};
    case Plant::before_captured_twice:
      return {Kind::drift, Kind::undo, Kind::bad_luck};
    case Plant::undo_repeated:
      return {Kind::undo, Kind::bad_luck};
    case Plant::lease_cut_short:
      return {Kind::isolating_drift};
    case Plant::writers_ignored:
    case Plant::mass_ignored:
    case Plant::fleet_ignored:
    case Plant::approval_ignored:
    case Plant::account_uncounted:
    case Plant::action_uncounted:
      return {Kind::drift};
    case Plant::drift_as_event:
      return {Kind::quiet_drift, Kind::drift};
    default:
      return {};
  }
}

}  // namespace

Scenario make_scenario_for(Plant plant, uint64_t seed) {
  Scenario scenario = make_scenario(seed, kinds_that_show(plant));
  if (plant != Plant::none) scenario.on_sqlite = plant == Plant::disk_lies;
  if (plant == Plant::fleet_ignored) scenario.fleet = true;
  return scenario;
}

}  // namespace kedge
