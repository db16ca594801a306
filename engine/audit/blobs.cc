#include "audit/blobs.h"

#include <algorithm>
#include <filesystem>

#include "audit/tile.h"
#include "base/bytes.h"
#include "base/files.h"

namespace kedge {
namespace {

constexpr std::string_view kFolder = "blobs/";

}  // namespace

std::string blob_path(const Digest& digest) {
  const std::string hex = digest.hex();
  return std::string(kFolder) + hex.substr(0, 2) + "/" + hex.substr(2);
}

std::optional<Digest> parse_blob_path(std::string_view path) {
  if (path.size() != kFolder.size() + 1 + 2 * kHashBytes || path.substr(0, kFolder.size()) != kFolder) return {};
  const std::string hex = std::string(path.substr(kFolder.size(), 2)) + std::string(path.substr(kFolder.size() + 3));
  const auto bytes = from_hex(hex);
  Digest digest;
  if (!bytes || bytes->size() != digest.bytes.size()) return {};
  std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
  return blob_path(digest) == path ? std::optional(digest) : std::nullopt;
}

Result<std::string> read_blob(const std::string& directory, const Digest& digest) {
  auto bytes = read_file(directory + "/" + blob_path(digest), kBlobBytesMax);
  if (bytes && sha256(*bytes) != digest) {
    return Error{ErrorCode::corrupt, "it holds other bytes than those of its digest"}.with(blob_path(digest));
  }
  return bytes;
}

Result<void> list_blobs(const std::string& directory, const std::function<void(const std::string& path)>& visit) {
  const std::filesystem::path root(directory);
  std::error_code wrong;
  if (!std::filesystem::exists(root / "blobs", wrong)) return {};
  auto entry = std::filesystem::recursive_directory_iterator(root / "blobs", wrong);
  for (; !wrong && entry != std::filesystem::recursive_directory_iterator(); entry.increment(wrong)) {
    std::error_code gone;
    if (!entry->is_directory(gone)) visit(entry->path().lexically_relative(root).string());
  }
  if (!wrong) return {};
  return Error{wrong == std::errc::permission_denied ? ErrorCode::refused : ErrorCode::unavailable,
               "cannot list " + directory + "/blobs: " + wrong.message()};
}

}  // namespace kedge
