#include "base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace kedge {

Random::Random(uint64_t seed) : seeded_(std::mt19937_64(seed)) {}

uint64_t Random::number() {
  uint64_t value = 0;
  const std::string raw = bytes(sizeof value);
  std::memcpy(&value, raw.data(), sizeof value);
  return value;
}

uint64_t Random::below(uint64_t limit) {
  if (limit == 0) return 0;
  const uint64_t unfair = UINT64_MAX - UINT64_MAX % limit;  // above this the small remainders would come more often
  uint64_t value = number();
  while (value >= unfair) value = number();
  return value % limit;
}

std::string Random::bytes(size_t count) {
  std::string result(count, '\0');
  if (!seeded_) {
    for (size_t done = 0; done < count;) {
      const ssize_t got = getrandom(result.data() + done, count - done, 0);
      if (got > 0) done += static_cast<size_t>(got);
      if (got < 0 && errno != EINTR) std::abort();  // a kernel without randomness: nothing may be signed or named
    }
    return result;
  }
  const std::lock_guard lock(mutex_);
  for (char& c : result) c = static_cast<char>((*seeded_)() & 0xFFU);
  return result;
}

}  // namespace kedge
