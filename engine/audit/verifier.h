// Verification: everything in a log's directory is derived again from its entries and compared with what its owner
// signed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/note.h"
#include "base/result.h"

namespace kedge {

struct LogFault {
  std::string file;               // below the directory; or the name of a file with older checkpoints, and the line
  std::optional<uint64_t> entry;  // the first that it concerns, where one can be named
  std::string message;

  bool operator==(const LogFault&) const = default;
};

// A file of checkpoints that were kept elsewhere (kept_checkpoints.h): what was signed once and cannot be taken back.
struct OldCheckpoints {
  std::string name;  // how a fault calls it
  std::string text;
};

// A file of them that the log was shown to extend, each and all.
struct ExtendedCheckpoints {
  std::string name;
  size_t count = 0;    // of checkpoints
  size_t cut_off = 0;  // of which only a part was written: nothing is known of them

  bool operator==(const ExtendedCheckpoints&) const = default;
};

struct LogVerification {
  std::optional<Checkpoint> checkpoint;  // none: it is missing, malformed or not signed by a trusted key
  uint64_t entry_bytes = 0;
  std::vector<LogFault> faults;  // by entry, the first one first; at most kLogFaultsMax
  uint64_t more_faults = 0;
  uint64_t files_beyond = 0;              // left over beyond the checkpoint: no fault, as nobody trusts them
  std::vector<std::string> foreign;       // files below tile/ and blobs/ that are no log's: no fault either
  std::vector<std::string> signing_keys;  // beside or among the log's files: a fault of who keeps it, not of the log
  uint64_t blobs = 0;                     // beside the log, each with the bytes of its digest
  uint64_t blobs_missing = 0;             // that entries name: no fault, as they are no part of what was signed
  std::vector<ExtendedCheckpoints> extends;

  bool good() const { return faults.empty(); }
};

inline constexpr size_t kLogFaultsMax = 100;

// Which blobs an entry names. Called by several threads at once.
using NamedBlobs = std::function<std::vector<Digest>(std::string_view entry)>;

// Reads the checkpoint once, and then the log as of that, with so many threads: it may grow meanwhile. What is wrong
// with the log is a fault; an error is what keeps from looking (not_found: there is no such directory).
Result<LogVerification> verify_log(const std::string& directory, const std::vector<VerifierKey>& keys,
                                   const std::vector<OldCheckpoints>& against, unsigned threads,
                                   const NamedBlobs& named = nullptr);

}  // namespace kedge
