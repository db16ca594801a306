#include "tests/simulate/plant.h"

namespace kedge {

std::vector<Disturbance::Kind> kinds_that_show(Plant plant) {
  using Kind = Disturbance::Kind;
  switch (plant) {
    case Plant::pause_ignored:
      return {Kind::pause, Kind::resume, Kind::drift};
    case Plant::epoch_ignored:
      return {Kind::rebalance, Kind::poison};
    case Plant::seen_forgotten:
      return {Kind::tell_again, Kind::crash};
    default:
      return {};
  }
}

}  // namespace kedge
