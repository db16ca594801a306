// What the watchers' tests share: a tree on disk, a mirror of it that is kept up to date by nothing but what the
// watcher says to look at, and the comparison of the two.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/watch.h"
#include "host/watch_settler.h"

namespace kedge {

// Everything below a directory: path → what is there (type, mode, size, content or target).
class Mirror {
 public:
  void look(const PathLook&);
  void read_all(const std::string& path);

  const std::map<std::string, std::string>& entries() const { return entries_; }

 private:
  void read(const std::string& path);
  void forget_below(const std::string& path);

  std::map<std::string, std::string> entries_;
};

// "inotify" or "fanotify"; an error (refused) where this process may not.
Result<std::unique_ptr<TreeWatcher>> open_watcher_named(const std::string& name, const WatchOptions&);

// A watcher on `root`, which is there, its settler and its mirror. One that cannot be opened is null; `why_not` tells.
class Watching {
 public:
  Watching(const std::string& watcher, const std::string& root, size_t buffer_bytes = 256U << 10U,
           size_t settler_bytes = 16U << 20U);

  bool open() const { return watcher_ != nullptr; }
  const std::string& why_not() const { return why_not_; }
  TreeWatcher& watcher() { return *watcher_; }
  Settler& settler() { return *settler_; }

  // Reads one part of what came; nothing has to.
  void read_some();

  // As before a rescan.
  void check();

  // Reads until everything that was done before has come: until a file that it makes and removes has.
  void read_all();

  // read_all(), and looks at all that is to be looked at. Gives these looks, and keeps what came in `notices`.
  std::vector<PathLook> quiesce();

  // Reads until a doubt with this reason has come.
  bool doubts(Doubt::Reason, const std::string& path);

  // What differs between the mirror and the disk: a line for each.
  std::string differences() const;

  Notices notices;  // all that came since the last quiesce()

 private:
  void keep(Notices);

  std::string root_;
  std::string why_not_;
  std::unique_ptr<TreeWatcher> watcher_;
  std::unique_ptr<Settler> settler_;
  Mirror mirror_;
  int cookies_ = 0;
  Duration now_{};
};

// The one look at this path; null when there is none.
const PathLook* look_at(const std::vector<PathLook>&, const std::string& path);

}  // namespace kedge
