#include "tests/simulate/lease_promises.h"

#include <chrono>

namespace kedge {
namespace {

// A write was decided when its time was over, and a lease was written a moment before it counts.
constexpr Duration kMoment = std::chrono::seconds(1);

}  // namespace

void LeasePromises::isolated(const Remediation& remediation, Duration lease) {
  Lease& stands = leases_[remediation.id];
  stands = {{}, clock_.elapsed() + lease - kMoment};
  for (size_t i = 0; i < remediation.plan.isolate.size(); ++i) {
    const StepStatus status = remediation.steps[i].status;
    if (status != StepStatus::applied && status != StepStatus::already) continue;
    stands.names.insert(remediation.plan.isolate[i].args.at("name"));
  }
}

void LeasePromises::released(const Remediation& remediation) {
  const auto lease = leases_.find(remediation.id);
  if (lease == leases_.end()) return;
  expect_(!stands(lease->second), "what isolates for " + remediation.plan.target + " was released before its time");
  leases_.erase(lease);
}

// The word counts against those, too, that wrote the same when somebody had lifted it; those that found it standing
// refuse it (leans_on).
void LeasePromises::ended_by_person(const Remediation& remediation) {
  leases_.erase(remediation.id);
  for (const Step& step : remediation.plan.isolate) changes(step.args.at("name"));
}

void LeasePromises::changes(const std::string& name) {
  for (auto& [remediation, lease] : leases_) lease.names.erase(name);
}

void LeasePromises::writes(const std::string& name, const std::string& value) {
  if (value == kIsolated) return;
  for (const auto& [remediation, lease] : leases_) {
    expect_(!stands(lease) || !lease.names.contains(name), "a write of " + name + " ends an isolation before its time");
  }
}

void LeasePromises::check() {
  for (const auto& [remediation, lease] : leases_) {
    if (!stands(lease)) continue;
    for (const std::string& name : lease.names) {
      expect_(value_(name) == kIsolated, name + " should be isolated still, and is " + value_(name));
    }
  }
}

}  // namespace kedge
