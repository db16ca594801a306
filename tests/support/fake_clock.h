// A clock that stands still until a test moves it.
#pragma once

#include <mutex>
#include <string>

#include "base/clock.h"

namespace kedge {

// Thread-safe. Starts at noon of 2026-01-01 UTC, one hour after the boot "boot-1".
class FakeClock final : public Clock {
 public:
  Time now() override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  Duration elapsed() override {
    const std::lock_guard lock(mutex_);
    return elapsed_;
  }
  std::string boot_id() override {
    const std::lock_guard lock(mutex_);
    return "boot-" + std::to_string(boot_);
  }

  // Time passes: both clocks go on.
  void advance(Duration span) {
    const std::lock_guard lock(mutex_);
    now_ += span;
    elapsed_ += span;
  }

  // Somebody sets the wall clock: `elapsed` knows nothing of it.
  void set_wall(Time now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }

  // The machine was off for a while.
  void reboot(Duration off) {
    const std::lock_guard lock(mutex_);
    now_ += off;
    elapsed_ = std::chrono::seconds(10);
    ++boot_;
  }

 private:
  std::mutex mutex_;
  Time now_ = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + std::chrono::hours(12);
  Duration elapsed_ = std::chrono::hours(1);
  int boot_ = 1;
};

}  // namespace kedge
