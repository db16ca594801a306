#include "ledger/restored_pause.h"

#include "guard/restored.h"

namespace kedge {
namespace {

constexpr Duration kClocksApart = std::chrono::minutes(1);

}  // namespace

bool restored_pause_concerns(const Pause& pause, const Remediation& r) {
  return pause.scope == kRestored && r.times.happened && *r.times.happened <= pause.since + kClocksApart;
}

}  // namespace kedge
