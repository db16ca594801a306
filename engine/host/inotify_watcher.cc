#include "host/inotify_watcher.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace kedge {
namespace {

// In one call of poll(): what it gives stays bounded.
constexpr uint64_t kEventsMax = 16'384;

// The two halves of a move are put into the queue one after the other, with little between them. After so long a time
// with nothing in the queue, or so many events, the other half will not come.
constexpr int kOtherHalfMs = 2;
constexpr uint64_t kOtherHalfEvents = 1'024;

bool readable(int queue, int timeout_ms) {
  pollfd one{queue, POLLIN, 0};
  return ::poll(&one, 1, timeout_ms) > 0;
}

Changes changes_of(uint32_t mask) {
  Changes changes = 0;
  if ((mask & IN_CREATE) != 0) changes |= kCreated;
  if ((mask & IN_MODIFY) != 0) changes |= kModified;
  if ((mask & IN_CLOSE_WRITE) != 0) changes |= kClosed;
  if ((mask & IN_ATTRIB) != 0) changes |= kAttributes;
  if ((mask & IN_DELETE) != 0) changes |= kDeleted;
  return changes;
}

}  // namespace

Result<std::unique_ptr<InotifyWatcher>> InotifyWatcher::open(const WatchOptions& options) {
  auto roots = tidy_paths(options.roots);
  if (!roots) return roots.error().with("what is to be watched");
  auto excluded = tidy_paths(options.excluded);
  if (!excluded) return excluded.error().with("what is not to be watched");
  Descriptor queue(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (queue.get() < 0) {
    if (errno == EMFILE)
      return Error{ErrorCode::limit, "fs.inotify.max_user_instances, or the limit of open files, is reached"};
    return io_error("cannot watch with", "inotify");
  }
  auto mounts = Mounts::open();
  if (!mounts) return mounts.error();
  std::unique_ptr<InotifyWatcher> watcher(new InotifyWatcher(std::move(queue), std::move(*mounts),
                                                             {*roots, *excluded, options.buffer_bytes, options.wake}));
  watcher->check_roots();
  // All is read by the caller from here on: what is not watched is all that there is to say.
  watcher->notices_.sightings.clear();
  std::erase_if(watcher->notices_.doubts, [](const Doubt& one) { return one.reason != Doubt::Reason::watch_limit; });
  return watcher;
}

InotifyWatcher::InotifyWatcher(Descriptor queue, Mounts mounts, WatchOptions options)
    : queue_(std::move(queue)),
      excluded_(std::move(options.excluded)),
      mounts_(std::move(mounts)),
      wake_(options.wake),
      buffer_(std::max<size_t>(options.buffer_bytes, 4096)) {
  for (auto& path : options.roots) roots_.push_back({std::move(path)});
}

Result<Notices> InotifyWatcher::poll(Duration timeout) {
  if (wait(notices_.empty() ? timeout : Duration{0})) take_mounts();
  if (auto taken = take_events(); !taken) return taken.error();
  finish();
  return std::exchange(notices_, {});
}

Result<Notices> InotifyWatcher::check() {
  check_roots();
  survey_again();
  tell_seen_again();
  return std::exchange(notices_, {});
}

std::vector<BlindSpot> InotifyWatcher::blind_spots() const {
  std::vector<BlindSpot> spots;
  for (const auto& [path, blindness] : blind_) spots.push_back({path, blindness.why, blindness.limited});
  return spots;
}

// Whether something was mounted meanwhile.
bool InotifyWatcher::wait(Duration timeout) {
  std::array<pollfd, 3> all{{{queue_.get(), POLLIN, 0}, {mounts_.descriptor(), POLLPRI, 0}, {wake_, POLLIN, 0}}};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  const int most = departures_.empty() ? INT32_MAX : kOtherHalfMs;
  ::poll(all.data(), all.size(), static_cast<int>(std::clamp<int64_t>(ms, 0, most)));
  return (all[1].revents & (POLLPRI | POLLERR)) != 0;
}

Result<void> InotifyWatcher::take_events() {
  const uint64_t begin = events_;
  while (events_ - begin < kEventsMax) {
    const auto got = read_events();
    if (!got) return got.error();
    let_old_departures_go(events_ < kOtherHalfEvents ? 0 : events_ - kOtherHalfEvents);
    if (*got != 0) continue;
    if (departures_.empty()) break;
    if (!readable(queue_.get(), kOtherHalfMs)) let_old_departures_go(UINT64_MAX);
  }
  return {};
}

// What is there, of which the buffer holds a part; 0 when nothing is.
Result<size_t> InotifyWatcher::read_events() {
  const ssize_t got = read(queue_.get(), buffer_.data(), buffer_.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return size_t{0};
  if (got < 0) return io_error("cannot read from", "inotify");
  for (const char* next = buffer_.data(); next < buffer_.data() + got;) {
    const auto& event = *reinterpret_cast<const inotify_event*>(next);  // NOLINT: as inotify(7) has it
    take(event);
    next += sizeof(event) + event.len;
  }
  return static_cast<size_t>(got);
}

void InotifyWatcher::take(const inotify_event& event) {
  ++events_;
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    overflowed_ = true;
    return;
  }
  if ((event.mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT)) != 0 && parents_.count(event.wd) != 0) {
    roots_doubtful_ = true;
  }
  if ((event.mask & IN_IGNORED) != 0) return ended(event.wd);
  const std::string_view name = event.len == 0 ? "" : event.name;
  Node node = tree_.first_with(event.wd);
  if (node == kNone) return;
  if (tree_.next_with_same(node) == kNone) return take(event, name, node);
  std::vector<Node> nodes;
  for (; node != kNone; node = tree_.next_with_same(node)) nodes.push_back(node);
  for (const Node one : nodes) {
    if (tree_.watch(one) == event.wd) take(event, name, one);
  }
}

