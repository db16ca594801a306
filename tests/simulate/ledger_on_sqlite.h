// LedgerOnSqlite: the ledger that ships, on a lossy disk, beside the reference ledger, which must always say the same;
// also after the engine has died between any two writes to the disk and the ledger has recovered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger/sqlite_ledger.h"
#include "tests/simulate/lossy_disk.h"
#include "tests/simulate/simulated_ledger.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

// The disk of all lives of one run. Only one can be there at a time.
class LedgerDisk {
 public:
  LedgerDisk(SimulatedWorld&, SqliteLedgerOptions);
  ~LedgerDisk();
  LedgerDisk(const LedgerDisk&) = delete;
  LedgerDisk& operator=(const LedgerDisk&) = delete;

  // The machine starts again: what was not synced is lost. No ledger is open.
  void restart() { disk_.lose_what_is_not_synced(); }
  // After the last life's end: is the file sound, by the product's own check?
  void check();

 private:
  friend class LedgerOnSqlite;

  SimulatedWorld& world_;
  const TemporaryDirectory directory_;
  SqliteLedgerOptions options_;
  uint64_t life_ = 0;  // whose ledger is open
  LossyDisk disk_;
  // What the reference would be if the group that was being written at the death had become durable.
  std::unique_ptr<MemoryLedger> perhaps_;
};

class LedgerOnSqlite final : public SimulatedLedger {
 public:
  LedgerOnSqlite(LedgerDisk&, SimulatedWorld&, uint64_t life);

  std::vector<Answer> apply(std::span<const Change> changes) override;
  int64_t head() const override { return ledger_ ? ledger_->head() : 0; }
  Time now() const override { return ledger_ ? ledger_->now() : world_.clock.now(); }
  Time time_of_day() const override { return ledger_ ? ledger_->time_of_day() : world_.clock.now(); }
  std::optional<Duration> clock_doubt() const override { return ledger_ ? ledger_->clock_doubt() : std::nullopt; }
  // The reference, where the engine died before it could read.
  LedgerReader& reader() override { return reader_ ? *reader_ : world_.durable(); }

 private:
  Result<void> open();
  void compare_what_was_kept();

  LedgerDisk& disk_;
  SimulatedWorld& world_;
  const uint64_t life_;
  Random random_{7};
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerReader> reader_;
};

}  // namespace kedge
