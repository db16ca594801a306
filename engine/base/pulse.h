// Pulse: a loop's sign of life. It needs no clock: whoever watches has one.
#pragma once

#include <atomic>
#include <cstdint>

namespace kedge {

// One thread at a time, the loop's own or whoever has its turn, moves it; any thread reads it.
class Pulse {
 public:
  // The loop turns: it has work, or goes on with more of it.
  void works() { beats_ = (beats_ + 1) | 1U; }
  // It waits for work, which may take as long as it likes.
  void waits() { beats_ = (beats_ + 2) & ~uint64_t{1}; }

  // Changes at each of both.
  uint64_t beats() const { return beats_; }
  static bool is_at_work(uint64_t beats) { return (beats & 1U) != 0; }

 private:
  std::atomic<uint64_t> beats_ = 0;
};

}  // namespace kedge
