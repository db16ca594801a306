// InotifyWatcher: a TreeWatcher that works everywhere, with a watch on each directory.
//
// It keeps a tree of the directories that it watches (WatchTree). Events come after the fact, when the disk may be
// further on; so none is believed for more than "something was done to this name", and one rule keeps the tree right:
// whatever changes what a path names is followed by a survey of that path. A survey opens what is there now, watches
// it, only then lists it, and goes down; it mends what it finds wrong, and can be repeated. The last event about a name
// is read after the last change of it, so the last survey sees what stays.
//
// Limits: fs.inotify.max_user_watches, max_user_instances (open() then fails with `limit`), directories nested deeper
// than 512 levels. What is not watched for such a reason is a blind spot.
#pragma once

#include <sys/inotify.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "host/mounts.h"
#include "host/watch.h"
#include "host/watch_tree.h"

namespace kedge {

class InotifyWatcher final : public TreeWatcher {
 public:
  static Result<std::unique_ptr<InotifyWatcher>> open(const WatchOptions&);

  Result<Notices> poll(Duration timeout) override;
  Result<Notices> check() override;
  std::vector<BlindSpot> blind_spots() const override;
  std::string_view name() const override { return "inotify"; }

  int descriptor() const { return queue_.get(); }  // readable when events wait
  size_t directories() const { return tree_.size(); }

 private:
  using Node = WatchTree::Node;
  static constexpr Node kNone = WatchTree::kNone;

  struct Root {
    std::string path;
    Node node = kNone;  // kNone: it is not watched
    bool here = false;  // when it was looked for the last time
  };

  // Why something is a blind spot.
  struct Blindness {
    std::string why;
    bool limited = false;  // as BlindSpot has it
  };

  // One half of a move, until the other comes, or does not.
  struct Departure {
    uint32_t cookie;
    std::string path;
    bool directory;
    Node node;       // out of its place; kNone: no directory that we knew
    uint64_t event;  // the number of the event that told
  };

  // A directory of which the survey has still to enter the directories in it.
  struct Level {
    Descriptor directory;
    Node node;
    size_t path_size;
    size_t names_begin;
  };
  struct Survey {
    std::string path;   // of what is being entered
    std::string names;  // of the directories to enter, each with a NUL behind it; the last level's are at the end
    std::vector<Level> levels;
  };

  InotifyWatcher(Descriptor queue, Mounts mounts, WatchOptions options);

  // inotify_watcher.cc: what comes.
  bool wait(Duration timeout);
  Result<void> take_events();
  Result<size_t> read_events();
  void take(const inotify_event&);
  void take(const inotify_event&, std::string_view name, Node directory);
  void sight(std::string path, std::string moved_from, Changes, bool directory);
  void departed(const inotify_event&, std::string path, Node child);
  void arrived(const inotify_event&, Node directory, std::string_view name, std::string path);
  void ended(int watch);
  void let_go(Departure);
  void let_old_departures_go(uint64_t before_event);
  void take_mounts();
  void finish();

  // inotify_survey.cc: what is there.
  void check_roots();
  void check_root(Root&);
  void read_all_again();
  void watch_parents_of_roots();
  void survey_path(std::string_view path);
  void survey_again();
  void survey_child(Node directory, std::string_view name, std::string path);
  void survey(Descriptor directory, Node parent, std::string_view name, std::string path);
  void enter(Survey&, Descriptor directory, Node parent, std::string_view name);
  Node seat(Node parent, std::string_view name, const std::string& path, int watch);
  bool list(Survey&, const Level&);
  void remove_all_but(const Survey&, const Level&);
  void remove(Node);
  int watch_directory(const Descriptor&) const;
  Root* root_at(std::string_view path);
  bool is_root(Node) const;
  const std::string& path_of(Node);
  void blind(const std::string& path, std::string why, bool limited = false);
  void not_opened(const std::string& path, int error);
  void sees_again(const std::string& path);
  void tell_seen_again();

  // Constant after construction.
  const Descriptor queue_;
  const std::vector<std::string> excluded_;

  Mounts mounts_;
  const int wake_;  // not ours
  std::vector<Root> roots_;
  WatchTree tree_;
  std::set<int> parents_;  // watches of directories that lead to a root
  std::map<std::string, Blindness> blind_;
  std::vector<Departure> departures_;
  uint64_t events_ = 0;  // read so far
  std::vector<char> buffer_;
  Node path_node_ = kNone;  // the last asked for by path_of; kNone after each change of the tree
  std::string path_;

  // What this call has found.
  Notices notices_;
  bool overflowed_ = false;
  bool roots_doubtful_ = false;
  std::set<std::string> seen_again_;             // limited until now; perhaps they are so once more
  std::set<std::pair<int, uint64_t>> nameless_;  // looked for
};

}  // namespace kedge
