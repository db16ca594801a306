#include "host/baseline_difference.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace kedge {
namespace {

constexpr size_t kDigestShown = 12;  // digits, for people

class Changes {
 public:
  template <class Value, class Text>
  void compare(const char* field, const Value& before, const Value& after, const Text& text) {
    if (before != after) list_.push_back({field, text(before), text(after)});
  }
  std::vector<FieldChange> take() { return std::move(list_); }

 private:
  std::vector<FieldChange> list_;
};

std::string type_text(FileType type) { return std::string(to_string(type)); }
std::string number_text(uint64_t number) { return std::to_string(number); }
std::string mode_text(uint32_t mode) { return fmt::format("{:04o}", mode); }
std::string owner_text(std::pair<uint32_t, uint32_t> owner) { return fmt::format("{}:{}", owner.first, owner.second); }
std::string device_text(std::pair<uint32_t, uint32_t> device) {
  return fmt::format("{},{}", device.first, device.second);
}
std::string time_text(FileTime time) { return fmt::format("{}.{:09}", time.seconds, time.nanoseconds); }
std::string digest_text(const std::optional<Digest>& digest) { return digest->hex(); }
std::string bytes_text(const std::string& bytes) { return bytes.empty() ? "none" : to_hex(bytes); }

std::string shown(const FieldChange& change, const std::string& value) {
  return change.field == "sha256" ? value.substr(0, kDigestShown) + "…" : value;
}

}  // namespace

std::vector<FieldChange> changes_between(const FileState& before, const FileState& after, bool times) {
  Changes changes;
  const auto owner = [](const FileState& state) { return std::pair(state.uid, state.gid); };
  const auto device = [](const FileState& state) { return std::pair(state.device_major, state.device_minor); };
  changes.compare("type", before.type, after.type, type_text);
  if (before.type == after.type) {
    if (before.sha256 && after.sha256) changes.compare("sha256", before.sha256, after.sha256, digest_text);
    changes.compare("size", before.size, after.size, number_text);
    changes.compare("link", before.link_target, after.link_target, visible);
    changes.compare("device", device(before), device(after), device_text);
    changes.compare("links", before.links, after.links, number_text);
    if (!before.unread && !after.unread) {
      changes.compare("capabilities", before.capabilities, after.capabilities, bytes_text);
    }
    if (times) changes.compare("time", before.mtime, after.mtime, time_text);
  }
  changes.compare("mode", before.mode, after.mode, mode_text);
  changes.compare("owner", owner(before), owner(after), owner_text);
  return changes.take();
}

std::string_view to_string(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::added:
      return "added";
    case Difference::Kind::removed:
      return "removed";
    case Difference::Kind::modified:
      break;
  }
  return "modified";
}

std::vector<Difference> differences(const std::vector<FileState>& before, const std::vector<FileState>& after,
                                    bool times) {
  std::vector<Difference> found;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && path_before(old->path, now->path))) {
      found.push_back({Difference::Kind::removed, old->path, {}, {}});
      ++old;
    } else if (old == before.end() || path_before(now->path, old->path)) {
      found.push_back({Difference::Kind::added, now->path, {}, {}});
      ++now;
    } else {
      auto changes = changes_between(*old, *now, times);
      if (!changes.empty()) found.push_back({Difference::Kind::modified, now->path, std::move(changes), {}});
      ++old;
      ++now;
    }
  }
  return found;
}

std::string to_text(const std::vector<FieldChange>& changes) {
  std::string text;
  for (const FieldChange& change : changes) {
    text += fmt::format("{}{} {}→{}", text.empty() ? "" : ", ", change.field, shown(change, change.before),
                        shown(change, change.after));
  }
  return text;
}

std::string to_text(const Difference& difference) {
  std::string line = difference.package.empty() ? std::string(to_string(difference.kind)) : "package upgrade";
  line += " " + shown_path(difference.path);
  if (!difference.package.empty()) line += fmt::format(" ({})", difference.package);
  if (!difference.changes.empty()) line += ": " + to_text(difference.changes);
  return line;
}

}  // namespace kedge
