// Checkpoints (c2sp.org/tlog-checkpoint): how large a log is and what its root is, as the text of a signed note.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/note.h"
#include "base/hash.h"
#include "base/result.h"

namespace kedge {

struct Checkpoint {
  std::string origin;  // which log: its name, and the name of the keys that sign for it
  uint64_t size = 0;
  Digest root;

  bool operator==(const Checkpoint&) const = default;
};

// "ORIGIN\nSIZE\nROOT IN BASE64\n". Reading takes this alone, so no extension lines, and of an empty log no other root
// than that of nothing; an error (invalid) names the line.
std::string to_text(const Checkpoint&);
Result<Checkpoint> parse_checkpoint(std::string_view text);

// A hash as notes and proofs hold it: 32 bytes in base64, in one spelling alone.
std::optional<Digest> parse_hash(std::string_view text);

// The note, signed by each of `keys`: two while one follows the other. A key of another name than the origin is an
// error (invalid).
Result<std::string> sign_checkpoint(const Checkpoint&, const std::vector<SigningKey>& keys);

// What a note says that one of `keys` signed, of those that have the name of its origin. What is not well-formed is an
// error (invalid), what is not signed so another (refused).
Result<Checkpoint> open_checkpoint(std::string_view note, const std::vector<VerifierKey>& keys);

}  // namespace kedge
