#include "host/mounts.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <set>
#include <utility>

namespace kedge {
namespace {

constexpr const char* kFile = "/proc/self/mountinfo";

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// "\040" is a space.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string_view take(std::string_view& text, char until) {
  const size_t end = std::min(text.find(until), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

}  // namespace

Result<Mounts> Mounts::open() {
  Descriptor file(::open(kFile, O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_error("cannot open", kFile);
  Mounts mounts(std::move(file));
  auto all = mounts.read();
  if (!all) return all.error();
  mounts.all_ = std::move(*all);
  return mounts;
}

Result<std::vector<std::string>> Mounts::changes() {
  auto now = read();
  if (!now) return now.error();
  std::set<std::string> points;
  for (const auto& [number, mount] : *now) {
    const auto old = all_.find(number);
    if (old != all_.end() && old->second == mount) continue;
    points.insert(mount.point);
    if (old != all_.end()) points.insert(old->second.point);
  }
  for (const auto& [number, mount] : all_) {
    if (now->count(number) == 0) points.insert(mount.point);
  }
  all_ = std::move(*now);
  return std::vector<std::string>(points.begin(), points.end());
}

// From its beginning: only such a read counts as having seen the changes.
Result<std::map<int, Mount>> Mounts::read() const {
  std::string text;
  std::array<char, 65536> piece;
  if (lseek(file_.get(), 0, SEEK_SET) != 0) return io_error("cannot read", kFile);
  for (;;) {
    const ssize_t got = ::read(file_.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("cannot read", kFile);
    if (got == 0) return parse_mounts(text);
    text.append(piece.data(), static_cast<size_t>(got));
  }
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
std::map<int, Mount> parse_mounts(std::string_view text) {
  std::map<int, Mount> mounts;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string_view number_text = take(line, ' ');
    take(line, ' ');  // its parent
    Mount mount;
    mount.device = take(line, ' ');
    mount.root = unescaped(take(line, ' '));
    mount.point = unescaped(take(line, ' '));
    const size_t dash = line.find(" - ");
    int number = 0;
    const bool read =
        std::from_chars(number_text.data(), number_text.data() + number_text.size(), number).ec == std::errc{};
    if (!read || mount.point.empty() || dash == std::string_view::npos) continue;
    line.remove_prefix(dash + 3);
    mount.type = take(line, ' ');
    mounts.emplace(number, std::move(mount));
  }
  return mounts;
}

bool is_kernels_own(std::string_view type) {
  static constexpr std::string_view kTypes[] = {"autofs",    "binfmt_misc", "bpf",       "cgroup",   "cgroup2",
                                                "configfs",  "debugfs",     "devpts",    "efivarfs", "fusectl",
                                                "hugetlbfs", "mqueue",      "nsfs",      "proc",     "rpc_pipefs",
                                                "pstore",    "securityfs",  "selinuxfs", "sysfs",    "tracefs"};
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

}  // namespace kedge
