// Small whole files.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

// The bytes of a file; an error (limit) when it is larger than `bytes_max`.
Result<std::string> read_file(const std::string& path, size_t bytes_max = 64U << 20U);

// Replaces `path` so that after a crash it holds either what was there or all of `bytes`: written beside it, synced,
// renamed, and the directory synced.
Result<void> write_file_atomically(const std::string& path, std::string_view bytes, unsigned mode = 0644);

}  // namespace kedge
