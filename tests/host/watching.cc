#include "tests/host/watching.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "host/fanotify_watcher.h"
#include "host/inotify_watcher.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr int kPollsMax = 2'000;
constexpr Duration kPoll = std::chrono::milliseconds(20);

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// None: it is not there.
std::string state_of(const std::string& path, const struct stat& found) {
  std::ostringstream text;
  text << std::oct << found.st_mode << std::dec << ' ' << found.st_uid << ':' << found.st_gid;
  if (S_ISREG(found.st_mode)) text << ' ' << found.st_size << ' ' << std::hash<std::string>{}(content(path));
  std::error_code gone;
  if (S_ISLNK(found.st_mode)) text << ' ' << fs::read_symlink(path, gone).string();
  return text.str();
}

}  // namespace

void Mirror::look(const PathLook& look) {
  struct stat found {};
  const bool there = lstat(look.path.c_str(), &found) == 0;
  if (look.tree || !there || !S_ISDIR(found.st_mode)) forget_below(look.path);
  if (look.tree) {
    read_all(look.path);
  } else {
    read(look.path);
  }
}

void Mirror::read_all(const std::string& path) {
  read(path);
  std::error_code gone;
  if (!fs::is_directory(fs::symlink_status(path, gone))) return;
  for (const auto& entry : fs::directory_iterator(path, gone)) read_all(entry.path().string());
}

void Mirror::read(const std::string& path) {
  struct stat found {};
  entries_.erase(path);
  if (lstat(path.c_str(), &found) != 0) return;
  entries_[path] = state_of(path, found);
}

void Mirror::forget_below(const std::string& path) {
  for (auto one = entries_.lower_bound(path); one != entries_.end() && one->first.compare(0, path.size(), path) == 0;) {
    one = lies_in(one->first, path) ? entries_.erase(one) : std::next(one);
  }
}

Result<std::unique_ptr<TreeWatcher>> open_watcher_named(const std::string& name, const WatchOptions& options) {
  if (name == "inotify") {
    auto watcher = InotifyWatcher::open(options);
    if (!watcher) return watcher.error();
    return std::unique_ptr<TreeWatcher>(std::move(*watcher));
  }
  auto watcher = FanotifyWatcher::open(options);
  if (!watcher) return watcher.error();
  return std::unique_ptr<TreeWatcher>(std::move(*watcher));
}

Watching::Watching(const std::string& watcher, const std::string& root, size_t buffer_bytes, size_t settler_bytes)
    : root_(root) {
  auto opened = open_watcher_named(watcher, {{root}, {}, buffer_bytes});
  if (!opened) {
    why_not_ = opened.error().message;
    return;
  }
  watcher_ = std::move(*opened);
  Settler::Options options;
  options.bytes_max = settler_bytes;
  settler_ = std::make_unique<Settler>(std::vector{root}, options);
  mirror_.read_all(root);
}

void Watching::keep(Notices more) {
  notices.sightings.insert(notices.sightings.end(), more.sightings.begin(), more.sightings.end());
  notices.doubts.insert(notices.doubts.end(), more.doubts.begin(), more.doubts.end());
  settler_->add(std::move(more), ++now_);
}

void Watching::read_some() {
  auto more = watcher_->poll(Duration{0});
  ASSERT_TRUE(more) << more.error().message;
  keep(std::move(*more));
}

void Watching::check() {
  auto more = watcher_->check();
  ASSERT_TRUE(more) << more.error().message;
  keep(std::move(*more));
}

void Watching::read_all() {
  std::string cookie;
  for (int polls = 0; polls < kPollsMax; ++polls) {
    if (cookie.empty()) {
      cookie = join(root_, ".cookie-" + std::to_string(++cookies_));
      close(::open(cookie.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      unlink(cookie.c_str());
    }
    auto more = watcher_->poll(kPoll);
    ASSERT_TRUE(more) << more.error().message;
    const bool came = std::any_of(more->sightings.begin(), more->sightings.end(), [&](const Sighting& one) {
      return one.path == cookie && (one.changes & kDeleted) != 0;
    });
    const bool overflowed = std::any_of(more->doubts.begin(), more->doubts.end(), [](const Doubt& one) {
      return one.reason == Doubt::Reason::overflow || one.reason == Doubt::Reason::root_back;
    });
    keep(std::move(*more));
    if (came && !overflowed) return;
    if (overflowed) cookie.clear();  // it may be among what was lost
  }
  FAIL() << "the cookie " << cookie << " did not come";
}

std::vector<PathLook> Watching::quiesce() {
  notices = {};
  read_all();
  auto looks = settler_->due(now_ + std::chrono::hours(1));
  for (const PathLook& look : looks) mirror_.look(look);
  return looks;
}

bool Watching::doubts(Doubt::Reason reason, const std::string& path) {
  for (int polls = 0; polls < kPollsMax; ++polls) {
    auto more = watcher_->poll(kPoll);
    if (!more) return false;
    keep(std::move(*more));
    for (const Doubt& one : notices.doubts) {
      if (one.reason == reason && one.path == path) return true;
    }
  }
  return false;
}

std::string Watching::differences() const {
  Mirror disk;
  disk.read_all(root_);
  std::string text;
  for (const auto& [path, state] : disk.entries()) {
    const auto known = mirror_.entries().find(path);
    if (known == mirror_.entries().end()) text += "missed: " + path + "\n";
    if (known != mirror_.entries().end() && known->second != state) {
      text += "changed: " + path + " from " + known->second + " to " + state + "\n";
    }
  }
  for (const auto& [path, state] : mirror_.entries()) {
    if (disk.entries().count(path) == 0) text += "gone: " + path + "\n";
  }
  return text;
}

const PathLook* look_at(const std::vector<PathLook>& looks, const std::string& path) {
  const auto one = std::find_if(looks.begin(), looks.end(), [&](const PathLook& look) { return look.path == path; });
  return one == looks.end() ? nullptr : &*one;
}

}  // namespace kedge
