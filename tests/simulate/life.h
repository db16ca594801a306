// Life: one engine, from its start to its death: what ships, wired as the daemon wires it, on simulated edges.
#pragma once

#include <functional>
#include <memory>

#include "app/effects_switch.h"
#include "ledger/committer.h"
#include "ledger/trusted_clock.h"
#include "pipeline/lane.h"
#include "pipeline/ledger_positions.h"
#include "remediate/executor.h"
#include "remediate/reconciler.h"
#include "rule/rule_set.h"
#include "tests/simulate/ledger_on_sqlite.h"
#include "tests/simulate/simulated_ledger.h"
#include "tests/simulate/simulated_source.h"
#include "tests/simulate/simulated_world.h"

namespace kedge {

// What all lives of all runs have in common, and none of them changes.
class Stage {
 public:
  Stage();
  ~Stage();
  // Those that ask reconcile to watch what was confirmed, or those that do not.
  std::shared_ptr<const RuleSet> rules(bool reconcile) const { return reconcile ? watched_ : rules_; }
  const std::string& directory() const;

 private:
  struct Files;
  std::unique_ptr<Files> files_;
  std::shared_ptr<const RuleSet> rules_;
  std::shared_ptr<const RuleSet> watched_;
};

class Life {
 public:
  // `disk`: its ledger's; null: it is in memory.
  Life(SimulatedWorld&, const Stage&, LedgerDisk* disk);
  // Of one that is dead, or is stopped: its threads end.
  ~Life();

  Committer& committer() { return committer_; }
  LedgerReader& reader() { return ledger_->reader(); }
  SimulatedSource& source() { return source_; }

 private:
  ExecutorEdges edges();
  std::optional<Stop> effects_stopped(const Remediation*);

  SimulatedWorld& world_;
  const uint64_t life_;
  const std::unique_ptr<SimulatedLedger> ledger_;
  Mailbox<Remediation> runnable_{10'000};
  Committer committer_;
  Random random_;
  CurrentRules rules_;
  OwnPrincipals us_{{kOwnPrincipal}};
  TrustedClock clock_{committer_, world_.clock};
  Lane lane_;
  LedgerPositions positions_;
  SimulatedSource source_;
  PauseFile pause_file_;
  EffectsSwitch effects_;
  SimulatedClient client_;
  NoHosts hosts_;
  ActionTable actions_;
  Breakers breakers_;
  Executor executor_;
  Reconciler reconciler_;
};

}  // namespace kedge
