// Blobs: what entries name by its digest, since it is too large for them. They lie beside the log's tiles, under the
// names of their digests, and are no part of the tree: the entry that names one vouches for it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"

namespace kedge {

// Of the largest that is read.
inline constexpr size_t kBlobBytesMax = 64U << 20U;

// "blobs/ab/cdef...", below the log's directory; and back, none where it is no such path.
std::string blob_path(const Digest& digest);
std::optional<Digest> parse_blob_path(std::string_view path);

// Its bytes. not_found: it is not there; corrupt: it holds others than those of this digest.
Result<std::string> read_blob(const std::string& directory, const Digest& digest);

// Calls `visit` with the path of each file below blobs/, as long as it is there. An error (refused, unavailable) when
// the directory cannot be listed.
Result<void> list_blobs(const std::string& directory, const std::function<void(const std::string& path)>& visit);

}  // namespace kedge
