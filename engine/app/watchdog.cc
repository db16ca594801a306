#include "app/watchdog.h"

#include <utility>

namespace kedge {

void Watchdog::watch(std::string name, const Pulse& pulse) {
  const auto silent_for = [&pulse, seen = pulse.beats(), since = clock_.elapsed()](Duration now) mutable {
    const uint64_t beats = pulse.beats();
    if (beats != std::exchange(seen, beats)) since = now;
    return Pulse::is_at_work(beats) ? now - since : Duration{};
  };
  const std::lock_guard lock(mutex_);
  watched_.push_back({std::move(name), silent_for});
}

void Watchdog::watch(std::string name, std::function<Duration()> last_turn) {
  const auto silent_for = [last = std::move(last_turn)](Duration now) { return now - last(); };
  const std::lock_guard lock(mutex_);
  watched_.push_back({std::move(name), silent_for});
}

std::vector<Watchdog::Loop> Watchdog::look() {
  const std::lock_guard lock(mutex_);
  const Duration now = clock_.elapsed();
  std::vector<Loop> loops;
  for (Watched& watched : watched_) {
    const Duration silent_for = watched.silent_for(now);
    loops.push_back({watched.name, silent_for, silent_for > patience_});
  }
  return loops;
}

std::vector<std::string> Watchdog::hanging() {
  std::vector<std::string> hanging;
  for (const Loop& loop : look()) {
    if (!loop.hangs) continue;
    hanging.push_back(loop.name + " has not turned for " +
                      format_duration(std::chrono::floor<std::chrono::seconds>(loop.silent_for)) +
                      ": it hangs; start kedge again, nothing is lost by it");
  }
  return hanging;
}

}  // namespace kedge
