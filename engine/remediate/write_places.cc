#include "remediate/write_places.h"

namespace kedge {

bool WritePlaces::take(const std::string& endpoint, bool isolates) {
  const std::lock_guard lock(mutex_);
  int& taken = taken_[endpoint];
  if (taken >= per_endpoint_ + (isolates ? 1 : 0)) return false;
  ++taken;
  return true;
}

void WritePlaces::give_back(const std::string& endpoint) {
  const std::lock_guard lock(mutex_);
  const auto taken = taken_.find(endpoint);
  if (taken != taken_.end() && --taken->second == 0) taken_.erase(taken);
}

}  // namespace kedge
