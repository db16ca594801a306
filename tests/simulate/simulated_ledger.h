// SimulatedLedger: the ledger of one life of the engine, in a world that keeps what was durable when it dies.
#pragma once

#include <memory>
#include <vector>

#include "tests/ledger/memory_ledger.h"
#include "tests/simulate/simulated_world.h"

namespace kedge {

class SimulatedLedger : public Ledger {
 public:
  // What others read. (While a group is being written nobody else has a turn.)
  virtual LedgerReader& reader() = 0;
};

// The reference ledger with a disk behind it that loses what was not synced. Most runs have it, as it is fast, and bugs
// can be planted into it.
class LedgerInMemory final : public SimulatedLedger {
 public:
  // Begins with what the world has kept.
  LedgerInMemory(SimulatedWorld& world, uint64_t life) : world_(world), life_(life), working_(copy_of_durable(world)) {}

  std::vector<Answer> apply(std::span<const Change> changes) override;
  int64_t head() const override { return working_->head(); }
  Time now() const override { return working_->now(); }
  Time time_of_day() const override { return working_->time_of_day(); }
  std::optional<Duration> clock_doubt() const override {
    return world_.plant == Plant::clock_trusted ? std::nullopt : working_->clock_doubt();
  }
  LedgerReader& reader() override { return *working_; }

 private:
  static std::unique_ptr<MemoryLedger> copy_of_durable(SimulatedWorld& world);
  std::vector<Answer> commit(std::span<const Change> changes);
  std::vector<Change> with_plant(std::span<const Change> changes);
  Change as_event(const FindDrift&);
  void sync();
  void capture_again(const Change&, const Answer&);

  SimulatedWorld& world_;
  const uint64_t life_;
  std::unique_ptr<MemoryLedger> working_;
};

// The answer to every Change of a group that came to nothing.
std::vector<Answer> answer_all(size_t count, Outcome outcome, const char* why);

}  // namespace kedge
