// ServiceManager: what systemd is told (sd_notify(3)). Where it did not start us, nothing is told.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace kedge {

// One thread.
class ServiceManager {
 public:
  explicit ServiceManager(Clock&);

  void ready();      // all parts run
  void reloading();  // to be followed by ready()
  void stopping();
  void status(const std::string&);  // in words; told when they have changed
  void alive();                     // told as often as is asked of us, however often it is called

  // How often `alive` is to be called at least; none: we are not watched.
  std::optional<Duration> interval() const { return interval_; }

 private:
  Clock& clock_;
  std::optional<Duration> interval_;
  Duration next_sign_{};
  std::string status_;
};

}  // namespace kedge
