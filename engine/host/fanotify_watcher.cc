#include "host/fanotify_watcher.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

namespace kedge {
namespace {

constexpr uint64_t kMask = FAN_CREATE | FAN_DELETE | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_RENAME | FAN_ONDIR;
constexpr size_t kEventsMax = 16'384;       // in one call of poll()
constexpr size_t kDirectoriesMax = 16'384;  // whose place is remembered: 200 bytes each

// A file's handle, and the mount that it was found in.
struct Handle {
  std::string bytes;  // file_handle, as the kernel has it
  int mount = 0;
};

std::optional<Handle> handle_of(const std::string& path) {
  alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> room{};
  auto* const handle = reinterpret_cast<file_handle*>(room.data());  // NOLINT: as name_to_handle_at(2) has it
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, path.c_str(), handle, &mount, AT_SYMLINK_FOLLOW) != 0) return std::nullopt;
  return Handle{std::string(room.data(), sizeof(file_handle) + handle->handle_bytes), mount};
}

Descriptor open_handle(const Descriptor& mount, std::string handle) {
  return Descriptor(open_by_handle_at(mount.get(), reinterpret_cast<file_handle*>(handle.data()),  // NOLINT: the same
                                      O_PATH | O_CLOEXEC));
}

Descriptor open_directory_at(const std::string& path) {
  return Descriptor(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// The number of a file system as events carry it; empty: none.
std::string file_system_of(const std::string& path) {
  struct statfs found {};
  if (statfs(path.c_str(), &found) != 0) return "";
  return {reinterpret_cast<const char*>(&found.f_fsid), sizeof(found.f_fsid)};  // NOLINT: bytes
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), std::free);
  return real == nullptr ? path : real.get();
}

Changes changes_of(uint64_t mask) {
  Changes changes = 0;
  if ((mask & FAN_CREATE) != 0) changes |= kCreated;
  if ((mask & FAN_MODIFY) != 0) changes |= kModified;
  if ((mask & FAN_CLOSE_WRITE) != 0) changes |= kClosed;
  if ((mask & FAN_ATTRIB) != 0) changes |= kAttributes;
  if ((mask & FAN_DELETE) != 0) changes |= kDeleted;
  return changes;
}

}  // namespace

Result<std::unique_ptr<FanotifyWatcher>> FanotifyWatcher::open(const WatchOptions& options) {
  auto roots = tidy_paths(options.roots);
  if (!roots) return roots.error().with("what is to be watched");
  auto excluded = tidy_paths(options.excluded);
  if (!excluded) return excluded.error().with("what is not to be watched");
  Descriptor queue(fanotify_init(
      FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_CLOEXEC | FAN_NONBLOCK,
      0));
  if (queue.get() < 0) return Error{ErrorCode::refused, std::string("no fanotify: ") + std::strerror(errno)};
  auto mounts = Mounts::open();
  if (!mounts) return mounts.error();
  std::unique_ptr<FanotifyWatcher> watcher(new FanotifyWatcher(
      std::move(queue), std::move(*mounts), {*roots, *excluded, options.buffer_bytes, options.wake}));
  if (auto done = watcher->arrange(); !done) return done.error();
  if (watcher->views_.empty()) return Error{ErrorCode::refused, "no fanotify on the file systems of the roots"};
  watcher->notices_ = {};  // all is read by the caller from here on
  return watcher;
}

FanotifyWatcher::FanotifyWatcher(Descriptor queue, Mounts mounts, WatchOptions options)
    : queue_(std::move(queue)),
      options_(std::move(options)),
      mounts_(std::move(mounts)),
      buffer_(std::max<size_t>(options_.buffer_bytes, 4096)) {
  for (const auto& path : options_.roots) roots_.push_back({path, path, ""});
}

Result<Notices> FanotifyWatcher::poll(Duration timeout) {
  if (wait(timeout)) {
    if (auto done = take_mounts(); !done) return done.error();
  }
  if (auto done = take_events(); !done) return done.error();
  if (std::exchange(roots_doubtful_, false)) {
    if (auto done = arrange(); !done) return done.error();
  }
  if (others_ != nullptr) {
    auto more = others_->poll(Duration{0});
    if (!more) return more.error();
    std::move(more->sightings.begin(), more->sightings.end(), std::back_inserter(notices_.sightings));
    std::move(more->doubts.begin(), more->doubts.end(), std::back_inserter(notices_.doubts));
  }
  actors_.next_round();
  return std::exchange(notices_, {});
}

