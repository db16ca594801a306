// Settler: from what watchers say to what has to be looked at, each path once for a burst.
//
// A path is handed out when nothing was said of it for `window`, but at the latest `ceiling` after the first that was:
// who writes and keeps open, or writes without end, is looked at too. All that was said of it in between is one
// PathLook. Nothing is lost by that: whatever a notice is about has happened before it was added, so that a look after
// it was handed out sees it; what comes later is a PathLook of its own.
//
// Memory is bounded: where more is pending than `bytes_max` holds, paths that lie close together become one look at all
// of the directory that holds them, which says that it is crowded.
//
// A value without clocks or I/O: the time comes as an argument, and only has to grow. One thread calls.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/watch.h"

namespace kedge {

// Read this path again, and compare.
struct PathLook {
  std::string path;
  bool tree = false;  // and all that is below it; what is known below it and is no longer there is gone. Without: where
                      // the path is not there, or no directory, all that is known below it is gone as well
  Changes changes = 0;  // of the path itself
  std::string moved_from;
  std::vector<Doubt::Reason> doubts;                        // why more than what changed has to be read; each once
  std::vector<std::shared_ptr<const ProcessActor>> actors;  // different ones, the first kActorsMax
  Duration first{};                                         // when the first and the last of it was said
  Duration last{};

  static constexpr size_t kActorsMax = 4;
};

class Settler {
 public:
  struct Options {
    Duration window = std::chrono::milliseconds(100);
    Duration ceiling = std::chrono::seconds(2);
    size_t bytes_max = 16U << 20U;  // of pending looks: some 40,000
  };

  // `roots`: as the watcher has them; a crowd is never folded beyond one.
  Settler(std::vector<std::string> roots, Options options);
  Settler(const Settler&) = delete;
  Settler& operator=(const Settler&) = delete;

  void add(Notices, Duration now);

  // What is to be looked at by now, the longest waiting first.
  std::vector<PathLook> due(Duration now);

  // Not before this has due() anything to give; none: nothing is pending.
  std::optional<Duration> next() const;

  size_t pending() const { return looks_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  // What lies below a directory follows it directly.
  struct PathOrder {
    using is_transparent = void;
    bool operator()(std::string_view, std::string_view) const;
  };
  struct Pending {
    PathLook look;  // without its path: that is the key
    Duration at{};  // when it stands in times_: not later than it is due
  };
  using Looks = std::map<std::string, Pending, PathOrder>;

  Looks::iterator note(const std::string& path, bool tree, Duration now);
  void take_all_below(Looks::iterator);
  void forget(Looks::iterator);
  void schedule(Looks::value_type&);
  Duration due_at(const PathLook& look) const;
  bool fold();
  std::string_view cut(std::string_view path, size_t level) const;

  // Constant after construction.
  const std::vector<std::string> roots_;
  const Options options_;

  Looks looks_;  // never one below a tree: that is told of the tree
  std::set<std::pair<Duration, Looks::value_type*>> times_;
  size_t bytes_ = 0;
};

}  // namespace kedge
