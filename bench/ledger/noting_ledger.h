// NotingLedger: the ledger, and beside it how large each group was and how many pages it made SQLite write.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <vector>

#include "ledger/sqlite_ledger.h"

namespace kedge {

struct Group {
  size_t changes = 0;
  int64_t pages = 0;
};

class NotingLedger final : public Ledger {
 public:
  // Ends the process where the ledger cannot be opened. `durable`: false where a ledger is only made, to be measured
  // later, and nobody minds a crash.
  NotingLedger(const SqliteLedgerOptions&, Clock&, Random&, bool durable = true);

  std::vector<Answer> apply(std::span<const Change> changes) override;
  int64_t head() const override { return ledger_->head(); }
  Time now() const override { return ledger_->now(); }
  Time time_of_day() const override { return ledger_->time_of_day(); }
  std::optional<Duration> clock_doubt() const override { return ledger_->clock_doubt(); }

  // Of the groups since this was last asked. Not while somebody writes.
  std::vector<Group> groups();

 private:
  std::unique_ptr<Ledger> ledger_;
  sqlite3* writer_;  // its connection
  std::vector<Group> groups_;
};

// Pages that a connection has written.
int64_t pages_written(sqlite3*);

[[noreturn]] void fail(const std::string& why);

}  // namespace kedge
