#include "host/baseline_seen.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kedge {
namespace {

constexpr std::chrono::seconds kSettled{2};  // coarser than the clocks of all file systems but FAT, which has no ctime

std::string head_of(const Digest& manifest) { return "#kedge seen 1 " + manifest.hex() + "\n"; }

// Takes "NUMBER " off the front.
template <class Number>
bool take(std::string_view& line, Number& number) {
  const auto [end, wrong] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (wrong != std::errc() || end == line.data() + line.size() || *end != ' ') return false;
  line.remove_prefix(static_cast<size_t>(end - line.data()) + 1);
  return true;
}

}  // namespace

std::string seen_text(const Digest& manifest, const std::vector<ScannedEntry>& entries, Time begun) {
  std::string text = head_of(manifest);
  const int64_t settled = std::chrono::floor<std::chrono::seconds>(begun - kSettled).time_since_epoch().count();
  for (const auto& [state, identity] : entries) {
    if (!state.sha256 || identity.ctime.seconds >= settled) continue;
    text += fmt::format("{} {} {} {} {}\n", identity.device, identity.inode, identity.ctime.seconds,
                        identity.ctime.nanoseconds, visible(state.path));
  }
  return text;
}

Result<SeenFiles> SeenFiles::parse(std::string_view text, const std::string& name, const ReadManifest& manifest) {
  const std::string head = head_of(manifest.digest);
  if (!text.starts_with(head)) {
    return Error{ErrorCode::invalid, name + ":1: it was not written with this manifest"};
  }
  text.remove_prefix(head.size());
  SeenFiles files;
  auto entry = manifest.manifest.entries.begin();
  const auto end = manifest.manifest.entries.end();
  for (int number = 2; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    FileIdentity identity;
    const bool read = take(line, identity.device) && take(line, identity.inode) && take(line, identity.ctime.seconds) &&
                      take(line, identity.ctime.nanoseconds);
    const auto path = from_visible(line);
    while (path && entry != end && path_before(entry->path, *path)) ++entry;
    if (!read || !path || entry == end || entry->path != *path || !entry->sha256) {
      return Error{ErrorCode::invalid, fmt::format("{}:{}: it is no file of the manifest, in its order", name, number)};
    }
    files.seen_.push_back({&*entry++, identity});
  }
  return files;
}

const FileState* SeenFiles::find(const std::string& path, const FileIdentity& identity, uint64_t size,
                                 FileTime mtime) const {
  const auto before = [](const Seen& seen, const std::string& sought) { return path_before(seen.state->path, sought); };
  const auto found = std::lower_bound(seen_.begin(), seen_.end(), path, before);
  if (found == seen_.end() || found->state->path != path || found->identity != identity) return nullptr;
  return found->state->size == size && found->state->mtime == mtime ? found->state : nullptr;
}

}  // namespace kedge
