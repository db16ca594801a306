// SqliteLedger: the ledger of one engine, in one file, readable with any SQL tool. SCHEMA.md beside this file tells the
// tables.
//
// Ownership:   owns its connections and the lock file; borrows Clock and Random, which must outlive it.
// One owner:   open takes `<directory>/lock` (flock) and fails with `conflict` while another process holds it.
// Durability:  WAL, synchronous=FULL, one transaction a group. Ledger time never goes back (contracts §7).
// Migrations:  forward only, in one transaction, after a backup beside the file; a newer file is refused by name and
//              version.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "guard/gate.h"
#include "ledger/ledger.h"
#include "ledger/throttle.h"

namespace kedge {

// Of what goes on because something is over (a pause, a mass match, a rule's breaker), one commit looks at so many.
inline constexpr size_t kResumedAtOnce = 100;

struct SqliteLedgerOptions {
  std::string directory;                                   // <data>: ledger.db and lock lie in it
  Duration seen_for = std::chrono::hours(24 * 7);          // how long keys are remembered (longer than sources keep)
  Duration undo_horizon = std::chrono::hours(24 * 90);     // how long ended remediations can be undone
  Duration journal_horizon = std::chrono::hours(24 * 90);  // how long records stay that `published` counts
  size_t wal_bytes_max = 64U << 20U;                       // above it the committer restarts the WAL between two groups
  size_t checkpoint_bytes = 4U << 20U;                     // how much the WAL grows between two checkpoints
  size_t record_bytes_max = 65'535;                        // larger parts of a record go in by digest
  int64_t dead_letters_max = 10'000;                       // kept of one source and rule; beyond it only ranges
  int64_t dead_letter_bytes_max = 64LL << 20;              // likewise, their values together
  int64_t dead_letters_per_minute = 600;                   // likewise
  int suppressions_per_minute = 60;                        // records of one rule; beyond it they fold into one
  size_t resumed_at_once = kResumedAtOnce;                 // others wait for it meanwhile
  GateLimits gate;                                         // the engine's own limits
  // What the engine must not turn against. Asked in each Start, by the committer's thread; empty: nothing is.
  std::function<std::vector<OwnThing>()> own_things;
  // So many records are in the audit log, behind a checkpoint that was shown: what of that is past journal_horizon
  // goes, the oldest first, some with each group that writes records (records_to_let_go). The last one that was
  // published stays, so that log and ledger can be compared, and so does the last of all. Asked as own_things is;
  // empty: there is no log, and all records stay.
  std::function<int64_t()> published;
  std::vector<std::string> notify_alarms;        // channels that hear of alarms, holds and what is unconfirmed
  std::vector<std::string> notify_dead_letters;  // channels that get each dead letter
  NoticePace notices;                            // of a rule without a throttle of its own
};

// At most so many records go with a group that has written so many: more, so that none is past its horizon for long,
// and no more than that, so that no commit takes much longer for it.
inline int64_t records_to_let_go(int64_t written) { return 16 + 2 * written; }

Result<std::unique_ptr<Ledger>> open_sqlite_ledger(SqliteLedgerOptions, Clock&, Random&);

// Read-only; needs no lock and works beside a running engine. not_found when there is no ledger in `directory`.
Result<std::unique_ptr<LedgerReader>> open_sqlite_reader(const std::string& directory);

}  // namespace kedge
