// Randomness as a value: from the system, or from a seed where a run must be repeated.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>

namespace kedge {

// Thread-safe.
class Random {
 public:
  Random() = default;              // the system's (getrandom): not to be guessed
  explicit Random(uint64_t seed);  // the same numbers at every run, for tests and simulation

  uint64_t number();
  uint64_t below(uint64_t limit);  // 0 <= n < limit; 0 when limit is 0
  std::string bytes(size_t count);

 private:
  std::mutex mutex_;
  std::optional<std::mt19937_64> seeded_;
};

}  // namespace kedge
