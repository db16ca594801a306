// One ledger in the place of another, so that whenever the process or the machine dies there is the one or the other.
//
//   <data>/ledger-restoring/   the new one is being made: the old one stands, and this may be thrown away
//   <data>/ledger-restored/    it is whole: from here on it is the ledger. Who opens the ledger next ends the exchange
//   <data>/ledger-before-restore-TIME/   the old one's files, when it is ended
//
// Not by one rename over the old file: what stands in that one's write-ahead log would be played into the new ledger,
// and a damaged ledger cannot be made to give its log up first.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

// Under the ledger's lock, all of them but the last.

// An empty directory to make the new ledger in; the path of its file. What another exchange has left there goes.
Result<std::string> begin_exchange(const std::string& directory);
// Nothing has happened. Also what a process that died half way has left goes.
void give_up_exchange(const std::string& directory);
// The moment at which the new ledger is the ledger: durable when this returns, and not before. The new ledger's file
// must be closed.
Result<void> commit_exchange(const std::string& directory);
// Does what is left to do of a committed exchange, if there is one: any number of times. Where the old ledger lies now;
// empty: there was none, or there is no exchange.
Result<std::string> end_exchange(const std::string& directory, Time now);

// For readers: an error (unavailable) while an exchange was committed and not ended.
Result<void> check_no_exchange(const std::string& directory);

}  // namespace kedge
