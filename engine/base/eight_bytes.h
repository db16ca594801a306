// Short texts as one word, to be looked at all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kedge {

// The first eight of `size` bytes; where there are fewer, zeros stand for the others. Nothing else is read. (The order
// is that of a little-endian machine only on such a one.)
inline uint64_t first_eight(const char* at, size_t size) {
  const auto load = [](const char* from, auto word) {
    std::memcpy(&word, from, sizeof word);
    return uint64_t{word};
  };
  if (size >= 8) return load(at, uint64_t{0});
  if (size == 0) return 0;
  // Parts that overlap say the same where they do.
  if (size >= 4) return load(at, uint32_t{0}) | load(at + size - 4, uint32_t{0}) << (size - 4) * 8;
  return load(at, uint8_t{0}) | load(at + size / 2, uint8_t{0}) << size / 2 * 8 |
         load(at + size - 1, uint8_t{0}) << (size - 1) * 8;
}

// The last eight of `size` bytes, of which there are at least as many.
inline uint64_t last_eight(const char* at, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, at + size - 8, sizeof word);
  return word;
}

}  // namespace kedge
