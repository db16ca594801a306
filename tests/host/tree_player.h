// TreePlayer: random operations on a tree of files, as a seed says, all that a system call can do to names; and the
// question that follows them: does what the watcher says to look at show what is there?
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace kedge {

struct Play {
  std::string watcher;  // "inotify" or "fanotify"
  uint64_t seed = 1;
  int operations = 300;
};

// Plays in a new temporary directory. Empty: the mirror agreed with the disk at each quiescence, and in the end each
// directory was watched. Otherwise what differed, and the last operations. An error where the watcher cannot be opened.
Result<std::string> play(const Play&);

}  // namespace kedge
