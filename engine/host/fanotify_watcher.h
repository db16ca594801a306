// FanotifyWatcher: a TreeWatcher with one mark on each file system that a root reaches into, and nothing for a
// directory. It loses nothing in storms, and says who did it.
//
// It is told of all that happens on these file systems, each time as (directory's handle, name); a handle is opened to
// see where the directory is now, and what is not in a root is dropped. The kernel's queue has no limit: who does not
// call poll() for long pays in the kernel's memory.
//
// Where a file system cannot do that (no handles, no number of its own: overlayfs, some of FUSE, btrfs subvolumes) the
// mount is left to an InotifyWatcher within.
//
// Needs CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH and Linux 5.17 (FAN_RENAME); open() answers `refused` without. While events
// are looked at, and only then, a directory of each mount is held open.
#pragma once

#include <sys/fanotify.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/descriptor.h"
#include "host/inotify_watcher.h"
#include "host/mounts.h"
#include "host/watch.h"
#include "host/watch_actor.h"

namespace kedge {

class FanotifyWatcher final : public TreeWatcher {
 public:
  // refused: this process may not, the kernel is too old, or no root is on a file system that can do it.
  static Result<std::unique_ptr<FanotifyWatcher>> open(const WatchOptions&);

  Result<Notices> poll(Duration timeout) override;
  Result<Notices> check() override;
  std::vector<BlindSpot> blind_spots() const override;
  std::string_view name() const override { return "fanotify"; }

 private:
  struct Root {
    std::string path;      // as it was named
    std::string real;      // without symbolic links
    std::string identity;  // its mount and handle; empty: it is not there
  };

  // A mount through which a root sees a file system.
  struct View {
    std::string point;
    std::string file_system;  // its number, as events carry it
    Descriptor held;          // a directory of the mount, while events are looked at
  };

  // A directory's file system and handle, as they come with an event, and a name in it.
  struct Place {
    std::string file_system;
    std::string handle;
    std::string name;
  };

  FanotifyWatcher(Descriptor queue, Mounts mounts, WatchOptions options);

  Result<void> arrange();
  bool mark(const std::string& path);
  bool wait(Duration timeout);
  Result<void> take_events();
  void take(const fanotify_event_metadata&, const char* begin);
  void changed(const Place&, uint64_t mask, pid_t process);
  void renamed(const Place& from, const Place& to, bool directory, pid_t process);
  std::shared_ptr<const ProcessActor> actor(pid_t process);
  void sight(std::string path, std::string from, Changes, bool directory, const std::shared_ptr<const ProcessActor>&);
  std::vector<std::string> paths_of(const Place&);
  const std::vector<std::string>& directories_of(const Place&);
  std::optional<std::string> open_directory(const View&, const std::string& handle) const;
  std::vector<std::string> as_named(const std::string& real) const;
  Result<void> take_mounts();
  void look_at_roots();
  void doubt_roots_at(const std::string& real_path);

  // Constant after construction.
  const Descriptor queue_;
  const WatchOptions options_;

  Mounts mounts_;
  std::vector<Root> roots_;
  std::vector<View> views_;
  std::vector<std::string> unmarked_;       // the mounts that cannot be marked
  std::unique_ptr<InotifyWatcher> others_;  // for these; null: there are none

  // Where directories are, as real paths (none: in no root, or gone). Emptied when it is full, and when one was moved.
  std::unordered_map<std::string, std::vector<std::string>> directories_;
  std::vector<char> buffer_;
  Actors actors_;

  // What this call has found.
  Notices notices_;
  bool roots_doubtful_ = false;
};

}  // namespace kedge
