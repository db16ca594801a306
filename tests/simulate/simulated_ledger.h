// SimulatedLedger: the reference ledger with a disk behind it that loses what was not synced when the engine dies.
#pragma once

#include <memory>
#include <vector>

#include "tests/ledger/memory_ledger.h"
#include "tests/simulate/simulated_world.h"

namespace kedge {

class SimulatedLedger final : public Ledger {
 public:
  // Begins with what the world has kept.
  SimulatedLedger(SimulatedWorld& world, uint64_t life)
      : world_(world), life_(life), working_(std::make_unique<MemoryLedger>(world.durable())) {}

  std::vector<Answer> apply(std::span<const Change> changes) override;
  int64_t head() const override { return working_->head(); }
  Time now() const override { return working_->now(); }

  // What others read. (Between the writing and the sync of a group nobody else has a turn.)
  LedgerReader& reader() { return *working_; }

 private:
  std::vector<Answer> commit(std::span<const Change> changes);
  std::vector<Change> with_plant(std::span<const Change> changes);
  void sync();

  SimulatedWorld& world_;
  const uint64_t life_;
  std::unique_ptr<MemoryLedger> working_;
};

}  // namespace kedge
