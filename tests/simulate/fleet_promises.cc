#include "tests/simulate/fleet_promises.h"

#include <chrono>
#include <set>

namespace kedge {
namespace {

constexpr const char* kFleet = "values";
constexpr size_t kMayBeOut = 2;

}  // namespace

Fleets simulated_fleets() { return {{kFleet, {{"value:v*"}, 4, 1}}}; }

// What is undone may have ended before: a person took it up again.
bool FleetPromises::is_out(const std::string& remediation, const Begun& one, MemoryLedger& durable) const {
  const auto now = durable.remediation(remediation);
  if (now && !is_end(now->state) && now->state != State::undoing) return true;
  return one.wrote && one.at > clock_.elapsed() - kShareOfFleet.within + std::chrono::seconds(1);
}

void FleetPromises::began(const Remediation& remediation, bool approved, MemoryLedger& durable) {
  const std::string& target = remediation.plan.target;
  if (!watches_ || fleet_of(target, simulated_fleets()) != kFleet) return;
  std::set<std::string> out;
  for (const auto& [id, one] : begun_) {
    if (one.target != target && is_out(id, one, durable)) out.insert(one.target);
  }
  expect_(approved || out.size() < kMayBeOut, "a remediation of " + target + " began, and " +
                                                  std::to_string(out.size()) +
                                                  " others of its fleet are out of service");
  begun_[remediation.id] = {target, clock_.elapsed(), false};
}

void FleetPromises::written(const std::string& mark) {
  const auto whose = marks_.find(mark);
  if (whose == marks_.end()) return;
  if (const auto begun = begun_.find(whose->second); begun != begun_.end()) begun->second.wrote = true;
}

}  // namespace kedge