Result<Notices> FanotifyWatcher::check() {
  if (auto done = arrange(); !done) return done.error();
  if (others_ != nullptr) {
    const auto more = others_->check();
    if (!more) return more.error();
    notices_.doubts.insert(notices_.doubts.end(), more->doubts.begin(), more->doubts.end());
  }
  return std::exchange(notices_, {});
}

std::vector<BlindSpot> FanotifyWatcher::blind_spots() const {
  std::vector<BlindSpot> spots = others_ == nullptr ? std::vector<BlindSpot>{} : others_->blind_spots();
  for (const Root& root : roots_) {
    if (root.identity.empty()) spots.push_back({root.path, "it is not there"});
  }
  return spots;
}

// --- what is marked
// ---------------------------------------------------------------------------------------------------

// Marks the file systems that are seen in a root: its own, and those mounted below it. To be called again after each
// change of a mount or a root; a mark that is there already stays.
Result<void> FanotifyWatcher::arrange() {
  look_at_roots();
  directories_.clear();
  views_.clear();
  std::vector<std::string> unmarked;
  std::set<int> seen;
  const auto see = [&](const std::string& path, int mount) {
    const auto found = mounts_.all().find(mount);
    if (found == mounts_.all().end() || is_kernels_own(found->second.type) || !seen.insert(mount).second) return;
    if (mark(path)) {
      views_.push_back({found->second.point, file_system_of(path), Descriptor()});
    } else {
      unmarked.push_back(path);
    }
  };
  for (const Root& root : roots_) {
    struct statx found {};
    if (statx(AT_FDCWD, root.path.c_str(), 0, STATX_MNT_ID, &found) == 0)
      see(root.path, static_cast<int>(found.stx_mnt_id));
  }
  for (const auto& [number, mount] : mounts_.all()) {
    struct statx found {};
    if (as_named(mount.point).empty()) continue;
    const bool is_seen =
        statx(AT_FDCWD, mount.point.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MNT_ID, &found) == 0 &&
        static_cast<int>(found.stx_mnt_id) == number && S_ISDIR(found.stx_mode);
    if (is_seen) see(mount.point, number);
  }
  if (unmarked == unmarked_) return {};
  others_.reset();
  unmarked_ = unmarked;
  if (unmarked.empty()) return {};
  auto others = InotifyWatcher::open({unmarked, options_.excluded, options_.buffer_bytes});
  if (!others) return others.error();
  others_ = std::move(*others);
  for (const auto& path : unmarked) notices_.doubts.push_back({path, Doubt::Reason::mounted});
  return {};
}

// False where the file system cannot be marked, or its handles cannot be opened.
bool FanotifyWatcher::mark(const std::string& path) {
  if (fanotify_mark(queue_.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM, kMask, AT_FDCWD, path.c_str()) != 0) return false;
  const auto handle = handle_of(path);
  return handle && open_handle(open_directory_at(path), handle->bytes).get() >= 0;
}

void FanotifyWatcher::look_at_roots() {
  for (Root& root : roots_) {
    const auto handle = handle_of(root.path);
    struct statx found {};
    std::string now;
    if (handle) {
      now = std::to_string(handle->mount) + " " + handle->bytes;
    } else if (statx(AT_FDCWD, root.path.c_str(), 0, STATX_INO | STATX_MNT_ID, &found) == 0) {
      now = std::to_string(found.stx_mnt_id) + " " + std::to_string(found.stx_ino);
    }
    if (now == root.identity) continue;
    notices_.doubts.push_back({root.path, now.empty() ? Doubt::Reason::root_gone : Doubt::Reason::root_back});
    root.identity = now;
    root.real = real_path(root.path);
  }
}

Result<void> FanotifyWatcher::take_mounts() {
  const auto points = mounts_.changes();
  if (!points) return points.error();
  for (const std::string& point : *points) {
    if (lies_in_any(point, options_.excluded)) continue;
    const auto mount = std::find_if(mounts_.all().begin(), mounts_.all().end(),
                                    [&](const auto& one) { return one.second.point == point; });
    const bool kernels_own = mount != mounts_.all().end() && is_kernels_own(mount->second.type);
    for (const std::string& path : as_named(point)) {
      if (kernels_own) {
        sight(path, "", kAttributes, true, nullptr);  // there is nothing to read
      } else {
        notices_.doubts.push_back({path, Doubt::Reason::mounted});
      }
    }
  }
  return arrange();
}

