// The clock is an edge of the world: everything that needs the time is given one.
#pragma once

#include <string>

#include "base/time.h"

namespace kedge {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time (CLOCK_REALTIME). It may jump.
  virtual Time now() = 0;

  // Time since the machine was started, asleep or not (CLOCK_BOOTTIME). It never goes back. Deadlines and waits are
  // measured with it.
  virtual Duration elapsed() = 0;

  // Names the current boot of the machine: `elapsed` of two processes compares only where this is equal.
  virtual std::string boot_id() = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() override;
  Duration elapsed() override;
  std::string boot_id() override;
};

}  // namespace kedge
