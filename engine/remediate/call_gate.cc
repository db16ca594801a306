#include "remediate/call_gate.h"

namespace kedge {

std::optional<Error> CallGate::refuse(bool writes, const std::string& what) {
  if (writes && !permit_.writes) {
    misused_ = true;
    return Error{ErrorCode::internal, "an action tried to write (" + what + ") while it observed"};
  }
  if (permit_.stop.stop_requested()) {
    kept_back_ = "the engine is stopping";
  } else if (clock_.elapsed() >= permit_.deadline) {
    kept_back_ = "no time was left for another request";
  } else if (writes) {
    if (auto stop = effects_stopped_()) kept_back_ = "effects are stopped: " + stop->reason;
  }
  if (!kept_back_) return std::nullopt;
  return Error{ErrorCode::refused, *kept_back_};
}

}  // namespace kedge
