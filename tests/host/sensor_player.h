// SensorPlayer: random operations on a tree under a whole sensor, which is stopped and killed in between, and started
// again with what it had remembered; and the question that follows them: is what its events have told what is there?
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace kedge {

struct SensorPlay {
  std::string watcher;  // "inotify" or "fanotify"
  uint64_t seed = 1;
  int operations = 250;
};

// Plays in a new temporary directory. Empty: at each quiescence, whoever had read the events knew each entry as it was,
// and nothing was told twice. Otherwise what was wrong, and the last operations. An error where nothing can be watched.
Result<std::string> play(const SensorPlay&);

}  // namespace kedge
