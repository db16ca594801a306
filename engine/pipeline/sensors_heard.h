// SensorsHeard: when each host's sensor last told something, so that its silence can be seen.
//
// By the sensor's clock, and never later than now: a clock that is ahead would hide a silence. A host counts when an
// event of it was decided, so where the engine is behind, the sensors seem silent too. It begins empty, at each start
// of the engine.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/time.h"
#include "event/event.h"

namespace kedge {

class SensorsHeard {
 public:
  static constexpr size_t kHostsMax = 10'000;
  static constexpr Duration kKeptFor = std::chrono::hours(7 * 24);  // a host that was not heard for so long is gone

  struct Status {
    std::map<std::string, Time> heard;  // by host
    uint64_t beyond = 0;                // events of hosts for which there was no room
  };

  // Of any event: those that are of no sensor, or say neither host nor time, count for nothing.
  void take(const Event&, Clock&);
  Status status(Time now);

 private:
  void take_host(const std::string& host, Time at, Time now);
  void forget_gone(Time now);

  std::mutex mutex_;
  Status status_;  // guarded by mutex_
  Time forgot_;    // guarded by mutex_; when those that are gone were last
};

}  // namespace kedge
