#include "audit/log_place.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "audit/note.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBeginning = 12;            // of a file: enough to tell a signing key
constexpr size_t kFilesLookedInto = 10'000;  // beside the log: there are none, or somebody keeps other things there

// Only a file that can be read: a pipe would keep us waiting.
bool holds_signing_key(const fs::path& path) {
  std::error_code hidden;
  if (!fs::is_regular_file(path, hidden)) return false;
  std::ifstream file(path, std::ios::binary);
  std::string begin(kBeginning, '\0');
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return file.good() && is_signing_key(begin);
}

// What has millions of files, all of which are looked at elsewhere.
bool is_of_log(const fs::path& path) { return path == "tile" || path == "blobs"; }

}  // namespace

bool holds_log(const std::string& directory) {
  std::error_code hidden;
  return fs::is_regular_file(directory + "/checkpoint", hidden) || fs::is_directory(directory + "/tile", hidden);
}

std::optional<std::string> log_around(const std::string& path) {
  std::error_code failure;
  fs::path at = fs::weakly_canonical(fs::absolute(path, failure).parent_path(), failure);
  for (; !failure && !at.empty(); at = at.parent_path()) {
    if (holds_log(at.string())) return at.string();
    if (at == at.parent_path()) break;
  }
  return std::nullopt;
}

std::vector<std::string> signing_keys_in(const std::string& directory, const std::vector<std::string>& foreign) {
  std::set<std::string> found;
  for (const std::string& path : foreign) {
    if (holds_signing_key(fs::path(directory) / path)) found.insert(path);
  }
  std::error_code wrong;
  auto entry = fs::recursive_directory_iterator(directory, fs::directory_options::skip_permission_denied, wrong);
  size_t files = 0;
  for (; !wrong && entry != fs::recursive_directory_iterator() && files < kFilesLookedInto; entry.increment(wrong)) {
    const fs::path path = entry->path().lexically_relative(directory);
    if (is_of_log(path)) {
      entry.disable_recursion_pending();
      continue;
    }
    ++files;
    if (holds_signing_key(entry->path())) found.insert(path.string());
  }
  std::vector<std::string> told(found.begin(), found.end());
  if (told.size() > kSigningKeysTold) told.resize(kSigningKeysTold);
  return told;
}

}  // namespace kedge
