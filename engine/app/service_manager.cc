#include "app/service_manager.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>

namespace kedge {

// Half of the time after which we are taken for dead, as sd_watchdog_enabled(3) has it.
ServiceManager::ServiceManager(Clock& clock) : clock_(clock) {
  uint64_t micros = 0;
  if (sd_watchdog_enabled(0, &micros) > 0) interval_ = std::chrono::microseconds(micros / 2);
}

void ServiceManager::ready() { sd_notify(0, "READY=1"); }

// systemd compares the moment with its own clock, to know this reload from an earlier one.
void ServiceManager::reloading() {
  const auto now = std::chrono::steady_clock::now();  // tidy: CLOCK_MONOTONIC, and nothing else, is what is asked for
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", micros.count()).c_str());
}

void ServiceManager::stopping() { sd_notify(0, "STOPPING=1"); }

void ServiceManager::status(const std::string& text) {
  if (text == status_) return;
  status_ = text;
  std::string line = text;  // a line break would begin another field
  std::replace(line.begin(), line.end(), '\n', ' ');
  sd_notify(0, ("STATUS=" + line).c_str());
}

void ServiceManager::alive() {
  if (!interval_ || clock_.elapsed() < next_sign_) return;
  next_sign_ = clock_.elapsed() + *interval_;
  sd_notify(0, "WATCHDOG=1");
}

}  // namespace kedge