// --- what comes
// -------------------------------------------------------------------------------------------------------

// Whether something was mounted meanwhile.
bool FanotifyWatcher::wait(Duration timeout) {
  std::array<pollfd, 4> all{{{queue_.get(), POLLIN, 0},
                             {mounts_.descriptor(), POLLPRI, 0},
                             {options_.wake, POLLIN, 0},
                             {others_ == nullptr ? -1 : others_->descriptor(), POLLIN, 0}}};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  ::poll(all.data(), all.size(), static_cast<int>(std::clamp<int64_t>(ms, 0, INT_MAX)));
  return (all[1].revents & (POLLPRI | POLLERR)) != 0;
}

Result<void> FanotifyWatcher::take_events() {
  for (size_t events = 0; events < kEventsMax;) {
    const ssize_t got = read(queue_.get(), buffer_.data(), buffer_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) return io_error("cannot read from", "fanotify");
    auto left = static_cast<size_t>(got);
    for (const char* next = buffer_.data(); left >= sizeof(fanotify_event_metadata); ++events) {
      fanotify_event_metadata event;  // a copy: what stands in the buffer is not aligned to its fields
      std::memcpy(&event, next, sizeof(event));
      if (event.vers != FANOTIFY_METADATA_VERSION) return Error{ErrorCode::internal, "fanotify speaks another version"};
      take(event, next);
      next += event.event_len;
      left -= event.event_len;
    }
  }
  for (View& view : views_) view.held = Descriptor();
  return {};
}

// `begin` is where it was read: its records stand behind it.
void FanotifyWatcher::take(const fanotify_event_metadata& event, const char* begin) {
  if ((event.mask & FAN_Q_OVERFLOW) != 0) {
    for (const Root& root : roots_) notices_.doubts.push_back({root.path, Doubt::Reason::overflow});
    return;
  }
  std::optional<Place> place;
  std::optional<Place> before;
  for (size_t at = event.metadata_len; at + sizeof(fanotify_event_info_fid) <= event.event_len;) {
    const auto& info = *reinterpret_cast<const fanotify_event_info_fid*>(begin + at);  // NOLINT: as fanotify(7) has it
    const char* const handle = begin + at + sizeof(fanotify_event_info_fid);
    const size_t handle_bytes =
        sizeof(file_handle) + reinterpret_cast<const file_handle*>(handle)->handle_bytes;  // NOLINT
    const uint8_t type = info.hdr.info_type;
    if (type == FAN_EVENT_INFO_TYPE_DFID_NAME || type == FAN_EVENT_INFO_TYPE_OLD_DFID_NAME ||
        type == FAN_EVENT_INFO_TYPE_NEW_DFID_NAME) {
      (type == FAN_EVENT_INFO_TYPE_OLD_DFID_NAME ? before : place) =
          Place{std::string(reinterpret_cast<const char*>(&info.fsid), sizeof(info.fsid)),  // NOLINT: bytes
                std::string(handle, handle_bytes), handle + handle_bytes};
    }
    at += std::max<size_t>(info.hdr.len, 1);
  }
  if (!place) return;
  if (before) renamed(*before, *place, (event.mask & FAN_ONDIR) != 0, event.pid);
  if ((event.mask & kMask & ~uint64_t{FAN_RENAME | FAN_ONDIR}) != 0) changed(*place, event.mask, event.pid);
}

// Asked for what lies in the roots alone: a whole file system is marked, and most of what it tells may be elsewhere.
std::shared_ptr<const ProcessActor> FanotifyWatcher::actor(pid_t process) {
  return process > 0 ? actors_.of(process) : nullptr;  // 0: of another namespace
}

void FanotifyWatcher::changed(const Place& place, uint64_t mask, pid_t process) {
  const Changes changes = changes_of(mask);
  const bool directory = (mask & FAN_ONDIR) != 0;
  std::vector<std::string> named;
  for (const std::string& real : paths_of(place)) {
    if (directory && (mask & (FAN_CREATE | FAN_DELETE)) != 0) doubt_roots_at(real);
    for (std::string& path : as_named(real)) named.push_back(std::move(path));
  }
  if (named.empty()) return;
  const auto who = actor(process);
  for (std::string& path : named) sight(std::move(path), "", changes, directory, who);
  const auto inode = nameless_inode(place.name);
  if (!inode) return;
  for (const std::string& real : directories_of(place)) {
    const auto linked = name_of_inode(real, *inode);
    if (!linked) continue;
    for (std::string& path : as_named(join(real, *linked))) sight(std::move(path), "", changes, false, who);
  }
}

