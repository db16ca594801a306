// Watchdog: which of the daemon's loops have not turned for too long. A loop that waits for work is well.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/pulse.h"

namespace kedge {

// Sees a pulse only when it is asked: asked every second, it knows to the second. Borrows what it watches, which must
// outlive it. Thread-safe.
class Watchdog {
 public:
  // A loop that is silent for longer than `patience` hangs.
  Watchdog(Clock& clock, Duration patience) : clock_(clock), patience_(patience) {}

  void watch(std::string name, const Pulse&);
  // Of a loop that never waits for long: Clock::elapsed() at its last turn.
  void watch(std::string name, std::function<Duration()> last_turn);

  struct Loop {
    std::string name;
    Duration silent_for{};  // zero while it waits for work
    bool hangs = false;
  };
  std::vector<Loop> look();

  // Those that hang, in words.
  std::vector<std::string> hanging();

 private:
  struct Watched {
    std::string name;
    std::function<Duration(Duration now)> silent_for;
  };

  Clock& clock_;
  const Duration patience_;

  std::mutex mutex_;
  std::vector<Watched> watched_;  // guarded by mutex_
};

}  // namespace kedge
