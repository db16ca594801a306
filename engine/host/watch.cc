#include "host/watch.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>

#include "host/fanotify_watcher.h"
#include "host/inotify_watcher.h"

namespace kedge {
namespace {

bool has_dots(std::string_view path) {
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part == "." || part == "..") return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

std::string to_string(Changes changes) {
  static constexpr std::string_view kNames[] = {"created", "modified", "closed", "attributes", "deleted", "moved"};
  std::string text;
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if ((changes >> i & 1) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

std::string_view to_string(Doubt::Reason reason) {
  switch (reason) {
    case Doubt::Reason::overflow:
      return "overflow";
    case Doubt::Reason::watch_limit:
      return "watch_limit";
    case Doubt::Reason::moved_in:
      return "moved_in";
    case Doubt::Reason::mounted:
      return "mounted";
    case Doubt::Reason::root_gone:
      return "root_gone";
    case Doubt::Reason::root_back:
      return "root_back";
    case Doubt::Reason::seen_again:
      return "seen_again";
    case Doubt::Reason::crowded:
      return "crowded";
  }
  return "";
}

Result<std::unique_ptr<TreeWatcher>> open_watcher(const WatchOptions& options) {
  auto fanotify = FanotifyWatcher::open(options);
  if (fanotify) return std::unique_ptr<TreeWatcher>(std::move(*fanotify));
  if (fanotify.error().code == ErrorCode::invalid) return fanotify.error();
  auto inotify = InotifyWatcher::open(options);
  if (!inotify) return inotify.error();
  return std::unique_ptr<TreeWatcher>(std::move(*inotify));
}

bool lies_in(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return path.substr(0, directory.size()) == directory &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

bool lies_in_any(std::string_view path, const std::vector<std::string>& directories) {
  return std::any_of(directories.begin(), directories.end(), [&](const auto& one) { return lies_in(path, one); });
}

Result<std::vector<std::string>> tidy_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> sorted;
  for (std::string path : paths) {
    if (path.empty() || path.front() != '/' || path.find("//") != std::string::npos || has_dots(path)) {
      return Error{ErrorCode::invalid, "'" + path + "' is not an absolute path without \"//\", \".\" and \"..\""};
    }
    if (path.size() > 1 && path.back() == '/') path.pop_back();
    sorted.push_back(std::move(path));
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> outermost;
  for (auto& path : sorted) {
    if (!lies_in_any(path, outermost)) outermost.push_back(std::move(path));
  }
  return outermost;
}

std::string join(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

std::optional<uint64_t> nameless_inode(std::string_view name) {
  uint64_t number = 0;
  if (name.size() < 2 || name.front() != '#') return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::optional<std::string> name_of_inode(const std::string& directory, uint64_t inode) {
  const std::unique_ptr<DIR, int (*)(DIR*)> list(opendir(directory.c_str()), closedir);
  if (list == nullptr) return std::nullopt;
  while (const dirent* const entry = readdir(list.get())) {
    if (entry->d_ino == inode) return entry->d_name;
  }
  return std::nullopt;
}

}  // namespace kedge
