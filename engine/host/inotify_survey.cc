// InotifyWatcher's surveys: what is there, watched, listed and put into the tree.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "host/inotify_watcher.h"

namespace kedge {
namespace {

constexpr uint32_t kMask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM |
                           IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
// Not IN_EXCL_UNLINK: with it nothing would be told of writes to an O_TMPFILE file after it was given a name.

// A directory that leads to a root: that it moves is all that we want of it. Never in place of a watch that is there.
constexpr uint32_t kParentMask = IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR | IN_MASK_CREATE;

constexpr int kOpen = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr size_t kLevelsMax = 512;  // each holds an open directory while the survey is below it
constexpr size_t kBlindSpotsMax = 1'000;
constexpr size_t kListBytes = 65'536;

// Each directory in a directory has a link to it, "..": with two links (from its parent, and its own ".") there is
// none, and nothing to list. Elsewhere the number says nothing.
bool counts_directories(std::string_view file_system) {
  return file_system == "ext4" || file_system == "ext3" || file_system == "ext2" || file_system == "xfs" ||
         file_system == "tmpfs";
}

bool is_directory(int parent, const dirent64& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat found {};
  return fstatat(parent, entry.d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode);
}

bool is_dot(const char* name) { return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')); }

}  // namespace

void InotifyWatcher::check_roots() {
  for (Root& root : roots_) check_root(root);
  watch_parents_of_roots();
}

void InotifyWatcher::check_root(Root& root) {
  Descriptor directory(::open(root.path.c_str(), kOpen));
  const int error = errno;
  const bool opened = directory.get() >= 0;
  if (opened && root.node != kNone && watch_directory(directory) == tree_.watch(root.node)) return;
  if (root.node != kNone) remove(root.node);
  if (opened) survey(std::move(directory), kNone, root.path, root.path);
  const bool was_here = std::exchange(root.here, root.node != kNone);
  if (root.here) notices_.doubts.push_back({root.path, Doubt::Reason::root_back});
  if (!root.here && was_here) notices_.doubts.push_back({root.path, Doubt::Reason::root_gone});
  if (!opened) blind(root.path, std::strerror(error));
}

// After events were lost: a watch may be missing anywhere.
void InotifyWatcher::read_all_again() {
  let_old_departures_go(UINT64_MAX);
  roots_doubtful_ = false;
  check_roots();
  for (Root& root : roots_) {
    notices_.doubts.push_back({root.path, Doubt::Reason::overflow});
    Descriptor directory(::open(root.path.c_str(), kOpen));
    if (root.node != kNone && directory.get() >= 0) survey(std::move(directory), kNone, root.path, root.path);
  }
}

// Without these check() alone would find that a root was moved together with its parent. So where one of them cannot be
// watched, that is what is left.
void InotifyWatcher::watch_parents_of_roots() {
  std::set<int> now;
  for (const Root& root : roots_) {
    for (std::string path = root.path; path != "/";) {
      path.resize(std::max<size_t>(path.rfind('/'), 1));
      const int watch = inotify_add_watch(queue_.get(), path.c_str(), kParentMask);
      if (watch >= 0) now.insert(watch);
    }
  }
  // One that was watched already keeps its watch, which add_watch then does not tell.
  parents_.insert(now.begin(), now.end());
}

// The farthest directory that is known on the way to `path`: what is next on it is surveyed.
void InotifyWatcher::survey_path(std::string_view path) {
  Root* const root = root_at(path);
  if (root == nullptr || root->path == path) {
    roots_doubtful_ = true;
    return;
  }
  if (root->node == kNone) return;
  Node node = root->node;
  for (size_t begin = root->path == "/" ? 1 : root->path.size() + 1;;) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    const Node child = tree_.child(node, name);
    if (child == kNone || end == path.size()) return survey_child(node, name, std::string(path.substr(0, end)));
    node = child;
    begin = end + 1;
  }
}

void InotifyWatcher::survey_child(Node directory, std::string_view name, std::string path) {
  Descriptor child(::open(path.c_str(), kOpen | O_NOFOLLOW));
  if (child.get() < 0) return not_opened(path, errno);
  survey(std::move(child), directory, name, std::move(path));
}

// Watches a directory and all below it, as `name` in `parent`; without a parent it is the root at `path`.
void InotifyWatcher::survey(Descriptor directory, Node parent, std::string_view name, std::string path) {
  path_node_ = kNone;
  sees_again(path);
  Survey survey;
  survey.path = std::move(path);
  enter(survey, std::move(directory), parent, name);
  while (!survey.levels.empty()) {
    const Level& level = survey.levels.back();
    if (survey.names.size() == level.names_begin) {
      survey.levels.pop_back();
      continue;
    }
    survey.names.pop_back();
    const size_t begin = survey.names.rfind('\0') + 1;  // npos + 1 is 0
    const std::string next = survey.names.substr(begin);
    survey.names.resize(begin);
    survey.path.resize(level.path_size);
    if (survey.path.back() != '/') survey.path += '/';
    survey.path += next;
    Descriptor child(openat(level.directory.get(), next.c_str(), kOpen | O_NOFOLLOW));
    if (child.get() < 0) {
      not_opened(survey.path, errno);
    } else {
      enter(survey, std::move(child), level.node, next);
    }
  }
}

// First the watch, then the look: what is made in between is told.
void InotifyWatcher::enter(Survey& survey, Descriptor directory, Node parent, std::string_view name) {
  if (!excluded_.empty() && lies_in_any(survey.path, excluded_)) return;
  struct statx before {};
  if (statx(directory.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &before) != 0) return not_opened(survey.path, errno);
  const auto mount = mounts_.all().find(static_cast<int>(before.stx_mnt_id));
  const std::string_view type = mount == mounts_.all().end() ? "" : std::string_view(mount->second.type);
  if (is_kernels_own(type)) return blind(survey.path, std::string(type) + ": the kernel's own");
  if (survey.levels.size() == kLevelsMax) return blind(survey.path, "nested too deeply");
  const int watch = watch_directory(directory);
  if (watch < 0) return not_opened(survey.path, errno);
  Level level{std::move(directory), seat(parent, name, survey.path, watch), survey.path.size(), survey.names.size()};
  struct statx now {};
  const bool asked =
      counts_directories(type) && statx(level.directory.get(), "", AT_EMPTY_PATH, STATX_NLINK, &now) == 0;
  if (!(asked && now.stx_nlink == 2) && !list(survey, level)) blind(survey.path, std::strerror(errno));
  remove_all_but(survey, level);
  if (survey.names.size() != level.names_begin) survey.levels.push_back(std::move(level));
}

// The node for it: the one that is there, unless that is for another directory which had the name before. That one goes
// when the new one has its watch: the same directory may be known somewhere below the old one, and be let go with it.
WatchTree::Node InotifyWatcher::seat(Node parent, std::string_view name, const std::string& path, int watch) {
  Root* const root = parent == kNone ? root_at(path) : nullptr;
  const Node old = root != nullptr ? root->node : tree_.child(parent, name);
  if (old != kNone && tree_.watch(old) == watch) return old;
  if (old != kNone) tree_.detach(old);
  const Node node = root != nullptr ? tree_.add_top(path, watch) : tree_.add(parent, name, watch);
  if (root != nullptr) root->node = node;
  if (old != kNone) remove(old);
  return node;
}

// Appends the names of the directories in it. False, with errno, where it cannot be read to its end.
bool InotifyWatcher::list(Survey& survey, const Level& level) {
  alignas(dirent64) std::array<char, kListBytes> entries;
  const int directory = level.directory.get();
  for (;;) {
    const ssize_t got = getdents64(directory, entries.data(), entries.size());
    if (got <= 0) return got == 0 || errno == ENOENT;  // ENOENT: it was removed
    for (const char* next = entries.data(); next < entries.data() + got;) {
      const auto& entry = *reinterpret_cast<const dirent64*>(next);  // NOLINT: as getdents64 has it
      if (is_directory(directory, entry) && !is_dot(entry.d_name)) survey.names.append(entry.d_name).push_back('\0');
      next += entry.d_reclen;
    }
  }
}

void InotifyWatcher::remove_all_but(const Survey& survey, const Level& level) {
  if (tree_.first_child(level.node) == kNone) return;
  std::unordered_set<std::string_view> listed;
  for (size_t begin = level.names_begin; begin < survey.names.size();) {
    const std::string_view name(&survey.names[begin]);
    listed.insert(name);
    begin += name.size() + 1;
  }
  for (Node child = tree_.first_child(level.node); child != kNone;) {
    const Node next = tree_.next_sibling(child);
    if (listed.count(tree_.name(child)) == 0) remove(child);
    child = next;
  }
}

void InotifyWatcher::remove(Node node) {
  path_node_ = kNone;
  for (Root& root : roots_) {
    if (root.node == node) root.node = kNone;
  }
  tree_.remove(node, [this](int watch) {
    if (parents_.count(watch) == 0) std::ignore = inotify_rm_watch(queue_.get(), watch);
  });
}

// By its number, not its name: what was opened is what is watched.
int InotifyWatcher::watch_directory(const Descriptor& directory) const {
  const std::string path = "/proc/self/fd/" + std::to_string(directory.get());
  return inotify_add_watch(queue_.get(), path.c_str(), kMask);
}

InotifyWatcher::Root* InotifyWatcher::root_at(std::string_view path) {
  const auto root =
      std::find_if(roots_.begin(), roots_.end(), [&](const Root& one) { return lies_in(path, one.path); });
  return root == roots_.end() ? nullptr : &*root;
}

bool InotifyWatcher::is_root(Node node) const {
  return std::any_of(roots_.begin(), roots_.end(), [&](const Root& one) { return one.node == node; });
}

const std::string& InotifyWatcher::path_of(Node node) {
  if (path_node_ != node) path_ = tree_.path(node);
  path_node_ = node;
  return path_;
}

// What could not be watched. Where a root itself stands for places that are not named, all of it is gone through.
void InotifyWatcher::survey_again() {
  const auto blind = blind_;
  for (const auto& [path, blindness] : blind) {
    if (!blind_.contains(path)) continue;
    const Root* const root = root_at(path);
    if (root == nullptr || root->path != path || root->node == kNone) {
      survey_path(path);
      continue;
    }
    Descriptor directory(::open(path.c_str(), kOpen));
    if (directory.get() >= 0) survey(std::move(directory), kNone, path, path);
  }
}

// So many are named; more are told by the name of their root.
void InotifyWatcher::blind(const std::string& path, std::string why, bool limited) {
  const Root* const root = root_at(path);
  if (blind_.size() < kBlindSpotsMax || root == nullptr || root->path == path || blind_.contains(path)) {
    blind_[path] = {std::move(why), limited};
  } else if (blind_.emplace(root->path, Blindness{"in more places than are named: " + why, true}).second) {
    notices_.doubts.push_back({root->path, Doubt::Reason::watch_limit});
  }
}

void InotifyWatcher::not_opened(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR || error == ELOOP) return sees_again(path);  // another by now: that is told
  if (error != ENOSPC) return blind(path, std::strerror(error));
  const bool known = blind_.contains(path);
  blind(path, "fs.inotify.max_user_watches is reached", true);
  if (!known && blind_.contains(path)) notices_.doubts.push_back({path, Doubt::Reason::watch_limit});
}

void InotifyWatcher::sees_again(const std::string& path) {
  if (blind_.empty()) return;
  const auto sees = [this](auto one) {
    if (one->second.limited) seen_again_.insert(one->first);
    return blind_.erase(one);
  };
  if (const auto itself = blind_.find(path); itself != blind_.end()) sees(itself);
  const std::string below = path == "/" ? path : path + "/";
  for (auto one = blind_.lower_bound(below); one != blind_.end() && lies_in(one->first, path);) one = sees(one);
}

// Those that are so still, in a part or as a whole, were told before.
void InotifyWatcher::tell_seen_again() {
  for (const std::string& path : std::exchange(seen_again_, {})) {
    const auto is_blind = [&](const auto& one) {
      return one.second.limited && (lies_in(one.first, path) || lies_in(path, one.first));
    };
    if (std::none_of(blind_.begin(), blind_.end(), is_blind)) {
      notices_.doubts.push_back({path, Doubt::Reason::seen_again});
    }
  }
}

}  // namespace kedge
