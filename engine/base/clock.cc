#include "base/clock.h"

#include <ctime>

#include "base/files.h"

namespace kedge {
namespace {

Duration read_clock(clockid_t id) {
  timespec value{};
  clock_gettime(id, &value);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(value.tv_sec) +
                                              std::chrono::nanoseconds(value.tv_nsec));
}

}  // namespace

Time SystemClock::now() { return Time(read_clock(CLOCK_REALTIME)); }

Duration SystemClock::elapsed() { return read_clock(CLOCK_BOOTTIME); }

std::string SystemClock::boot_id() {
  auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  if (!text) return "unknown";
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return *text;
}

}  // namespace kedge
