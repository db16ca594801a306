// Actors: who a process is, as /proc tells it at this moment.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "host/watch.h"

namespace kedge {

// One thread calls. Remembers whom it has read, and reads again when the number is another process', or the process
// runs another program.
class Actors {
 public:
  // Never fails: of a process that is gone only the number is known, or, if it was read before, what it was then.
  // Arguments are cut after 4,096 bytes.
  std::shared_ptr<const ProcessActor> of(pid_t process);

  // What was asked for since the last time need not be looked at again until then.
  void next_round();

 private:
  struct Known {
    std::shared_ptr<const ProcessActor> actor;
    uint64_t process_directory = 0;  // the inode of /proc/PID, which no other process has
    uint64_t round = 0;              // in which it was looked at the last time
  };

  std::map<pid_t, Known> known_;
  uint64_t round_ = 1;
  size_t read_ = 0;  // in this round
};

}  // namespace kedge
