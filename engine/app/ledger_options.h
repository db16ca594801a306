// How the ledger is opened, from the configuration: the daemon and the command line alike.
#pragma once

#include "app/configuration.h"
#include "ledger/sqlite_ledger.h"

namespace kedge {

inline SqliteLedgerOptions ledger_options(const Configuration& configuration) {
  SqliteLedgerOptions options;
  options.directory = configuration.data;
  options.seen_for = configuration.seen_for;
  options.undo_horizon = configuration.undo_horizon;
  options.journal_horizon = configuration.undo_horizon;
  options.gate = configuration.gate;
  options.notify_alarms = configuration.alarms;
  options.notify_dead_letters = configuration.dead_letters;
  options.notices = configuration.notices;
  return options;
}

}  // namespace kedge
