// What a tree on disk says of itself while it is watched: reasons to look, and doubts.
//
// A watcher never says what is true, only where to look: that is for whoever reads the disk and compares. What it
// promises is that nothing is lost in silence. Whatever changed after open() lies on, or below, a path that a Sighting
// or a Doubt names afterwards, but for what no watcher of this kernel can see: stores through a shared mmap, writes
// through a hard link outside of the roots, and other hosts' writes to a network file system. A rescan at times is
// there for these, and for the blind spots, which a watcher names. (FS_IOC_SETFLAGS is told of by none, and its flags
// are in no baseline.)
//
// A Sighting may be out of date when it is read, may name what is gone, and may come twice. Whoever reads the disk
// after it was handed out sees at least what it is about.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

// Who did it, as /proc told it right afterwards. Best effort: the process may be gone (then only its number is known),
// and its number may by then be another's.
struct ProcessActor {
  pid_t process = 0;
  std::string executable;         // empty: not known
  std::string command;            // its arguments, joined by spaces
  std::string cgroup;             // within the unified hierarchy
  std::optional<uint32_t> login;  // the user who logged in (loginuid); none: nobody did, or not known

  bool operator==(const ProcessActor&) const = default;
};

// What is said to have happened to a path: a hint, and a set.
enum PathChange : uint8_t {
  kCreated = 1,
  kModified = 2,
  kClosed = 4,      // somebody who had it open for writing has closed it
  kAttributes = 8,  // mode, owner, times, extended attributes
  kDeleted = 16,    // or moved to where nobody watches
  kMoved = 32,
};
using Changes = uint8_t;

std::string to_string(Changes);  // "created, modified"

struct Sighting {
  std::string path;  // absolute, as its root was named
  Changes changes = 0;
  std::string moved_from;  // where it was before, when that is known; there is nothing of it any more
  bool directory = false;  // all below it has to be read too, unless only attributes changed
  std::shared_ptr<const ProcessActor> actor;  // none: not known
};

// All that is at or below a path has to be read again.
struct Doubt {
  enum class Reason : uint8_t {
    overflow,     // the kernel's queue was full: anything may have happened
    watch_limit,  // fs.inotify.max_user_watches is reached: see blind_spots()
    moved_in,     // it came from where nobody watches
    mounted,      // something was mounted on it, or away from it
    root_gone,    // the root is not where it was, or not there
    root_back,    // another directory, or the same one again, stands where the root belongs
    seen_again,   // what the limit had left out is watched by now, or gone
    crowded,      // so much happened below it that single paths are not kept (Settler)
  };
  std::string path;
  Reason reason;
};

std::string_view to_string(Doubt::Reason);

struct Notices {
  std::vector<Sighting> sightings;
  std::vector<Doubt> doubts;

  bool empty() const { return sightings.empty() && doubts.empty(); }
};

// What is not watched, with all below it, and why; left to the rescan.
struct BlindSpot {
  std::string path;
  std::string why;
  bool limited = false;  // it was doubted for watch_limit: Reason::seen_again ends it
};

struct WatchOptions {
  std::vector<std::string> roots;     // absolute, directories. One that is not there yet is a blind spot
  std::vector<std::string> excluded;  // absolute; neither they nor what is below them is watched
  size_t buffer_bytes = 256U << 10U;  // what is read from the kernel at once; at least 4096
  int wake = -1;                      // poll() returns, too, when this descriptor can be read; not owned, nor read
};

// Threads:   none of its own; one thread calls.
// Ownership: closes what it opened. While it waits it keeps no file system from being unmounted.
// Errors:    open() and poll() fail when the kernel refuses what is never refused in good health; the watcher is then
// to
//            be opened anew, and everything read again. All that can happen to a tree is a Doubt, not an error.
class TreeWatcher {
 public:
  virtual ~TreeWatcher() = default;

  // What came, waiting at most `timeout` for the first of it. One call gives a bounded part; empty: nothing came.
  virtual Result<Notices> poll(Duration timeout) = 0;

  // To be called before each rescan, which then reads: are the roots where they were, can a blind spot be seen by now?
  // What is found changed is a Doubt.
  virtual Result<Notices> check() = 0;

  virtual std::vector<BlindSpot> blind_spots() const = 0;
  virtual std::string_view name() const = 0;  // "inotify", "fanotify"
};

// With fanotify where this process may use it, else with inotify. What changes after it returned is told; what is there
// already is for the caller to read.
Result<std::unique_ptr<TreeWatcher>> open_watcher(const WatchOptions&);

// Whether `path` is `directory` or lies below it. Both absolute, without a trailing slash (but for "/").
bool lies_in(std::string_view path, std::string_view directory);
bool lies_in_any(std::string_view path, const std::vector<std::string>& directories);

// The roots in one form: no trailing slashes, none within another, sorted. invalid: one is not absolute or has "." or
// "..".
Result<std::vector<std::string>> tidy_paths(const std::vector<std::string>&);

std::string join(std::string_view directory, std::string_view name);

// "#1157499", the name of an O_TMPFILE file before and after it was linked to a name: its inode number.
std::optional<uint64_t> nameless_inode(std::string_view name);

// The name in this directory of the inode with that number; none when there is none.
std::optional<std::string> name_of_inode(const std::string& directory, uint64_t inode);

}  // namespace kedge
