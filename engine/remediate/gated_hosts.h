// GatedHosts: the gate (call_gate.h) in front of hosts. All operations but observe write.
//
// Ownership:  borrows the hosts, the clock and EffectsStopped; lives for one call of an action, on one thread.
#pragma once

#include <optional>
#include <string>

#include "guard/breaker.h"
#include "remediate/call_gate.h"
#include "remediate/hosts.h"

namespace kedge {

class GatedHosts final : public Hosts {
 public:
  GatedHosts(Hosts& hosts, Clock& clock, const EffectsStopped& effects_stopped, CallGate::Permit permit)
      : hosts_(hosts), gate_(clock, effects_stopped, std::move(permit)) {}

  ActionResult<nlohmann::json> call(const HostCommand&) override;

  // What the call did, once it is over.
  int writes() const { return writes_; }   // done, or perhaps done
  bool unsure() const { return unsure_; }  // of one it is not known what became of it
  const std::optional<std::string>& kept_back() const { return gate_.kept_back(); }
  bool misused() const { return gate_.misused(); }
  // Bad: the way to the host failed. Whatever the host itself answers is a good answer.
  Breaker::Outcome health() const { return health_; }
  const std::string& trouble() const { return trouble_; }

 private:
  void judge(const ActionResult<nlohmann::json>&);

  Hosts& hosts_;
  CallGate gate_;
  int writes_ = 0;
  bool unsure_ = false;
  Breaker::Outcome health_ = Breaker::Outcome::none;
  std::string trouble_;
};

}  // namespace kedge
