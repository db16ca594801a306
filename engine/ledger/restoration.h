// Puts a backup in the place of the ledger: the beginning of a new incarnation.
//
// What happened after the backup is not known to it, and must not happen again unseen. So the restored ledger
//   - pauses all effects, and holds what events from before its restoration ask for until a person says yes;
//   - takes over, from the audit log or the former ledger's journal, what came to its end since: that is not decided
//   again. And our own attempts: they are recognised when they come back as events;
//   - holds what was open in the backup and moved since, or may have: it would be carried on from an older state;
//   - raises the epoch of every position above any that the group can carry: reading goes on where the backup stood;
//   - goes on in the journal behind the last record that the former ledger is known to have; or, where there is an
//   audit log, with the number that comes next there, for a record's number is its place in it;
//   - says all this in a record, with who asked for it.
//
// The former ledger is not lost: its files go into a directory of their own. Whenever the process or the machine dies,
// there is the former ledger or the restored one, with its effects paused (exchange.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/ledger_check.h"
#include "ledger/values.h"

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
  // The last record behind the backup's that could be read; none: there was none.
  std::optional<int64_t> known;
  int64_t dropped = 0;   // keys that are not decided again, as these records tell what came of them
  int64_t outdated = 0;  // open remediations of the backup that are held, as they went on since, or may have
};

// An audit log, as a restoration sees it.
struct LogOfLedger {
  int64_t end = 0;  // how many records it holds
  std::function<Result<std::vector<JournalEntry>>(int64_t from, size_t limit)> records;
};

// `directory`: <data>. Takes its lock: conflict while a daemon holds it. Until the backup has been copied, checked and
// made a new incarnation beside it, the ledger that is there is not touched. A backup of an older version of the tables
// is brought to ours. `log`: none: there is no audit log. One that does not have the backup's last record, or has
// another in its place, tells nothing.
Result<Restoration> restore_ledger(const std::string& directory, const std::string& backup, Duration undo_horizon,
                                   const std::string& actor, Clock& clock, const std::optional<LogOfLedger>& log);

}  // namespace kedge
