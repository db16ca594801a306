#include "app/lost_evidence.h"

#include <set>

namespace kedge {
namespace {

std::string place_of(const Step& step) {
  const std::string root = step.args.value("root", "");
  return step.args.value("host", "") + (root.empty() ? "" : "/" + root);
}

}  // namespace

std::optional<std::string> replaced_without_evidence(const Plan& plan) {
  std::set<std::string> kept;
  for (const Step* const step : plan.effects()) {
    if (step->action == "host.capture_evidence") kept.insert(place_of(*step));
    if (step->action != "host.replace") continue;
    const bool is_kept = kept.contains(place_of(*step)) || kept.contains(step->args.value("host", ""));
    if (!is_kept) return place_of(*step);
  }
  return std::nullopt;
}

}  // namespace kedge
