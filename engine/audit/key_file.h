// Keys in files. A signing key is a secret of its owner, and lies elsewhere than the log that it signs; what is needed
// to verify may be shown to everybody.
#pragma once

#include <string>
#include <vector>

#include "audit/note.h"
#include "base/result.h"

namespace kedge {

// A new key, out of the system's randomness, written to `path` with mode 0600, and what verifies it to `path`.pub. A
// file that is there already is an error (conflict): a key that is gone cannot be made again.
Result<VerifierKey> make_key_file(const std::string& path, const std::string& name);

// A file that others than its owner may read or write is an error (refused) that says how to mend it, as is one that is
// not the user's or root's. Errors never hold a part of the key.
Result<SigningKey> read_signing_key(const std::string& path);

// One key a line; empty lines and those that begin with # are skipped. No key at all is an error (invalid), as is a
// line that holds none: it is named. So is a file that holds the secret instead (invalid).
Result<std::vector<VerifierKey>> read_verifier_keys(const std::string& path);

}  // namespace kedge
