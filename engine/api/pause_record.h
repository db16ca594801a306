// The pause file as the ledger knows it: while the file is there a pause of the scope "file:PATH" stands, so that what
// it keeps from acting is held on record, with what to type, and goes on by itself when the file is gone.
//
// The file itself stays the switch: it is asked before every single write, whether the ledger has heard of it or not.
#pragma once

#include "api/pause_file.h"
#include "ledger/committer.h"
#include "ledger/ledger.h"

namespace kedge {

// Commits what has changed since it was called last, in this process or another. Call it at the start and every second.
// An error (no room, a ledger that cannot be read) leaves all as it was: the next call tries again.
Result<void> record_pause_file(const PauseFile&, LedgerReader&, Committer&);

}  // namespace kedge
