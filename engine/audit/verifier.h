// Verification: everything in a log's directory is derived again from its entries and compared with what its owner
// signed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/note.h"
#include "base/result.h"

namespace kedge {

struct LogFault {
  std::string file;               // below the directory, or the name of an older checkpoint
  std::optional<uint64_t> entry;  // the first that it concerns, where one can be named
  std::string message;

  bool operator==(const LogFault&) const = default;
};

// A checkpoint that was kept elsewhere: what was signed once and cannot be taken back.
struct OldCheckpoint {
  std::string name;  // how a fault calls it
  std::string note;
};

struct LogVerification {
  std::optional<Checkpoint> checkpoint;  // none: it is missing, malformed or not signed by a trusted key
  uint64_t entry_bytes = 0;
  std::vector<LogFault> faults;  // by entry, the first one first; at most kLogFaultsMax
  uint64_t more_faults = 0;
  uint64_t files_beyond = 0;         // left over beyond the checkpoint: no fault, as nobody trusts them
  std::vector<std::string> foreign;  // files below tile/ that are no log's: no fault either
  std::vector<std::string> extends;  // the names of the old checkpoints that the log was shown to extend

  bool good() const { return faults.empty(); }
};

inline constexpr size_t kLogFaultsMax = 100;

// Reads the checkpoint once, and then the log as of that, with so many threads: it may grow meanwhile. What is wrong
// with the log is a fault; an error is what keeps from looking (not_found: there is no such directory).
Result<LogVerification> verify_log(const std::string& directory, const std::vector<VerifierKey>& keys,
                                   const std::vector<OldCheckpoint>& against, unsigned threads);

}  // namespace kedge