void InotifyWatcher::take(const inotify_event& event, std::string_view name, Node directory) {
  const std::string where = path_of(directory);
  // On its way somewhere, or out: where it arrives all of it is read.
  if (where.front() != '/') return;
  const bool is_directory = (event.mask & IN_ISDIR) != 0;
  if (name.empty()) {
    if (!is_root(directory)) return;  // its parent tells, or the table of mounts
    if ((event.mask & IN_ATTRIB) != 0) sight(where, "", kAttributes, true);
    if ((event.mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT)) != 0) roots_doubtful_ = true;
    return;
  }
  std::string path = join(where, name);
  if (!excluded_.empty() && lies_in_any(path, excluded_)) return;
  const Node child = is_directory ? tree_.child(directory, name) : kNone;
  if ((event.mask & IN_MOVED_FROM) != 0) return departed(event, std::move(path), child);
  if ((event.mask & IN_MOVED_TO) != 0) return arrived(event, directory, name, std::move(path));
  if ((event.mask & IN_DELETE) != 0 && child != kNone) remove(child);
  if ((event.mask & IN_CREATE) != 0 && is_directory) survey_child(directory, name, path);
  if (const auto inode = nameless_inode(name); inode && nameless_.insert({event.wd, *inode}).second) {
    if (const auto linked = name_of_inode(where, *inode))
      sight(join(where, *linked), "", changes_of(event.mask), false);
  }
  sight(std::move(path), "", changes_of(event.mask), is_directory);
}

void InotifyWatcher::sight(std::string path, std::string moved_from, Changes changes, bool directory) {
  notices_.sightings.push_back({std::move(path), changes, std::move(moved_from), directory, nullptr});
}

void InotifyWatcher::departed(const inotify_event& event, std::string path, Node child) {
  if (child != kNone) {
    tree_.detach(child);
    path_node_ = kNone;
  }
  departures_.push_back({event.cookie, std::move(path), (event.mask & IN_ISDIR) != 0, child, events_});
}

void InotifyWatcher::arrived(const inotify_event& event, Node directory, std::string_view name, std::string path) {
  const bool is_directory = (event.mask & IN_ISDIR) != 0;
  const auto half = std::find_if(departures_.begin(), departures_.end(),
                                 [&](const Departure& one) { return one.cookie == event.cookie; });
  std::string from;
  if (half != departures_.end()) {
    from = std::move(half->path);
    const Node moved = half->node;
    departures_.erase(half);
    if (const Node other = tree_.child(directory, name); moved != kNone && other != kNone) remove(other);
    if (moved != kNone) tree_.attach(moved, directory, name);
    path_node_ = kNone;
  }
  if (is_directory) {
    survey_child(directory, name, path);
    if (!from.empty()) survey_path(from);  // in an exchange another one is there now
  }
  if (is_directory && from.empty()) return notices_.doubts.push_back({std::move(path), Doubt::Reason::moved_in});
  sight(std::move(path), std::move(from), kMoved, is_directory);
}

// The kernel has let go of a watch: the directory was removed, or its file system unmounted. (Or we have: then no node
// has it.)
void InotifyWatcher::ended(int watch) {
  parents_.erase(watch);
  for (Node node = tree_.first_with(watch); node != kNone; node = tree_.first_with(watch)) {
    for (Root& root : roots_) {
      if (root.node == node) roots_doubtful_ = true;
    }
    const auto leaving =
        std::find_if(departures_.begin(), departures_.end(), [&](const Departure& one) { return one.node == node; });
    if (leaving != departures_.end()) leaving->node = kNone;
    remove(node);
  }
}

// It went where nobody watches.
void InotifyWatcher::let_go(Departure departure) {
  if (departure.node != kNone) remove(departure.node);
  if (departure.directory) survey_path(departure.path);
  sight(std::move(departure.path), "", kDeleted, departure.directory);
}

void InotifyWatcher::let_old_departures_go(uint64_t before_event) {
  while (!departures_.empty() && departures_.front().event < before_event) {
    Departure oldest = std::move(departures_.front());
    departures_.erase(departures_.begin());
    let_go(std::move(oldest));
  }
}

void InotifyWatcher::take_mounts() {
  const auto points = mounts_.changes();
  if (!points) return;  // said again at the next change; the rescan finds what it was about
  for (const std::string& point : *points) {
    if (lies_in_any(point, excluded_)) continue;
    for (const Root& root : roots_) roots_doubtful_ = roots_doubtful_ || lies_in(root.path, point);
    if (root_at(point) == nullptr) continue;
    survey_path(point);
    if (blind_.count(point) != 0) {
      sight(point, "", kAttributes, true);  // the kernel's own: there is nothing to read
    } else {
      notices_.doubts.push_back({point, Doubt::Reason::mounted});
    }
  }
}

// What has to wait until the queue is empty, or at least this part of it is taken.
void InotifyWatcher::finish() {
  if (std::exchange(overflowed_, false)) {
    read_all_again();
  } else if (std::exchange(roots_doubtful_, false)) {
    check_roots();
  }
  nameless_.clear();
  tell_seen_again();
}

}  // namespace kedge
