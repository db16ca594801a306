// A ledger with a past: so many remediations that have ended, spread over the time for which the ledger keeps them.
#pragma once

#include <cstdint>

#include "ledger/sqlite_ledger.h"

namespace kedge {

// Budgets and breakers never say no: what is measured is the ledger.
SqliteLedgerOptions bench_ledger_options(const std::string& directory);

// Makes it in `directory`, which must not hold one, by the same Changes as an engine would, in large groups that are
// not synced.
void make_past(const std::string& directory, int64_t remediations);

}  // namespace kedge