// Each of the two may be seen at several paths, or at none.
void FanotifyWatcher::renamed(const Place& from, const Place& to, bool directory, pid_t process) {
  std::vector<std::string> left;
  std::vector<std::string> reached;
  for (const auto& [place, named] : {std::pair(&from, &left), std::pair(&to, &reached)}) {
    for (const std::string& real : paths_of(*place)) {
      if (directory) doubt_roots_at(real);
      for (std::string& path : as_named(real)) named->push_back(std::move(path));
    }
  }
  if (directory) directories_.clear();
  if (left.empty() && reached.empty()) return;
  const auto who = actor(process);
  for (std::string& path : reached) {
    if (left.empty() && directory) {
      notices_.doubts.push_back({std::move(path), Doubt::Reason::moved_in});
    } else {
      sight(std::move(path), left.empty() ? "" : left.front(), kMoved, directory, who);
    }
  }
  // The first is told with where it went.
  for (size_t i = reached.empty() ? 0 : 1; i < left.size(); ++i) sight(left[i], "", kDeleted, directory, who);
}

void FanotifyWatcher::sight(std::string path, std::string from, Changes changes, bool directory,
                            const std::shared_ptr<const ProcessActor>& who) {
  notices_.sightings.push_back({std::move(path), changes, std::move(from), directory, who});
}

// --- where it is
// ------------------------------------------------------------------------------------------------------

std::vector<std::string> FanotifyWatcher::paths_of(const Place& place) {
  std::vector<std::string> paths;
  for (const std::string& directory : directories_of(place)) {
    paths.push_back(place.name == "." || place.name.empty() ? directory : join(directory, place.name));
  }
  return paths;
}

// As real paths; only those that lie in a root, or on the way to one.
const std::vector<std::string>& FanotifyWatcher::directories_of(const Place& place) {
  const std::string key = place.file_system + place.handle;
  if (const auto known = directories_.find(key); known != directories_.end()) return known->second;
  if (directories_.size() >= kDirectoriesMax) directories_.clear();
  std::vector<std::string> paths;
  for (View& view : views_) {
    if (view.file_system != place.file_system) continue;
    if (view.held.get() < 0) view.held = open_directory_at(view.point);
    const auto path = open_directory(view, place.handle);
    if (!path || std::find(paths.begin(), paths.end(), *path) != paths.end()) continue;
    const bool of_use = std::any_of(roots_.begin(), roots_.end(), [&](const Root& root) {
      return lies_in(*path, root.real) || lies_in(root.real, *path);
    });
    if (of_use) paths.push_back(*path);
  }
  return directories_[key] = std::move(paths);
}

// None: it is gone, or not to be seen through this mount.
std::optional<std::string> FanotifyWatcher::open_directory(const View& view, const std::string& handle) const {
  const Descriptor directory = open_handle(view.held, handle);
  struct stat found {};
  if (directory.get() < 0 || fstat(directory.get(), &found) != 0 || found.st_nlink == 0) return std::nullopt;
  std::array<char, PATH_MAX> room;
  const ssize_t got = readlink(("/proc/self/fd/" + std::to_string(directory.get())).c_str(), room.data(), room.size());
  if (got <= 0) return std::nullopt;
  std::string path(room.data(), static_cast<size_t>(got));
  return lies_in(path, view.point) ? std::optional(std::move(path)) : std::nullopt;
}

// The same path as the roots were named; none outside of them, or where it is left out.
std::vector<std::string> FanotifyWatcher::as_named(const std::string& real) const {
  std::vector<std::string> named;
  for (const Root& root : roots_) {
    if (!lies_in(real, root.real)) continue;
    std::string path = root.path;
    if (real.size() > root.real.size())
      path = join(root.path, std::string_view(real).substr(root.real == "/" ? 1 : root.real.size() + 1));
    if (options_.excluded.empty() || !lies_in_any(path, options_.excluded)) named.push_back(std::move(path));
  }
  return named;
}

// A directory there was made, removed or moved: is a root what it was?
void FanotifyWatcher::doubt_roots_at(const std::string& real_path) {
  for (const Root& root : roots_) {
    roots_doubtful_ = roots_doubtful_ || lies_in(root.real, real_path) || lies_in(root.path, real_path);
  }
}

}  // namespace kedge
