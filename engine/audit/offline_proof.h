// A .tlog-proof (c2sp.org/tlog-proof): one record's proof in one file, with the checkpoint that it leads to. Who has
// the record, the file and the log's key needs no log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/note.h"
#include "audit/proof.h"
#include "base/result.h"

namespace kedge {

struct OfflineProof {
  uint64_t index = 0;
  std::vector<Digest> siblings;  // from the leaf up
  std::string checkpoint;        // the signed note, as it was published

  bool operator==(const OfflineProof&) const = default;
};

// Reading is strict, but for a line `extra`, which nobody vouches for: it is skipped. An error (invalid) names the
// line.
std::string to_text(const OfflineProof&);
Result<OfflineProof> parse_offline_proof(std::string_view text);

// What the record was proven to be in, and where.
struct ProvenRecord {
  Checkpoint checkpoint;
  uint64_t index = 0;
};

// An error (refused) when the checkpoint is not signed by one of `keys` or the proof does not lead to it from `record`.
Result<ProvenRecord> check_offline_proof(const OfflineProof& proof, std::string_view record,
                                         const std::vector<VerifierKey>& keys);

}  // namespace kedge
