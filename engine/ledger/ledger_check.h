// What is wrong with a ledger's file, if anything: SQLite's own check, every record of the journal and every blob, and
// then the state tables against what the journal tells of them.
//
// It only reads, and works beside a running engine. The journal and the blobs are read in slices, each a transaction of
// its own, as their bytes never change; the tables of what is open, which are small, are compared with the journal's
// end in one. Only SQLite's own check holds one transaction for as long as reading the whole file takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

struct LedgerFault {
  std::string part;     // "file", "journal", "blob", "remediation", "lock", "position", ...
  std::string where;    // a record's number, a remediation's id, ...; may be empty
  std::string message;  // for people

  bool operator==(const LedgerFault&) const = default;
};

// What was read, and what is wrong with it.
struct LedgerCheck {
  std::string ledger_id;
  int64_t incarnation = 0;
  int64_t first = 0;  // the number of the first record that the journal still has
  int64_t head = -1;  // and of the last one
  Time time;          // ledger time of the last commit
  int64_t records = 0;
  int64_t blobs = 0;
  int64_t open = 0;   // remediations
  int64_t ended = 0;  // likewise, within the undo horizon
  int64_t claims = 0;
  std::vector<LedgerFault> faults;
  int64_t more_faults = 0;  // beyond kLedgerFaultsMax

  bool good() const { return faults.empty(); }
};
inline constexpr size_t kLedgerFaultsMax = 1000;

// `path`: a ledger's file, in use or not, or a backup of one. `undo_horizon`: what is older may lack its blobs. An
// error: there is no file (not_found), it is no ledger of our version (invalid) or no database at all (corrupt).
Result<LedgerCheck> check_ledger(const std::string& path, Duration undo_horizon);

}  // namespace kedge
