// A copy of the ledger as one commit left it, made beside a running engine.
#pragma once

#include <string>

#include "ledger/ledger_check.h"
#include "ledger/sqlite.h"

namespace kedge {

// Copies the ledger in `directory` to `path`: readable by its owner only, synced, and checked before it gets its name.
// The answer is what the check read of the copy; where it found faults, there is no file at `path`.
//
// Refused (conflict) where `path` is there already: a backup never takes the place of another.
//
// It is SQLite's own backup, in one step: the pages as they are, in one transaction, so that the engine's log is pinned
// for no longer than reading the file takes. Smaller steps would begin anew at each of the engine's commits; VACUUM
// INTO makes every table and index anew, takes longer over it, and a damaged index would be sound in the copy: the
// check would find nothing.
Result<LedgerCheck> back_up_ledger(const std::string& directory, const std::string& path, Duration undo_horizon);

// SQLite's own backup of `from` (a ledger's file, of our version or of `oldest` and up) into the empty or new file
// `to`, as a file of its own without a log beside it.
Result<void> copy_ledger(const std::string& from, const std::string& to, int oldest);

// The same of what is open, whatever its version, to `path`, in the place of what is there. It has that name only when
// it is whole and synced. By one process at a time.
Result<void> keep_copy(Database&, const std::string& path);

}  // namespace kedge
