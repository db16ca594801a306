// Where a log lies, and what must not lie there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kedge {

// Whether the directory holds a log: its checkpoint, or the folder of its tiles.
bool holds_log(const std::string& directory);

// The directory of the log in which `path` lies, or would lie, at any depth; none: in none that can be seen.
std::optional<std::string> log_around(const std::string& path);

inline constexpr size_t kSigningKeysTold = 10;

// Signing keys that lie within the log's directory, below it, the first of them: whoever may read the log may sign for
// its owner. Looked into is what is no file of the log, and `foreign`, which lie among those (paths below the
// directory). What cannot be read is passed over.
std::vector<std::string> signing_keys_in(const std::string& directory, const std::vector<std::string>& foreign);

}  // namespace kedge
