// Puts a backup in the place of the ledger: the beginning of a new incarnation.
//
// What happened after the backup is not known to it, and must not happen again unseen. So the restored ledger
//   - pauses all effects: what is met again is decided and observed, and held until a person ends the pause;
//   - raises the epoch of every position above any that the group can carry: reading goes on where the backup stood;
//   - goes on in the journal behind the last record that the former ledger is known to have; or, where there is an
//   audit
//     log, with the number that comes next there, for a record's number is its place in it;
//   - says all this in a record, with who asked for it.
//
// The former ledger is not lost: its files go into a directory of their own. Whenever the process or the machine dies,
// there is the former ledger or the restored one, with its effects paused (exchange.h).
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "ledger/ledger_check.h"

namespace kedge {

struct Restoration {
  LedgerCheck backup;  // where it has faults, nothing was done
  int64_t incarnation = 0;
  int64_t head = -1;      // the record that says that it was restored
  std::string set_aside;  // the directory in which the former ledger lies; empty: there was none
  // What is known of the former ledger; none: there was none, or it cannot be read.
  struct Former {
    std::string ledger_id;
    int64_t incarnation = 0;
    int64_t head = -1;
    int64_t epoch = 0;  // the greatest of its positions
  };
  std::optional<Former> former;
};

// `directory`: <data>. Takes its lock: conflict while a daemon holds it. Until the backup has been copied, checked and
// made a new incarnation beside it, the ledger that is there is not touched. A backup of an older version of the tables
// is brought to ours. `log_end`: how many records the audit log holds; none: there is no log.
Result<Restoration> restore_ledger(const std::string& directory, const std::string& backup, Duration undo_horizon,
                                   const std::string& actor, Clock& clock, std::optional<int64_t> log_end);

}  // namespace kedge
